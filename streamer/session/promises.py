"""What is said once the finals that were due before have been sent."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace

from streamer.session.channel import Channel
from streamer.session.events import Done, Flushed


class Promises:
    """Made in an order, and kept in it."""

    def __init__(self, channels: Sequence[Channel]) -> None:
        self._channels = channels
        self._made: deque[tuple[tuple[int, ...], Flushed | Done]] = deque()

    def make(self, then: Flushed | Done) -> list[Flushed | Done]:
        """Promise to say this once every utterance opened so far has its final.

        How many those were is known then: not before.
        """
        self._made.append((tuple(channel.opened for channel in self._channels), then))
        return self.kept()

    def kept(self) -> list[Flushed | Done]:
        """Return what may be said now, and has not been."""
        said: list[Flushed | Done] = []
        while self._made and self._reached(self._made[0][0]):
            then = self._made.popleft()[1]
            if isinstance(then, Done):
                then = replace(then, utterances=sum(one.told for one in self._channels))
            said.append(then)
        return said

    def _reached(self, counts: tuple[int, ...]) -> bool:
        pairs = zip(self._channels, counts, strict=True)
        return all(channel.finished >= count for channel, count in pairs)
