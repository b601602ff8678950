"""The rules by which utterances open and close, in frames of whatever length a detector has."""

from __future__ import annotations

from dataclasses import dataclass, replace

from streamer.speech.frames import FrameLength
from streamer.vad.base import SPEECH

LIMIT_ZONE_MS = 5000
"""At the length limit the cut is looked for in this much audio before it (model contract,
section 3: the search zone of the model's own long-audio splitting)."""

CUT_WINDOW_MS = 100
"""The window whose energy decides where the limit cuts (model contract, section 3)."""

PRE_ROLL_MS = 300
"""Audio kept from before the first voiced frame: unvoiced consonants begin before the detector
hears them."""

POST_ROLL_MS = 200
"""Audio kept from after the last voiced frame, for final consonants."""

ONSET_SLACK_MS = 40
"""Unvoiced audio allowed within what confirms an onset."""

DROPOUT_MS = 60
"""Unvoiced audio within a word, which ends nothing."""

RESUME_MS = 120
"""Voiced audio in a row that proves that a pause is over. One click makes WebRTC's detector
say speech for 80 to 120 ms, and must not keep an utterance open."""

HYSTERESIS = 0.15
"""By how much less than the threshold is enough for speech to go on (the margin of Silero's own
`get_speech_timestamps`): 0.5 to begin, 0.35 to stay."""

LEAST_PROBABILITY = 0.01
"""Where a low threshold leaves no room for that margin (from the same place)."""


@dataclass(frozen=True, slots=True)
class Endpointing:
    """When utterances open and close; all in frames.

    `onset` voiced frames (within `onset` plus a little slack) open an utterance; `silence`
    frames without speech close it; `limit` is the longest utterance. At the limit the cut lies in
    the `zone` before it, where a window of `cut_window` is quietest. A frame is voiced from a
    probability of `threshold` on, and behind a voiced one already from `stay` on.
    """

    onset: int
    silence: int | None
    limit: int
    pre_roll: int
    post_roll: int
    onset_slack: int
    dropout: int
    resume: int
    zone: int
    cut_window: int
    threshold: float = SPEECH

    @property
    def stay(self) -> float:
        """The probability from which a frame behind speech is speech as well."""
        return max(self.threshold - HYSTERESIS, LEAST_PROBABILITY)

    @staticmethod
    def by_voice(
        min_speech_ms: int,
        silence_ms: int,
        max_utterance_s: float,
        length: FrameLength,
        threshold: float = SPEECH,
    ) -> Endpointing:
        """Utterances open at speech and close at silence or at the limit."""
        onset = length.frames(min_speech_ms)
        slack = length.frames(ONSET_SLACK_MS) if onset > 1 else 0
        silence = length.frames(silence_ms)
        rules = _rules(onset, silence, slack, max_utterance_s, length, PRE_ROLL_MS)
        return replace(rules, threshold=threshold)

    @staticmethod
    def by_hand(max_utterance_s: float, length: FrameLength) -> Endpointing:
        """Everything belongs to an utterance; only flush, stop and the limit close one."""
        return _rules(1, None, 0, max_utterance_s, length, pre_roll_ms=0)


def _rules(
    onset: int,
    silence: int | None,
    onset_slack: int,
    max_utterance_s: float,
    length: FrameLength,
    pre_roll_ms: int,
) -> Endpointing:
    limit = length.whole(max_utterance_s)  # an utterance may be shorter than it, never longer
    return Endpointing(
        onset=onset,
        silence=silence,
        limit=limit,
        pre_roll=length.frames(pre_roll_ms) if pre_roll_ms else 0,
        post_roll=length.frames(POST_ROLL_MS),
        onset_slack=onset_slack,
        dropout=length.frames(DROPOUT_MS),
        resume=length.frames(RESUME_MS),
        zone=min(length.frames(LIMIT_ZONE_MS), limit // 2),  # half of a short utterance
        cut_window=length.frames(CUT_WINDOW_MS),
    )
