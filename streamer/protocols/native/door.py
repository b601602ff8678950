"""Where the native protocol is spoken, and who is let in."""

from __future__ import annotations

from streamer.protocols.door import (
    KEY_PARAMETER,
    Door,
    Handshake,
    Host,
    RefusalError,
    bearer_keys,
)
from streamer.protocols.native import messages
from streamer.protocols.native.dialect import NativeDialect
from streamer.protocols.native.resuming import parse_resumption
from streamer.protocols.native.watching import without_watch
from streamer.session.settings import InvalidSettingError

STREAM_PATH = "/v1/stream"


def _open(handshake: Handshake, host: Host) -> NativeDialect:
    """Judge the settings of the query before the upgrade."""
    settings: dict[str, str] = {}
    try:
        for name, value in handshake.query:
            if name in settings:
                raise InvalidSettingError(name, "stands in the query twice", "one value")
            if name != KEY_PARAMETER:
                settings[name] = value
        if parse_resumption(settings) is None:
            host.stream_settings(without_watch(settings))
    except InvalidSettingError as error:
        raise RefusalError(
            400, "invalid_setting", str(error), setting=error.setting, accepted=error.accepted
        ) from error
    return NativeDialect(settings, host)


def _refused(refusal: RefusalError) -> bytes:
    error = messages.Error(
        code=refusal.code,
        message=refusal.message,
        fatal=True,
        setting=refusal.setting,
        accepted=refusal.accepted,
    )
    return error.model_dump_json(exclude_none=True, exclude={"seq"}).encode()


def _resumes(handshake: Handshake) -> str | None:
    return next((value for name, value in handshake.query if name == "resume"), None)


DOOR = Door(STREAM_PATH, _open, bearer_keys, _refused, resumes=_resumes)
