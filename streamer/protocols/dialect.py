"""What a protocol is to the server, sans-I/O: its messages become actions, events its messages.

A dialect judges nothing but words. The server carries its actions out: it feeds the session, sends
what is said and closes when told to. One dialect object serves one client.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, Self, runtime_checkable

from streamer.session.events import Done, Event
from streamer.session.inputs import ClientInput
from streamer.session.settings import StreamSettings


@dataclass(frozen=True, slots=True)
class Open:
    """Open the session, or open it anew with other settings; what was heard before is forgotten.

    With `concludes` the finals of what was heard before come first; `finished` is not asked of it,
    and times and the numbers of utterances start again from 0.

    A client that `may_be_silent` is not ended for sending nothing: its protocol has no sign of
    life, and its users mute their microphones.

    With `outlives_client` what was heard is transcribed to its end even if the client goes without
    a word: its results leave by another way than its own connection.
    """

    settings: StreamSettings
    outlives_client: bool = False
    concludes: bool = False
    may_be_silent: bool = False


class Message(Protocol):
    """A message to the client, a pydantic model: `Dialect.encode` writes it as it is sent."""

    @property
    def type(self) -> str:
        """What metrics count it as."""
        ...

    def model_copy(self, *, update: Mapping[str, Any] | None = None) -> Self:
        """As pydantic's."""
        ...

    def model_dump_json(self, *, exclude_none: bool = False) -> str:
        """As pydantic's."""
        ...


@dataclass(frozen=True, slots=True)
class Say:
    """Send a message.

    It takes the place of an unsent message said with the same `key`, and removes the one said with
    the key `instead_of`: a client that reads slowly gets the newest of what replaces itself.
    """

    message: Message
    key: str | None = None
    instead_of: str | None = None


@dataclass(frozen=True, slots=True)
class Close:
    """Close the WebSocket after everything said before has been sent."""

    code: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Publish:
    """Tell a message to those who listen to a topic, not to the client itself.

    A message with a `key` is passing: it is replaced as in `Say`, and only those who listen now get
    it. The others are kept for who comes later, and `posted` to the webhook. A topic is over when
    each `source` that has published has published its `last`.
    """

    topic: str
    source: str
    message: Message
    key: str | None = None
    instead_of: str | None = None
    last: bool = False
    posted: bool = True


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Say to this client what is published on a topic, from what is kept of it to its end.

    Who `stays` is told, too, what comes when the topic is published on again after that. After
    `left_s` seconds, if so many are left, the client is told no more.
    """

    topic: str
    stays: bool = False
    left_s: float | None = None


Reply = Say | Close
"""What a client may be sent."""

Result = Reply | Publish
"""What may follow from an event."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on with a session whose connection dropped, in the stead of this one.

    `last_seq` is the last message that the client has. `message`, if any, is for the resumed
    session's own dialect. `otherwise` is said where there is no such session, or not all that
    followed `last_seq` is kept, and `unsent` where that is a message that was never sent.
    """

    session: str
    last_seq: int | None
    otherwise: tuple[Reply, ...]
    unsent: tuple[Reply, ...] = ()
    message: str | bytes | None = None


Action = ClientInput | Open | Resume | Subscribe | Result
"""What may follow from a client's message: the session's own inputs, and what the server does."""


class SessionEnd(StrEnum):
    """Why a session ends: why no more audio comes."""

    STOPPED = "stopped"  # the dialect's own `Stop`
    IDLE = "idle"  # nothing came from the client for `Settings.idle_timeout_s`
    GOING_AWAY = "going_away"  # the server's drain limit is reached


class Dialect(Protocol):
    """One client's protocol."""

    @property
    def grace_s(self) -> float | None:
        """Seconds after which `waited` is called if nothing came; None if it need not be."""
        ...

    def connected(self) -> Iterable[Action]:
        """The client is there."""
        ...

    def waited(self) -> Iterable[Action]:
        """The client has said nothing yet."""
        ...

    def received(self, message: str | bytes) -> Iterable[Action]:
        """The client sent a text or a binary message; what is wrong with it is said, not raised.

        Actions are carried out one by one as they are yielded.
        """
        ...

    def happened(self, event: Event) -> Iterable[Result]:
        """The session tells something, `Done` excepted. Must not block."""
        ...

    def finished(self, done: Done, end: SessionEnd) -> Iterable[Result]:
        """Every final has been told, and no more will come: the last words, and a `Close`."""
        ...

    def encode(self, message: Message) -> str:
        """Write down a message that this dialect said, as it is sent."""
        ...


@runtime_checkable
class KeepsTime(Protocol):
    """A dialect that tells of silence by itself, on top of what follows from its session's."""

    def silent(self, seconds: float) -> Iterable[Result]:
        """A live stream lacks so much audio by now; told while somebody speaks and soon after."""
        ...


class NeverSentError(Exception):
    """A client says that it has a message that it was never sent."""


@runtime_checkable
class Resumable(Protocol):
    """A dialect whose sessions outlive a dropped connection for a while."""

    def resumed(
        self, last_seq: int | None, bytes_received: int, audio_s: float
    ) -> Sequence[str] | None:
        """The client is back: what it is sent before anything new, written down.

        That is everything after `last_seq` which was sent and may not have arrived; None if some
        of it is not kept any more. `bytes_received` of audio, `audio_s` seconds, have reached the
        session. Raises NeverSentError.
        """
        ...
