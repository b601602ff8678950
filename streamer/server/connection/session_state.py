"""How far a client and its stream have come: two state machines in tables, after h11's `_state.py`.

The one follows what the client does, the other what we owe it; both are moved by the same events.
No I/O, no clock. An event that has no place in a table is a fault of ours.
"""

from __future__ import annotations

from enum import Enum, auto


class ClientState(Enum):
    """What the client does."""

    NEW = auto()  # it has opened no stream
    SENDING = auto()  # audio comes
    STOPPED = auto()  # it has said that none comes any more
    GONE = auto()  # it does not listen; its results leave another way


class StreamState(Enum):
    """What we do with its audio."""

    NONE = auto()  # there is no stream yet
    OPEN = auto()
    CONCLUDING = auto()  # its finals come, and then another stream takes its place
    FINISHING = auto()  # its finals come, and then the last words
    DONE = auto()  # all is told; the client may open another
    ENDING = auto()  # the server ends it: its finals come, and nothing will be opened
    ENDED = auto()  # all is told, and nothing will be opened
    CLOSED = auto()  # forgotten


class SessionEvent(Enum):
    """What moves the two."""

    OPEN = auto()  # the client opens a stream, in the place of any other
    CONCLUDE = auto()  # it will open another once this one's finals have come
    STOP = auto()  # it sends no more audio
    END = auto()  # the server ends the session for a reason of its own
    DONE = auto()  # the stream has told everything
    LEAVE = auto()  # the client is gone, and what was heard is transcribed all the same
    CLOSE = auto()  # nobody is interested any more


E = SessionEvent

CLIENT_TRANSITIONS: dict[ClientState, dict[SessionEvent, ClientState]] = {
    ClientState.NEW: {E.OPEN: ClientState.SENDING},
    ClientState.SENDING: {
        E.OPEN: ClientState.SENDING,
        E.STOP: ClientState.STOPPED,
        E.LEAVE: ClientState.GONE,
    },
    ClientState.STOPPED: {
        E.OPEN: ClientState.SENDING,
        E.LEAVE: ClientState.GONE,
    },
    ClientState.GONE: {},
}
"""Events that are not here leave the client as it is: the stream's table says what is allowed."""

STREAM_TRANSITIONS: dict[StreamState, dict[SessionEvent, StreamState]] = {
    StreamState.NONE: {
        E.OPEN: StreamState.OPEN,
        E.END: StreamState.ENDED,
        E.CLOSE: StreamState.CLOSED,
    },
    StreamState.OPEN: {
        E.OPEN: StreamState.OPEN,
        E.CONCLUDE: StreamState.CONCLUDING,
        E.STOP: StreamState.FINISHING,
        E.END: StreamState.ENDING,
        E.LEAVE: StreamState.FINISHING,
        E.CLOSE: StreamState.CLOSED,
    },
    StreamState.CONCLUDING: {
        E.DONE: StreamState.DONE,
        E.END: StreamState.ENDING,
        E.LEAVE: StreamState.FINISHING,
        E.CLOSE: StreamState.CLOSED,
    },
    StreamState.FINISHING: {
        E.OPEN: StreamState.OPEN,
        E.CONCLUDE: StreamState.CONCLUDING,
        E.STOP: StreamState.FINISHING,
        E.DONE: StreamState.DONE,
        E.END: StreamState.ENDING,
        E.LEAVE: StreamState.FINISHING,
        E.CLOSE: StreamState.CLOSED,
    },
    StreamState.DONE: {
        E.OPEN: StreamState.OPEN,
        E.STOP: StreamState.DONE,
        E.END: StreamState.ENDED,
        E.CLOSE: StreamState.CLOSED,
    },
    StreamState.ENDING: {
        E.STOP: StreamState.ENDING,
        E.DONE: StreamState.ENDED,
        E.END: StreamState.ENDING,
        E.LEAVE: StreamState.ENDING,
        E.CLOSE: StreamState.CLOSED,
    },
    StreamState.ENDED: {
        E.STOP: StreamState.ENDED,
        E.END: StreamState.ENDED,
        E.CLOSE: StreamState.CLOSED,
    },
    StreamState.CLOSED: {E.END: StreamState.CLOSED, E.CLOSE: StreamState.CLOSED},
}

_RUNNING = frozenset(
    {StreamState.OPEN, StreamState.CONCLUDING, StreamState.FINISHING, StreamState.ENDING}
)


class TransitionError(Exception):
    """An event that cannot come in this state."""


class SessionState:
    """Both machines."""

    def __init__(self) -> None:
        self.client = ClientState.NEW
        self.stream = StreamState.NONE

    @property
    def running(self) -> bool:
        """Whether a stream has yet to tell everything."""
        return self.stream in _RUNNING

    @property
    def stopped(self) -> bool:
        """Whether the client has said that it sends no more audio."""
        return self.client is ClientState.STOPPED

    def allows(self, event: SessionEvent) -> bool:
        """Whether an event may come now."""
        return event in STREAM_TRANSITIONS[self.stream]

    def process(self, event: SessionEvent) -> None:
        """Move on; raises TransitionError."""
        if not self.allows(event):
            raise TransitionError(f"{event.name} cannot come in {self.stream.name}")
        self.stream = STREAM_TRANSITIONS[self.stream][event]
        self.client = CLIENT_TRANSITIONS[self.client].get(event, self.client)
