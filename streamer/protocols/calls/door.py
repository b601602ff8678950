"""Where calls are listened to: /v1/calls/CALL."""

from __future__ import annotations

from urllib.parse import unquote

from streamer.protocols.dialect import Subscribe
from streamer.protocols.door import Door, Handshake, Host, RefusalError, bearer_keys
from streamer.protocols.listener_dialect import ListenerDialect
from streamer.protocols.refusals import plain_refusal

CALLS_PATH = "/v1/calls/"


def _open(handshake: Handshake, host: Host) -> ListenerDialect:
    call = unquote(handshake.path.removeprefix(CALLS_PATH))
    if not call or len(call) > 256:
        raise RefusalError(404, "no_such_call", f"a call's id comes after {CALLS_PATH}")
    return ListenerDialect(Subscribe(call))


DOOR = Door(CALLS_PATH, _open, bearer_keys, plain_refusal, brings_audio=False)
