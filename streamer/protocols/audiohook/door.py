"""Where Genesys AudioHook is spoken, and who is let in."""

from __future__ import annotations

from streamer.protocols.audiohook.dialect import AudioHookDialect
from streamer.protocols.audiohook.signature import KEY_HEADER, check_signature
from streamer.protocols.door import Door, Handshake, Host, Signing
from streamer.protocols.refusals import plain_refusal

AUDIOHOOK_PATH = "/audiohook"


def _open(_: Handshake, host: Host) -> AudioHookDialect:
    return AudioHookDialect(host)


def _keys(handshake: Handshake) -> list[str]:
    return [key] if (key := handshake.header(KEY_HEADER)) else []


def _signed(handshake: Handshake, signing: Signing) -> bool:
    return check_signature(handshake, signing, signing.now)


DOOR = Door(AUDIOHOOK_PATH, _open, _keys, plain_refusal, signed=_signed)
