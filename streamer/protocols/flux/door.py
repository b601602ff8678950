"""Where Deepgram's Flux is spoken, and who is let in."""

from __future__ import annotations

from streamer.protocols.deepgram_handshake import SCHEMES, keys_of, refused
from streamer.protocols.door import Door, Handshake, Host
from streamer.protocols.flux.dialect import FluxDialect
from streamer.protocols.flux.options import parse_options


def _open(handshake: Handshake, host: Host) -> FluxDialect:
    return FluxDialect(parse_options(handshake.query, host), host)


DOOR = Door("/v2/listen", _open, keys_of, refused, SCHEMES)
