"""What Deepgram's two streaming APIs have in common: keys, refusals, and names of encodings."""

from __future__ import annotations

import json
from itertools import pairwise

from streamer.audio.encodings import Encoding
from streamer.protocols.door import Handshake, RefusalError, keys_brought

SCHEMES = ("token", "bearer")
"""Before the key: in `Authorization`, or as the subprotocol that goes before it."""

ENCODINGS = {
    "linear16": Encoding.PCM_S16LE,
    "linear32": Encoding.PCM_F32LE,
    "mulaw": Encoding.MULAW,
    "alaw": Encoding.ALAW,
}

COMPRESSED = {
    "opus": Encoding.OPUS,
    "ogg-opus": Encoding.CONTAINER,
    "flac": Encoding.CONTAINER,
    "amr-nb": Encoding.AMR_NB,
    "amr-wb": Encoding.AMR_WB,
}
"""Without one, the stream is a container: those samples of the API's that run in browsers send what
their recorder gives. Opus may come in Ogg too: its first bytes tell."""


def keys_of(handshake: Handshake) -> list[str]:
    """Find the keys that a client brought."""
    offered = pairwise(handshake.subprotocols)
    return [key for scheme, key in offered if scheme in SCHEMES] or keys_brought(
        handshake, *SCHEMES
    )


def refused(refusal: RefusalError) -> bytes:
    """Write a refusal as Deepgram does."""
    code, message = refusal.code, refusal.message
    if refusal.status == 401:
        code, message = "INVALID_AUTH", "Invalid credentials."
    return json.dumps({"err_code": code, "err_msg": message}).encode()
