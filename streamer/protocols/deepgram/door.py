"""Where Deepgram's live transcription is spoken, and who is let in."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import pairwise

from streamer.protocols.deepgram.dialect import DeepgramDialect
from streamer.protocols.deepgram.options import parse_options
from streamer.protocols.door import Door, Handshake, Host, RefusalError, keys_brought

SCHEMES = ("token", "bearer")
"""Before the key: in `Authorization`, or as the subprotocol that goes before it."""


def _open(handshake: Handshake, host: Host) -> DeepgramDialect:
    return DeepgramDialect(parse_options(handshake.query, host), host, datetime.now(UTC))


def _keys(handshake: Handshake) -> list[str]:
    offered = pairwise(handshake.subprotocols)
    return [key for scheme, key in offered if scheme in SCHEMES] or keys_brought(
        handshake, *SCHEMES
    )


def _refused(refusal: RefusalError) -> bytes:
    code, message = refusal.code, refusal.message
    if refusal.status == 401:
        code, message = "INVALID_AUTH", "Invalid credentials."
    return json.dumps({"err_code": code, "err_msg": message}).encode()


DOOR = Door("/v1/listen", _open, _keys, _refused, SCHEMES)
