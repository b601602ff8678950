"""Where utterances begin and end, decided from one flag and one energy a frame.

A sans-I/O state machine that counts in frames since the stream's start. Its utterances never
overlap, and what lies between two of them is silence, so together they are the stream.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from streamer.speech.end_reason import EndReason
from streamer.speech.frames import FRAMES_PER_SECOND, frames_of

LIMIT_ZONE_S = 5.0
"""At the length limit the cut is looked for in this much audio before it (model contract,
section 3: the search zone of the model's own long-audio splitting)."""

CUT_WINDOW_FRAMES = 5
"""100 ms: the window whose energy decides where the limit cuts (model contract, section 3)."""

PRE_ROLL_FRAMES = frames_of(300)
"""Audio kept from before the first voiced frame: unvoiced consonants begin before the detector
hears them."""

POST_ROLL_FRAMES = frames_of(200)
"""Audio kept from after the last voiced frame, for final consonants."""

ONSET_SLACK_FRAMES = 2
"""Unvoiced frames allowed among those that confirm an onset."""

DROPOUT_FRAMES = 3
"""Unvoiced frames within a word, which end nothing."""

RESUME_FRAMES = 6
"""Voiced frames in a row that prove that a pause is over. One click makes WebRTC's detector
say speech for four to six frames, and must not keep an utterance open."""


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


@dataclass(frozen=True, slots=True)
class Endpointing:
    """When utterances open and close; all in frames.

    `onset` voiced frames (within `onset` plus a little slack) open an utterance; `silence`
    frames without speech close it; `limit` is the longest utterance.
    """

    onset: int
    silence: int | None
    limit: int
    pre_roll: int = PRE_ROLL_FRAMES

    @staticmethod
    def by_voice(min_speech_ms: int, silence_ms: int, max_utterance_s: float) -> Endpointing:
        """Utterances open at speech and close at silence or at the limit."""
        return Endpointing(
            onset=frames_of(min_speech_ms),
            silence=frames_of(silence_ms),
            limit=_limit_frames(max_utterance_s),
        )

    @staticmethod
    def by_hand(max_utterance_s: float) -> Endpointing:
        """Everything belongs to an utterance; only flush, stop and the limit close one."""
        return Endpointing(onset=1, silence=None, limit=_limit_frames(max_utterance_s), pre_roll=0)


def _limit_frames(max_utterance_s: float) -> int:
    """Whole frames only: an utterance may be shorter than the limit, never longer."""
    return int(max_utterance_s * FRAMES_PER_SECOND)


class Endpointer:
    """Voice flags in, utterance boundaries out."""

    def __init__(self, rules: Endpointing) -> None:
        self.rules = rules
        self._next_rules = rules
        self._frame = 0
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
        return self._open is not None and self._frame - self._open.last_voiced > POST_ROLL_FRAMES

    def push(self, voiced: bool, energy: float) -> list[Boundary]:
        """Take the next frame: is it speech, and its energy in any unit, but always the same."""
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
        window = self.rules.onset + (ONSET_SLACK_FRAMES if self.rules.onset > 1 else 0)
        while self._recent and self._recent[0] < self._frame - window:
            self._recent.popleft()
        if len(self._recent) < self.rules.onset:
            return []
        start = max(self._floor, self._recent[0] - self.rules.pre_roll)
        self._open = _OpenUtterance(start, last_voiced=self._recent[-1])
        return [Opened(start)]

    def _follow(self, utterance: _OpenUtterance, voiced: bool, energy: float) -> list[Boundary]:
        utterance.hear(self._frame - 1, voiced, energy)
        boundaries = self._pause(utterance)
        if not boundaries or isinstance(boundaries[-1], Settled):
            boundaries += self._limit(utterance)
        return boundaries

    def _pause(self, utterance: _OpenUtterance) -> list[Boundary]:
        if self.rules.silence is None:
            return []
        silence = self._frame - 1 - utterance.last_voiced
        end = utterance.last_voiced + 1 + min(POST_ROLL_FRAMES, self.rules.silence)
        if silence >= self.rules.silence and not utterance.speaking:
            return [self._end(end, EndReason.SILENCE)]
        return [Settled(end)] if self._frame == end else []

    def _limit(self, utterance: _OpenUtterance) -> list[Boundary]:
        if self._frame - utterance.start < self.rules.limit:
            return []
        cut = self._frame - utterance.quietest_tail(self._zone())
        speech_goes_on = any(frame >= cut for frame in self._recent)
        last_voiced = utterance.last_voiced
        boundaries: list[Boundary] = [self._end(cut, EndReason.LIMIT)]
        if speech_goes_on:
            self._open = _OpenUtterance(cut, last_voiced=max(last_voiced, cut))
            self._open.energies.extend(list(utterance.energies)[cut - self._frame :])
            boundaries.append(Opened(cut))
        return boundaries

    def _zone(self) -> int:
        """Frames before the limit in which the cut may lie; half of a short utterance."""
        return min(int(LIMIT_ZONE_S * FRAMES_PER_SECOND), self.rules.limit // 2)

    def _end(self, frame: int, reason: EndReason) -> Closed:
        self._open = None
        self.rules = self._next_rules
        self._floor = frame
        self._recent = deque(voiced for voiced in self._recent if voiced >= frame)
        return Closed(frame, reason)


class _OpenUtterance:
    """What is remembered of the utterance being spoken."""

    def __init__(self, start: int, last_voiced: int) -> None:
        self.start = start
        self.last_voiced = last_voiced  # clicks in a pause aside
        self.energies: deque[float] = deque(maxlen=int(LIMIT_ZONE_S * FRAMES_PER_SECOND))
        self._run = 0  # voiced frames in a row, up to now

    @property
    def speaking(self) -> bool:
        return self._run > 0

    def hear(self, frame: int, voiced: bool, energy: float) -> None:
        self.energies.append(energy)
        self._run = self._run + 1 if voiced else 0
        same_word = frame - self.last_voiced <= DROPOUT_FRAMES + 1
        if voiced and (same_word or self._run >= RESUME_FRAMES):
            self.last_voiced = frame

    def quietest_tail(self, zone: int) -> int:
        """How many frames before now the quietest window of the zone begins."""
        energies = list(self.energies)[-zone:]
        if len(energies) <= CUT_WINDOW_FRAMES:
            return max(1, len(energies) // 2)
        starts = range(0, len(energies) - CUT_WINDOW_FRAMES, CUT_WINDOW_FRAMES)
        quietest = min(starts, key=lambda at: sum(energies[at : at + CUT_WINDOW_FRAMES]))
        return len(energies) - quietest
