"""Listening in on a call: /v1/calls/CALL tells what was said so far, and then what is said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import unquote

from streamer.protocols.dialect import Action, Close, Ending, Message, Reply, Subscribe
from streamer.protocols.door import Door, Handshake, Host, RefusalError, keys_brought
from streamer.session import events

CALLS_PATH = "/v1/calls/"


class ListenerDialect:
    """One who listens. What it sends is not looked at."""

    grace_s = None

    def __init__(self, call: str) -> None:
        self._call = call

    def connected(self) -> Iterator[Action]:
        """Listen."""
        yield Subscribe(self._call)

    def waited(self) -> Iterator[Action]:
        """Do nothing: it is never asked."""
        yield from ()

    def received(self, message: str | bytes) -> Iterator[Action]:
        """Take it for a sign of life."""
        yield from ()

    def happened(self, event: events.Event) -> Iterator[Reply]:
        """Nothing happens: there is no session."""
        yield from ()

    def finished(self, done: events.Done, ending: Ending) -> Iterator[Reply]:
        """Say goodbye: the server goes away."""
        yield Close(1012, "the server is going away")

    def encode(self, message: Message) -> str:
        """Write a message as it was published."""
        return message.model_dump_json(exclude_none=True)


def _open(handshake: Handshake, host: Host) -> ListenerDialect:
    call = unquote(handshake.path.removeprefix(CALLS_PATH))
    if not call or len(call) > 256:
        raise RefusalError(404, "no_such_call", f"a call's id comes after {CALLS_PATH}")
    return ListenerDialect(call)


def _keys(handshake: Handshake) -> list[str]:
    return keys_brought(handshake, "bearer")


def _refused(refusal: RefusalError) -> bytes:
    return json.dumps({"code": refusal.code, "message": refusal.message}).encode()


DOOR = Door(CALLS_PATH, _open, _keys, _refused, brings_audio=False)
