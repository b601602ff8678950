"""Where Deepgram's live transcription is spoken, and who is let in."""

from __future__ import annotations

from datetime import UTC, datetime

from streamer.protocols.deepgram.dialect import DeepgramDialect
from streamer.protocols.deepgram.options import parse_options
from streamer.protocols.deepgram_handshake import SCHEMES, keys_of, refused
from streamer.protocols.door import Door, Handshake, Host


def _open(handshake: Handshake, host: Host) -> DeepgramDialect:
    return DeepgramDialect(parse_options(handshake.query, host), host, datetime.now(UTC))


DOOR = Door("/v1/listen", _open, keys_of, refused, SCHEMES)
