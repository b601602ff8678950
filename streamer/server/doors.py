"""The WebSocket addresses of the server."""

from __future__ import annotations

from streamer.wire.audiohook.dialect import DOOR as AUDIOHOOK
from streamer.wire.calls.dialect import DOOR as CALLS
from streamer.wire.deepgram.door import DOOR as DEEPGRAM
from streamer.wire.door import Door
from streamer.wire.native.dialect import DOOR as NATIVE
from streamer.wire.realtime.door import DOOR as REALTIME
from streamer.wire.twilio.dialect import DOOR as TWILIO

DOORS: tuple[Door, ...] = (NATIVE, TWILIO, CALLS, AUDIOHOOK, DEEPGRAM, REALTIME)


def door_at(path: str) -> Door | None:
    """The door at a path, if there is one."""
    return next((door for door in DOORS if door.matches(path)), None)
