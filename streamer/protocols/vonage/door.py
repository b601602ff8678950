"""Where Vonage's WebSockets are spoken: /vonage?call=CALL."""

from __future__ import annotations

from streamer.protocols.door import Door, Handshake, Host, RefusalError, bearer_keys
from streamer.protocols.refusals import plain_refusal
from streamer.protocols.vonage.dialect import VonageDialect

VONAGE_PATH = "/vonage"


def _open(handshake: Handshake, host: Host) -> VonageDialect:
    call = dict(handshake.query).get("call")
    if call is not None and not 0 < len(call) <= 256:
        raise RefusalError(400, "invalid_setting", "call is the id of a call, up to 256 characters")
    return VonageDialect(host, call)


DOOR = Door(VONAGE_PATH, _open, bearer_keys, plain_refusal)
