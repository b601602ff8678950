"""Closed utterances that wait for their finals, which come in their order."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from streamer.dispatch.account import LEAST_CHARGE_S
from streamer.session.utterance import Utterance


class OwedUtterances:
    """Numbered without a gap. All that is asked of them takes constant time."""

    def __init__(self) -> None:
        self._waiting: deque[Utterance] = deque()
        self.seconds = 0.0
        """What they last together; the shortest count as long as a pass of the model is worth."""
        self.audio_s = 0.0
        """What their audio lasts together."""

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def first(self) -> Utterance | None:
        """The one whose final is next."""
        return self._waiting[0] if self._waiting else None

    @property
    def last(self) -> Utterance | None:
        """The one whose final comes last."""
        return self._waiting[-1] if self._waiting else None

    def add(self, utterance: Utterance) -> None:
        """Take the next one."""
        self._waiting.append(utterance)
        self.seconds += max(utterance.seconds, LEAST_CHARGE_S)
        self.audio_s += utterance.seconds

    def find(self, number: int) -> Utterance | None:
        """Return the one of this number, if it still waits."""
        place = number - self._waiting[0].number if self._waiting else -1
        return self._waiting[place] if 0 <= place < len(self._waiting) else None

    def take_decoded(self) -> Iterator[Utterance]:
        """Yield and forget those that are decoded, as all before them are."""
        while self._waiting and self._waiting[0].is_decoded:
            utterance = self._waiting.popleft()
            self.seconds -= max(utterance.seconds, LEAST_CHARGE_S)
            self.audio_s -= utterance.seconds
            yield utterance
