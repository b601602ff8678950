"""The rules by which utterances open and close, in frames of whatever length a detector has."""

from __future__ import annotations

from dataclasses import dataclass, replace

from streamer.speech.frames import FrameLength
from streamer.turns.waits import TurnPolicy, TurnWaits
from streamer.vad.base import SPEECH

LIMIT_ZONE_MS = 5000
"""At the length limit the cut is looked for in this much audio before it (model contract,
section 3: the search zone of the model's own long-audio splitting)."""

CUT_WINDOW_MS = 160
"""The window whose energy decides where the limit cuts, tried at every frame and cut in its middle,
where neither words nor a pause are known. Of 85 cuts in LJ Speech, joined without pauses, 21 % were
more than 50 ms inside a word so, and 22 % with the 100 ms of the model contract (section 3); of 98
in synthetic speech without any pause 50 and 60 %."""

NEAR_MS = 2000
"""How long before the limit the words' times are asked for. They are known to some 50 ms: of 32
cuts in synthetic speech without any pause 31 % were more than 50 ms inside a word, and 9 % more
than 80 ms, tried beside the code with `CUT_WINDOW_MS` and Moonshine's times. That leaves the model
time, and 3 s to cut in."""

PRE_ROLL_MS = 300
"""Audio kept from before the first voiced frame: unvoiced consonants begin before the detector
hears them."""

POST_ROLL_MS = 80
"""Audio kept from after the last voiced frame, for final consonants. It is also the silence after
which the final's text is asked for, long before that is due: a client whose own detector waits for
200 ms has 120 ms less to wait for the model then. On 60 recordings of LJ Speech Moonshine's word
errors were 2.18 % with 60, 100 and 200 ms alike: WebRTC's detector lets go of a word 110 ms behind
its last loud sound (median), and Silero's 80 ms. Shorter silences are more often gaps in speech:
of 60 ms they had 112, of 100 ms 95, of 200 ms 59."""

PAUSE_MS = 200
"""Silence that is more than a gap between two words."""

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


SETTLED_MS = 500
"""For how long an utterance counts as settled where silence closes none. Who closes utterances by
hand does so at the end of speech, and has the text at once then; but a detector is not trusted
there, and what it does not hear must not be left out for longer."""

STALL_MS = 2200
"""How long a live stream may bring nothing in the middle of speech before that is silence too.

Time without audio is silence. But mobile networks stall for up to 2 s and then bring everything at
once, and nobody can tell a stall from a stop before that has come. What tells most of them apart is
where the audio ended: who has spoken to the end leaves the beginning of a pause, and then the
silence that was asked for is enough, for nothing that is said later is cut off. In the middle of a
word it is not: the utterance waits for as long as a stall lasts, and some jitter."""


@dataclass(frozen=True, slots=True)
class Endpointing:
    """When utterances open and close; all in frames.

    `onset` voiced frames (within `onset` plus a little slack) open an utterance; `silence`
    frames without speech close it; `limit` is the longest utterance. At the limit the cut lies in
    the `zone` before it, where a window of `cut_window` is quietest; words' times are asked for
    where it is `near`. `settled` is
    for how long a settled utterance may be closed where it settled; None has no end. Where no more
    audio comes speech waits for `stall`, unless a `pause` has begun. With `turn`, each pause is
    judged once. A frame is voiced from a probability of `threshold` on, and behind a voiced one
    already from `stay` on.
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
    near: int
    settled: int | None
    pause: int
    stall: int
    turn: TurnWaits | None = None
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
        turn: TurnPolicy | None = None,
    ) -> Endpointing:
        """Utterances open at speech and close at silence or at the limit."""
        onset = length.frames(min_speech_ms)
        slack = length.frames(ONSET_SLACK_MS) if onset > 1 else 0
        silence = length.frames(silence_ms)
        rules = _rules(onset, silence, slack, max_utterance_s, length, PRE_ROLL_MS)
        waits = None if turn is None else turn.in_frames(length)
        return replace(rules, threshold=threshold, turn=waits)

    @staticmethod
    def by_hand(max_utterance_s: float, length: FrameLength) -> Endpointing:
        """Everything belongs to an utterance; only flush, stop and the limit close one."""
        rules = _rules(1, None, 0, max_utterance_s, length, pre_roll_ms=0)
        return replace(rules, settled=length.frames(SETTLED_MS))


def _rules(
    onset: int,
    silence: int | None,
    onset_slack: int,
    max_utterance_s: float,
    length: FrameLength,
    pre_roll_ms: int,
) -> Endpointing:
    limit = length.whole(max_utterance_s)  # an utterance may be shorter than it, never longer
    zone = min(length.frames(LIMIT_ZONE_MS), limit // 2)  # half of a short utterance
    return Endpointing(
        onset=onset,
        silence=silence,
        limit=limit,
        pre_roll=length.frames(pre_roll_ms) if pre_roll_ms else 0,
        post_roll=length.frames(POST_ROLL_MS),
        onset_slack=onset_slack,
        dropout=length.frames(DROPOUT_MS),
        resume=length.frames(RESUME_MS),
        zone=zone,
        cut_window=length.frames(CUT_WINDOW_MS),
        near=min(length.frames(NEAR_MS), zone // 2),
        settled=None,
        pause=length.frames(PAUSE_MS),
        stall=length.frames(STALL_MS),
    )
