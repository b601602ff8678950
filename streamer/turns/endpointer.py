"""Where utterances begin and end, decided from one probability and one energy a frame.

A sans-I/O state machine that counts in frames since the stream's start. Its utterances never
overlap, and what lies between two of them is silence, so together they are the stream.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from streamer.speech.end_reason import EndReason
from streamer.turns.endpointing import Endpointing
from streamer.turns.open_utterance import OpenUtterance


@dataclass(frozen=True, slots=True)
class Opened:
    """An utterance begins at this frame, which may lie in the past (pre-roll)."""

    start: int


@dataclass(frozen=True, slots=True)
class Settled:
    """A silence has lasted so long that the utterance will end here if nobody speaks again."""

    end: int


@dataclass(frozen=True, slots=True)
class Paused:
    """The open utterance's pause of this number, from 1, is long enough to be judged."""

    pause: int


@dataclass(frozen=True, slots=True)
class Closed:
    """The open utterance ends before this frame."""

    end: int
    reason: EndReason


@dataclass(frozen=True, slots=True)
class NearLimit:
    """The open utterance will soon be cut: whoever knows where its words end may say so."""


@dataclass(frozen=True, slots=True)
class Doubted:
    """The open utterance goes on, but much softer, nearly for a silence: words may have ended."""


Boundary = Opened | Settled | Paused | NearLimit | Doubted | Closed


