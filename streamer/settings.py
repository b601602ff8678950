"""Every setting of the server, in one place: read by the CLI, the environment and docs/guide.md."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr
from pydantic.config import JsonDict
from pydantic_settings import BaseSettings, SettingsConfigDict

ENVIRONMENT_ONLY: JsonDict = {"environment_only": True}
"""Marks what is no option: every user of the machine sees those of a process."""

PREFIX = "STREAMER_"
"""Of the names of settings in the environment."""


def _base64(secret: SecretStr) -> SecretStr:
    base64.b64decode(secret.get_secret_value(), validate=True)
    return secret


class Settings(BaseSettings):
    """Settings of `streamer serve`; each may stand in the environment as STREAMER_NAME."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(default=8000, ge=0, le=65535, description="port; 0 takes a free one")
    rest_port: int | None = Field(
        default=None,
        ge=0,
        le=65535,
        description="port for the OpenAI REST API apart, which --port serves too",
    )
    wyoming_port: int | None = Field(
        default=None, ge=0, le=65535, description="port of Wyoming (10300); none keeps it shut"
    )
    audiosocket_port: int | None = Field(
        default=None,
        ge=0,
        le=65535,
        description="port of Asterisk's AudioSocket (9092); none keeps it shut",
    )
    model: str = Field(
        default="auto",
        description="name of a known model, or a folder with its graphs; auto is moonshine where "
        "its files can be had, else embedded; upstream:PROFILE+URL,URL is one that others serve",
    )
    upstream_model: str = Field(
        default="", description="the upstream's name of its model, where it has several"
    )
    upstream_key: SecretStr = Field(
        default=SecretStr(""),
        description="key that the upstream asks for",
        json_schema_extra=ENVIRONMENT_ONLY,
    )
    upstream_languages: list[str] = Field(
        default=[], description="languages to offer of an upstream's, the default first"
    )
    upstream_in_flight: int = Field(
        default=32, ge=1, le=1024, description="clips that each upstream is sent at a time"
    )
    turn_model: str = Field(
        default="auto",
        description="name of a known turn model, or a folder with one; auto is smart-turn where "
        "its file is here, off is none",
    )
    provider: Literal["auto", "cpu", "cuda", "tensorrt", "coreml", "dml"] = Field(
        default="auto",
        description="where the model runs; auto is CUDA where it is usable, else the CPU",
    )
    threads: int = Field(
        default=0, ge=0, le=256, description="CPU threads of the model; 0 is one a core"
    )
    devices: str = Field(
        default="",
        pattern=r"^((cpu|cuda:\d{1,3})(,(cpu|cuda:\d{1,3}))*)?$",
        description="where the model runs, a process each, such as cuda:0,cuda:1; instead of "
        "--provider",
    )
    workers: int = Field(
        default=1, ge=1, le=64, description="processes of the model, on each device if any is named"
    )
    max_batch: int = Field(
        default=8, ge=1, le=256, description="utterances that join the engine at a time"
    )
    engine: Literal["worker", "local", "ray"] = Field(
        default="worker",
        description="where the model lives: in a process of its own, which is started again when "
        "it dies, in the server's, or on a Ray cluster, as the application of the model's name",
    )
    ray_address: str = Field(
        default="auto",
        description="the Ray cluster, HOST:PORT of its head; auto is that of this machine",
    )
    max_sessions: int = Field(
        default=200, ge=1, description="sessions at a time; one more is refused with 503"
    )
    memory_mb: int = Field(
        default=0,
        ge=0,
        description="what audio and messages of all sessions may take; 0 is half of what the "
        "machine, its container or its limits leave once the models are loaded",
    )
    max_lateness_s: float = Field(
        default=2.0, gt=0, description="new sessions are refused while a final is later than this"
    )
    min_speech_ms: int = Field(
        default=160, ge=20, le=500, description="speech that opens an utterance; a click is shorter"
    )
    idle_timeout_s: float = Field(
        default=30.0, gt=0, description="a session that sends nothing for so long is ended"
    )
    send_timeout_s: float = Field(
        default=10.0, gt=0, description="a client that takes no event for so long is dropped"
    )
    resume_window_s: float = Field(
        default=30.0, ge=0, description="time that a dropped client has to come back; 0 is none"
    )
    drain_timeout_s: float = Field(
        default=60.0, ge=0, description="time that running sessions have to end after SIGTERM"
    )
    max_frame_bytes: int = Field(
        default=1_048_576, ge=1024, le=16_777_216, description="largest WebSocket message taken"
    )
    max_upload_bytes: int = Field(
        default=268_435_456, ge=1024, description="largest file that the REST API takes"
    )
    api_keys: list[SecretStr] = Field(
        default=[], description="keys that clients must bring; none lets everybody in"
    )
    allowed_origins: list[str] = Field(
        default=[], description="browser origins let in; none allows the server's own page only"
    )
    record: Path | None = Field(
        default=None, description="folder for recordings of sessions, audio and texts; see replay"
    )
    record_max_mb: int = Field(
        default=1024, ge=1, description="size that all recordings together may reach"
    )
    redact: list[Literal["numbers", "emails"]] = Field(
        default=[], description="what is kept from view in all text, numbers or emails"
    )
    profanity: Literal["keep", "mask"] = Field(
        default="keep", description="mask puts *** for English profanity in all text"
    )
    replace: list[Annotated[str, Field(pattern=r"^[^:]{1,128}:.{0,128}$")]] = Field(
        default=[],
        max_length=100,
        description="PHRASE:TEXT, what stands in the place of words in all text",
    )
    usage_log: Path | None = Field(
        default=None, description="file to append a line of JSON to for each session, for billing"
    )
    keys_file: Path | None = Field(
        default=None, description="names and digests of more keys; see `streamer keys`"
    )
    tls_cert: Path | None = Field(
        default=None, description="certificate chain (PEM); read again on SIGHUP, as keys are"
    )
    tls_key: Path | None = Field(default=None, description="private key of the certificate (PEM)")
    max_sessions_per_key: int = Field(
        default=0, ge=0, description="sessions at a time of one key; 0 is no limit"
    )
    max_sessions_per_address: int = Field(
        default=0, ge=0, description="sessions at a time of one address (IPv6: /64); 0 is no limit"
    )
    max_audio_per_key: float = Field(
        default=0.0, ge=0, description="seconds of audio a second of one key; 0 is no limit"
    )
    max_audio_per_address: float = Field(
        default=0.0, ge=0, description="seconds of audio a second of one address; 0 is no limit"
    )
    watch_hours: float = Field(
        default=0.0,
        ge=0,
        le=168,
        description="how long a link to watch a session along holds; 0 gives none",
    )
    webhook_url: str = Field(
        default="",
        pattern=r"^(https?://\S+)?$",
        description="where finals of phone calls are posted as JSON",
    )
    public_url: str = Field(
        default="",
        pattern=r"^((ws|http)s?://[^\s/?][^\s?]*)?$",
        description="address of / as pages and callers see it, where a proxy changes it",
    )
    twilio_auth_token: SecretStr = Field(
        default=SecretStr(""), description="Twilio's auth token; its signatures are then checked"
    )
    audiohook_secret: Annotated[SecretStr, AfterValidator(_base64)] = Field(
        default=SecretStr(""), description="AudioHook's client secret, base64; signatures as above"
    )
    log_format: Literal["text", "json"] = Field(
        default="text", description="how log lines are written"
    )
