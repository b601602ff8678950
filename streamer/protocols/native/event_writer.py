"""What happens in a session, as it is told: which message replaces which, whose it is, and when.

A channel tells its finals in order, but a long utterance of one is told after shorter ones that
began later on another. Clients that want one conversation ask for `ordered`: a final is then held
until the session says that nothing more will touch the audio before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from streamer.protocols.dialect import Say
from streamer.protocols.native import adapter
from streamer.session import events


class EventWriter:
    """Says what happens; `labels` name the channels.

    What is held is bounded by what a session may owe, and by its longest utterance.
    """

    def __init__(self, labels: Sequence[str] = (), *, ordered: bool = False) -> None:
        self._labels = labels
        self._ordered = ordered
        self._held: list[events.Final] = []
        self.usage_s = 0.0
        """Seconds of audio that the finals so far are charged for."""

    def happened(self, event: events.Event) -> Iterator[Say]:
        """Say an event, or keep it until its turn."""
        if isinstance(event, events.Final):
            self.usage_s += event.usage_s
        if self._ordered and isinstance(event, events.Final):
            self._held.append(event)
            return
        if isinstance(event, events.Acknowledged):
            yield from self._release(event.audio)
        elif isinstance(event, events.Flushed):
            yield from self.rest()
        yield self._say(event)

    def rest(self) -> Iterator[Say]:
        """Say what was held back: nothing that belongs before it will come."""
        yield from self._release(float("inf"))

    def _release(self, until: float) -> Iterator[Say]:
        self._held.sort(key=lambda final: (final.start, final.channel))
        ready = [final for final in self._held if final.start <= until]
        del self._held[: len(ready)]
        yield from map(self._say, ready)

    def _say(self, event: events.Event) -> Say:
        """Partials of an utterance replace each other; its final replaces them."""
        message = adapter.message_of(event)
        match event:
            case (
                events.SpeechStarted()
                | events.SpeechEnded()
                | events.TurnPaused()
                | events.TurnResumed()
                | events.Partial()
                | events.Final()
            ) if self._labels:
                label = self._labels[event.channel]
                message = message.model_copy(update={"label": label})
            case _:
                pass
        match event:
            case events.Partial():
                return Say(message, key=_key(event))
            case events.Final():
                return Say(message, instead_of=_key(event))
            case events.Acknowledged():
                return Say(message, key="acknowledged")
            case _:
                return Say(message)


def _key(event: events.Partial | events.Final) -> str:
    return f"partial {event.channel} {event.utterance}"