class Endpointer:
    """Probabilities of speech in, utterance boundaries out."""

    def __init__(self, rules: Endpointing) -> None:
        self.rules = rules
        self._next_rules = rules
        self._frame = 0
        self._voiced = False  # the frame before
        self._floor = 0  # no utterance may begin before this frame
        self._recent: deque[int] = deque()  # voiced frames that may still belong to an onset
        self._open: OpenUtterance | None = None

    @property
    def keeps_from(self) -> int:
        """The earliest frame that an open or a future utterance may still hold."""
        if self._open is not None:
            return self._open.start
        if self._by_hand:
            return self._floor
        onset = self._recent[0] if self._recent else self._frame
        return max(self._floor, onset - self.rules.pre_roll)

    def rules_for_next(self, rules: Endpointing) -> None:
        """Change the rules; an open utterance is closed by those it was opened with."""
        self._next_rules = rules
        if self._open is None:
            self.rules = rules

    @property
    def is_settled(self) -> bool:
        """Whether the open utterance has settled and nothing was heard since."""
        return self._open is not None and self._has_settled(self._open)

    @property
    def settles_at(self) -> int | None:
        """The frame at which the open utterance ends if nobody speaks again."""
        return None if self._open is None else self._settles_at(self._open)

    @property
    def judging(self) -> int | None:
        """The number of the pause that is on, if it is long enough to be judged."""
        return None if self._open is None else self._open.judging

    @property
    def judged_within(self) -> int:
        """The frames that plain silence still lasts where a pause is long enough to be judged."""
        rules = self.rules
        assert rules.silence is not None, "pauses end utterances where they are judged"
        assert rules.turn is not None, "so it is where they are"
        return rules.silence - rules.turn.ask

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

    def judge(self, pause: int, probability: float) -> list[Boundary]:
        """Take how likely it is that the speaker has finished, as asked for in a `Paused`.

        It decides how much silence this pause needs; news of one that is over decides nothing.
        """
        utterance, turn = self._open, self.rules.turn
        if utterance is None or turn is None or utterance.judging != pause:
            return []
        utterance.wait = turn.wait(probability)
        return self._silence(utterance)

    def words_end_at(self, frames: Iterable[int]) -> None:
        """Take it that words of the open utterance end at these frames: a cut there halves none."""
        if self._open is not None:
            self._open.word_ends = frozenset(frames)

    @property
    def has_fallen(self) -> bool:
        """Whether what is heard has become much softer than the open utterance was."""
        return self._open is not None and self._open.loudness.low >= self.rules.pause

    def words_ended(self, frame: int) -> list[Boundary]:
        """Take it that nothing is said behind this frame of the open utterance, whatever is heard.

        It closes there, and what was heard behind it begins another one.
        """
        if self._open is None or not self._open.start < frame <= self._frame:
            return []
        return self._split(self._open, frame, EndReason.SILENCE)

    def begin_later(self, frame: int) -> None:
        """Take it that nothing was said in the open utterance before this frame."""
        if self._open is not None:
            self._open.start = max(self._open.start, min(frame, self._frame))

    def wait_without_audio(self, frames: int) -> list[Boundary]:
        """Take it that a live stream has brought nothing for the time of so many frames.

        That is silence; in the middle of speech only once it is too long for a stalled line.
        """
        utterance = self._open
        if utterance is None or (needed := self._needed(utterance)) is None:
            return []
        if utterance.speaking or self._silent_frames(utterance) < self.rules.pause:
            needed = max(needed, self.rules.stall)
        return [self._end_in_pause(utterance)] if frames >= needed else []

    def close(self, reason: EndReason) -> list[Closed]:
        """Close the open utterance here and now, or where it settled if nothing was heard since."""
        utterance = self._open
        if utterance is None:
            return []
        settled = self._has_settled(utterance)
        return [self._end(self._settles_at(utterance) if settled else self._frame, reason)]

    def cut_short(self) -> list[Boundary]:
        """Close the open utterance where it was quietest lately; it goes on in another one."""
        return [] if self._open is None else self._cut(self._open)

    @property
    def _by_hand(self) -> bool:
        return self.rules.silence is None

    def _listen(self) -> list[Boundary]:
        if self._by_hand:
            self._open = OpenUtterance(self._floor, self._frame - 1, self.rules, heard=False)
            return [Opened(self._floor)]
        window = self.rules.onset + self.rules.onset_slack
        while self._recent and self._recent[0] < self._frame - window:
            self._recent.popleft()
        if len(self._recent) < self.rules.onset:
            return []
        start = max(self._floor, self._recent[0] - self.rules.pre_roll)
        self._open = OpenUtterance(start, self._recent[-1], self.rules)
        return [Opened(start)]

    def _follow(self, utterance: OpenUtterance, voiced: bool, energy: float) -> list[Boundary]:
        utterance.add(self._frame - 1, voiced, energy)
        boundaries = self._pause(utterance)
        if not boundaries or not isinstance(boundaries[-1], Closed):
            boundaries += self._limit(utterance)
        return boundaries

    def _pause(self, utterance: OpenUtterance) -> list[Boundary]:
        if boundaries := self._silence(utterance):
            return boundaries
        if self._frame == self._settles_at(utterance) and utterance.is_quiet:
            boundaries.append(Settled(self._frame))
        if self.rules.turn is not None and self._silent_frames(utterance) == self.rules.turn.ask:
            boundaries.append(Paused(utterance.begin_pause()))
        silence, low = self.rules.silence, utterance.loudness.low
        if silence is not None and low == max(1, silence - self.rules.pause):
            boundaries += [] if self._has_settled(utterance) else [Doubted()]
        return boundaries

    def _silence(self, utterance: OpenUtterance) -> list[Boundary]:
        """Close an utterance whose silence is long enough."""
        needed = self._needed(utterance)
        if needed is None or utterance.speaking or self._silent_frames(utterance) < needed:
            return []
        return [self._end_in_pause(utterance)]

    def _needed(self, utterance: OpenUtterance) -> int | None:
        """Frames of silence that close an utterance; None if none do."""
        return self.rules.silence if utterance.wait is None else utterance.wait

    def _silent_frames(self, utterance: OpenUtterance) -> int:
        return self._frame - 1 - utterance.last_voiced

    def _settles_at(self, utterance: OpenUtterance) -> int:
        return utterance.last_voiced + 1 + self.rules.post_roll

    def _has_settled(self, utterance: OpenUtterance) -> bool:
        since = self._frame - self._settles_at(utterance)
        until = self.rules.settled
        return utterance.is_quiet and since >= 0 and (until is None or since <= until)

    def _end_in_pause(self, utterance: OpenUtterance) -> Closed:
        """Close an utterance where it settled, if it has come to that."""
        reason = EndReason.SILENCE if utterance.wait is None else EndReason.TURN
        return self._end(min(self._frame, self._settles_at(utterance)), reason)

    def _limit(self, utterance: OpenUtterance) -> list[Boundary]:
        length = self._frame - utterance.start
        if length == self.rules.limit - self.rules.near:
            return [NearLimit()]
        if length < self.rules.limit:
            return []
        return self._cut(utterance)

    def _cut(self, utterance: OpenUtterance) -> list[Boundary]:
        return self._split(utterance, utterance.best_cut(self._frame), EndReason.LIMIT)

    def _split(self, utterance: OpenUtterance, cut: int, reason: EndReason) -> list[Boundary]:
        """Close an utterance at a frame that may be past; what was heard since begins another."""
        speech_goes_on = self._by_hand or any(frame >= cut for frame in self._recent)
        last_voiced = utterance.last_voiced
        boundaries: list[Boundary] = [self._end(cut, reason)]
        if speech_goes_on:
            self._open = OpenUtterance(cut, max(last_voiced, cut), self.rules)
            kept = max(0, len(utterance.tail) - (self._frame - cut))
            self._open.tail.extend(list(utterance.tail)[kept:])
            boundaries.append(Opened(cut))
        return boundaries

    def _end(self, frame: int, reason: EndReason) -> Closed:
        self._open = None
        self.rules = self._next_rules
        self._floor = frame
        self._recent = deque(voiced for voiced in self._recent if voiced >= frame)
        return Closed(frame, reason)
