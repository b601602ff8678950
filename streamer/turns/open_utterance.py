"""What is remembered of the utterance that is being spoken."""

from __future__ import annotations

from collections import deque

from streamer.turns.endpointing import Endpointing
from streamer.turns.loudness import Loudness


class OpenUtterance:
    """What is remembered of the utterance being spoken, and the rules that it was opened by."""

    def __init__(
        self, start: int, last_voiced: int, rules: Endpointing, *, heard: bool = True
    ) -> None:
        self.start = start
        self.last_voiced = last_voiced  # clicks in a pause aside
        self.tail: deque[tuple[float, bool]] = deque(maxlen=rules.zone)  # energy, and if voiced
        self.word_ends: frozenset[int] = frozenset()
        self.loudness = Loudness(rules)
        self._rules = rules
        self.is_quiet = heard  # something was voiced, and nothing since `last_voiced`
        self._run = 0  # voiced frames in a row, up to now
        self._pauses = 0
        self.judging: int | None = None  # the pause that is on, if it is long enough
        self.wait: int | None = None  # silence that this pause needs, once that is judged

    @property
    def speaking(self) -> bool:
        """Whether the last frame was voiced."""
        return self._run > 0

    def add(self, frame: int, voiced: bool, energy: float) -> None:
        """Take the next frame."""
        self.tail.append((energy, voiced))
        self.loudness.add(energy)
        self._run = self._run + 1 if voiced else 0
        same_word = frame - self.last_voiced <= self._rules.dropout + 1
        if voiced and (same_word or self._run >= self._rules.resume):
            self.last_voiced = frame
            self.is_quiet = True
            self.judging = self.wait = None
        elif voiced:
            self.is_quiet = False

    def begin_pause(self) -> int:
        """Count a pause that is long enough to be judged."""
        self._pauses += 1
        self.judging = self._pauses
        return self._pauses

    def best_cut(self, now: int) -> int:
        """Return the middle of the zone's quietest window, between words or in a pause if known."""
        window, first = self._rules.cut_window, now - len(self.tail)
        energies = [energy for energy, _ in self.tail]
        voiced = [one for _, one in self.tail]
        if len(energies) <= window:
            return now - max(1, len(energies) // 2)
        middle = window // 2
        starts = range(len(energies) - window + 1)
        known = [
            at
            for at in starts
            if first + at + middle in self.word_ends or not any(voiced[at : at + window])
        ]
        return first + middle + min(known or starts, key=lambda at: sum(energies[at : at + window]))
