"""The WebSocket addresses of the server."""

from __future__ import annotations

from streamer.protocols.audiohook.door import DOOR as AUDIOHOOK
from streamer.protocols.calls.door import DOOR as CALLS
from streamer.protocols.deepgram.door import DOOR as DEEPGRAM
from streamer.protocols.door import Door
from streamer.protocols.native.door import DOOR as NATIVE
from streamer.protocols.realtime.door import DOOR as REALTIME
from streamer.protocols.twilio.door import DOOR as TWILIO

DOORS: tuple[Door, ...] = (NATIVE, TWILIO, CALLS, AUDIOHOOK, DEEPGRAM, REALTIME)


def door_at(path: str) -> Door | None:
    """The door at a path, if there is one."""
    return next((door for door in DOORS if door.matches(path)), None)
