"""Where utterances begin and end, decided from one probability and one energy a frame.

A sans-I/O state machine that counts in frames since the stream's start. Its utterances never
overlap, and what lies between two of them is silence, so together they are the stream.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from streamer.speech.end_reason import EndReason
from streamer.turns.endpointing import Endpointing


@dataclass(frozen=True, slots=True)
class Opened:
    """An utterance begins at this frame, which may lie in the past (pre-roll)."""

    start: int


@dataclass(frozen=True, slots=True)
class Settled:
    """A pause has lasted so long that the utterance will end here if nobody speaks again."""

    end: int


@dataclass(frozen=True, slots=True)
class Closed:
    """The open utterance ends before this frame."""

    end: int
    reason: EndReason


Boundary = Opened | Settled | Closed


class Endpointer:
    """Probabilities of speech in, utterance boundaries out."""

    def __init__(self, rules: Endpointing) -> None:
        self.rules = rules
        self._next_rules = rules
        self._frame = 0
        self._voiced = False  # the frame before
        self._floor = 0  # no utterance may begin before this frame
        self._recent: deque[int] = deque()  # voiced frames that may still belong to an onset
        self._open: _OpenUtterance | None = None

    @property
    def keeps_from(self) -> int:
        """The earliest frame that an open or a future utterance may still hold."""
        if self._open is not None:
            return self._open.start
        onset = self._recent[0] if self._recent else self._frame
        return max(self._floor, onset - self.rules.pre_roll)

    def rules_for_next(self, rules: Endpointing) -> None:
        """Change the rules; an open utterance is closed by those it was opened with."""
        self._next_rules = rules
        if self._open is None:
            self.rules = rules

    @property
    def in_pause(self) -> bool:
        """Whether the open utterance has settled and nobody has spoken since."""
        return (
            self._open is not None and self._frame - self._open.last_voiced > self.rules.post_roll
        )

    def push(self, probability: float, energy: float) -> list[Boundary]:
        """Take the next frame: how likely it is speech, and its energy, always in one unit."""
        rules = self.rules
        voiced = probability >= (rules.stay if self._voiced else rules.threshold)
        self._voiced = voiced
        if voiced:
            self._recent.append(self._frame)
        self._frame += 1
        if self._open is None:
            return self._listen()
        return self._follow(self._open, voiced, energy)

    def close(self, reason: EndReason) -> list[Boundary]:
        """Close the open utterance here and now, whatever is being said."""
        if self._open is None:
            return []
        return [self._end(self._frame, reason)]

    def _listen(self) -> list[Boundary]:
        window = self.rules.onset + self.rules.onset_slack
        while self._recent and self._recent[0] < self._frame - window:
            self._recent.popleft()
        if len(self._recent) < self.rules.onset:
            return []
        start = max(self._floor, self._recent[0] - self.rules.pre_roll)
        self._open = _OpenUtterance(start, self._recent[-1], self.rules)
        return [Opened(start)]

    def _follow(self, utterance: _OpenUtterance, voiced: bool, energy: float) -> list[Boundary]:
        utterance.add(self._frame - 1, voiced, energy)
        boundaries = self._pause(utterance)
        if not boundaries or isinstance(boundaries[-1], Settled):
            boundaries += self._limit(utterance)
        return boundaries

    def _pause(self, utterance: _OpenUtterance) -> list[Boundary]:
        if self.rules.silence is None:
            return []
        silence = self._frame - 1 - utterance.last_voiced
        end = utterance.last_voiced + 1 + min(self.rules.post_roll, self.rules.silence)
        if silence >= self.rules.silence and not utterance.speaking:
            return [self._end(end, EndReason.SILENCE)]
        return [Settled(end)] if self._frame == end else []

    def _limit(self, utterance: _OpenUtterance) -> list[Boundary]:
        if self._frame - utterance.start < self.rules.limit:
            return []
        cut = self._frame - utterance.quietest_tail()
        speech_goes_on = any(frame >= cut for frame in self._recent)
        last_voiced = utterance.last_voiced
        boundaries: list[Boundary] = [self._end(cut, EndReason.LIMIT)]
        if speech_goes_on:
            self._open = _OpenUtterance(cut, max(last_voiced, cut), self.rules)
            self._open.energies.extend(list(utterance.energies)[cut - self._frame :])
            boundaries.append(Opened(cut))
        return boundaries

    def _end(self, frame: int, reason: EndReason) -> Closed:
        self._open = None
        self.rules = self._next_rules
        self._floor = frame
        self._recent = deque(voiced for voiced in self._recent if voiced >= frame)
        return Closed(frame, reason)


class _OpenUtterance:
    """What is remembered of the utterance being spoken, and the rules that it was opened by."""

    def __init__(self, start: int, last_voiced: int, rules: Endpointing) -> None:
        self.start = start
        self.last_voiced = last_voiced  # clicks in a pause aside
        self.energies: deque[float] = deque(maxlen=rules.zone)
        self._rules = rules
        self._run = 0  # voiced frames in a row, up to now

    @property
    def speaking(self) -> bool:
        return self._run > 0

    def add(self, frame: int, voiced: bool, energy: float) -> None:
        self.energies.append(energy)
        self._run = self._run + 1 if voiced else 0
        same_word = frame - self.last_voiced <= self._rules.dropout + 1
        if voiced and (same_word or self._run >= self._rules.resume):
            self.last_voiced = frame

    def quietest_tail(self) -> int:
        """How many frames before now the quietest window of the zone begins."""
        energies, window = list(self.energies), self._rules.cut_window
        if len(energies) <= window:
            return max(1, len(energies) // 2)
        starts = range(0, len(energies) - window, window)
        quietest = min(starts, key=lambda at: sum(energies[at : at + window]))
        return len(energies) - quietest
