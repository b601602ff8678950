"""Where OpenAI's Realtime transcription is spoken, and who is let in."""

from __future__ import annotations

import json

from streamer.protocols.door import Door, Handshake, Host, RefusalError, keys_brought
from streamer.protocols.realtime.dialect import RealtimeDialect

KEY_SUBPROTOCOL = "openai-insecure-api-key."
"""What goes before the key where a browser brings it as a subprotocol."""


def _open(handshake: Handshake, host: Host) -> RealtimeDialect:
    """Take any query: what counts comes in `session.update`."""
    return RealtimeDialect(host)


def _keys(handshake: Handshake) -> list[str]:
    offered = [
        one.removeprefix(KEY_SUBPROTOCOL)
        for one in handshake.subprotocols
        if one.startswith(KEY_SUBPROTOCOL)
    ]
    return offered or keys_brought(handshake, "bearer")


def _refused(refusal: RefusalError) -> bytes:
    invalid = refusal.status < 500
    error = {
        "message": refusal.message,
        "type": "invalid_request_error" if invalid else "server_error",
        "param": refusal.setting,
        "code": "invalid_api_key" if refusal.status == 401 else refusal.code,
    }
    return json.dumps({"error": error}).encode()


DOOR = Door("/v1/realtime", _open, _keys, _refused, ("realtime",))
