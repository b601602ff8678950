"""An address where one dialect is spoken, and what is decided there before the upgrade."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from streamer.masking.wishes import Masking
from streamer.protocols.dialect import Dialect
from streamer.protocols.watch_links import WatchLinks
from streamer.session.settings import (
    Accepted,
    StreamSettings,
    check_words,
    parse_changes,
    parse_settings,
)
from streamer.speech.engine_info import EngineInfo
from streamer.turns.models.base import TurnModelInfo
from streamer.turns.rules import LIKELY, PLAIN_SILENCE_MS, TurnRule, waits_of
from streamer.vad.registry import ALWAYS_HERE

KEY_PARAMETER = "api_key"
"""The query parameter for clients that cannot set a header: browsers."""

NO_SECRET = SecretStr("")


@dataclass(frozen=True, slots=True)
class Handshake:
    """The request that would open a stream. `headers` are looked up without regard to case."""

    path: str
    query: Sequence[tuple[str, str]]
    headers: Mapping[str, str]
    subprotocols: Sequence[str]
    target: str = ""
    """Path and query as they were sent, which is what signatures are made of."""

    def header(self, name: str) -> str:
        """Return the value of a header; empty if it is absent, or stands there twice."""
        try:
            return self.headers.get(name, "")
        except LookupError:
            return ""


@dataclass(frozen=True, slots=True)
class ClientLimits:
    """What a server asks of each of its clients, and dialects tell them."""

    max_frame_bytes: int
    """Of one message."""
    idle_timeout_s: float
    """A session that sends nothing for so long is ended."""
    resume_window_s: float
    """Time that a dropped client has to come back; 0 is none."""


@dataclass(frozen=True, slots=True)
class Host:
    """The server as a dialect sees it, and the id of the session that it would serve."""

    info: EngineInfo
    limits: ClientLimits
    session: str
    turns: TurnModelInfo | None = None
    """The turn model, if one is loaded."""
    detectors: tuple[str, ...] = ALWAYS_HERE
    """The voice detectors of the server; the first is the default."""
    watch: WatchLinks | None = None
    """Makes and checks links to watch along, where the server gives any."""
    masking: Masking = field(default_factory=Masking)
    """What is kept from view in every stream, whatever it asks."""

    def stream_settings(self, raw: Mapping[str, Any]) -> StreamSettings:
        """Check settings against the loaded model; its limits bound what was asked.

        Raises InvalidSettingError for the first value that is wrong.
        """
        wanted = self._with_threshold(raw, None)
        settings = parse_settings(wanted, self.info.languages, self.detectors)
        check_words(settings, self.info.word_timings)
        settings = settings.together_with(self.masking)
        longest = min(settings.max_utterance_s, self.info.max_seconds)
        return self._in_force(settings.model_copy(update={"max_utterance_s": longest}), raw)

    def changed_settings(self, current: StreamSettings, raw: Mapping[str, Any]) -> StreamSettings:
        """Check changes in a running stream, and put them over the current settings.

        Raises InvalidSettingError like `stream_settings`.
        """
        settings = parse_changes(current, self._with_threshold(raw, current), self.info.languages)
        check_words(settings, self.info.word_timings)
        return self._in_force(settings, raw)

    def turn_trouble(self, language: str) -> str | None:
        """Say why no turn model can be asked in a language, and what helps; None if one can."""
        if self.turns is None:
            return (
                "the server has no turn model, so that silence alone ends turns; "
                "`streamer models pull smart-turn` brings one"
            )
        if language not in self.turns.languages:
            known = ", ".join(sorted(self.turns.languages))
            return (
                f"{self.turns.name} does not know {language}, so that silence alone ends turns; "
                f"it knows {known}"
            )
        return None

    def _with_threshold(
        self, raw: Mapping[str, Any], current: StreamSettings | None
    ) -> Mapping[str, Any]:
        """Add the turn model's own threshold for a rule, where the client asks for no other."""
        if self.turns is None or "turn_threshold" in raw or waits_of(raw.get("turn")) is None:
            return raw
        of_rule = self.turns.thresholds.of
        usual = (LIKELY,) if current is None else (LIKELY, of_rule(current.turn))
        if current is not None and current.turn_threshold not in usual:
            return raw
        return {**raw, "turn_threshold": of_rule(TurnRule(raw["turn"]))}

    def _in_force(self, settings: StreamSettings, raw: Mapping[str, Any]) -> StreamSettings:
        """Go by plain silence where no turn model can be asked."""
        if settings.turn is TurnRule.SILENCE or self.turn_trouble(settings.language) is None:
            return settings
        silence = settings.endpoint_silence_ms if "endpoint_silence_ms" in raw else PLAIN_SILENCE_MS
        return settings.model_copy(
            update={"turn": TurnRule.SILENCE, "endpoint_silence_ms": silence}
        )


class RefusalError(Exception):
    """A stream that is not opened: an HTTP status, a code of ours, and words for the client."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        setting: str | None = None,
        accepted: Accepted | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.setting = setting
        self.accepted = accepted
        self.headers = dict(headers or {})


@dataclass(frozen=True, slots=True)
class Signing:
    """What one door needs to check the signatures of its callers: its own secret, no other's."""

    secret: SecretStr = NO_SECRET
    """Shared with the caller; without one, signatures are not looked at."""
    public_url: str = ""
    """The address of / that callers sign, where a proxy changes it."""
    asks_for_keys: bool = False
    """Whether API keys are asked for, one of which may stand for a missing signature."""
    now: float = 0.0
    """Seconds since 1970, since signatures have their time."""
    watch: WatchLinks | None = None
    """Checks links to watch along, for the door that takes them."""


def _resumes_nothing(_: Handshake) -> str | None:
    return None


def _unsigned(_: Handshake, __: Signing) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Door:
    """A dialect's address.

    `path` is matched whole, or as a prefix where it ends in a slash. `open` makes the dialect of a
    client and raises `RefusalError` for settings that cannot be honoured. `keys` finds the API keys
    that a client brought, wherever its dialect puts them; `refused` writes the JSON of a refusal.
    `subprotocols` are those that are answered when they are offered: a browser fails the handshake
    when it offers some and none is answered. `resumes` finds the session that a client comes back
    to: it is let in even where no new one would be. `signed` tells whether a signature stands for
    an API key, and raises `RefusalError` for one that is wrong, or missing where it is needed.
    Clients that bring no audio only listen, and take no session's place.
    """

    path: str
    open: Callable[[Handshake, Host], Dialect]
    keys: Callable[[Handshake], Sequence[str]]
    refused: Callable[[RefusalError], bytes]
    subprotocols: tuple[str, ...] = ()
    resumes: Callable[[Handshake], str | None] = _resumes_nothing
    signed: Callable[[Handshake, Signing], bool] = _unsigned
    brings_audio: bool = True

    def matches(self, path: str) -> bool:
        """Whether a request for this path comes to this door."""
        return path.startswith(self.path) if self.path.endswith("/") else path == self.path


def bearer_keys(handshake: Handshake) -> list[str]:
    """Keys as `Bearer` in `Authorization`, else in the query."""
    return keys_brought(handshake, "bearer")


def keys_brought(handshake: Handshake, *schemes: str) -> list[str]:
    """Keys in `Authorization` after one of `schemes` (lower case), else in the query."""
    scheme, _, token = handshake.header("Authorization").partition(" ")
    if scheme.lower() in schemes:
        return [token.strip()]
    return [value for name, value in handshake.query if name == KEY_PARAMETER]
