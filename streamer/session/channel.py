"""One audio channel: frames in, utterances out, hypotheses back into their order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from streamer.dispatch.job import Job, JobKind, UtteranceKey, Withdrawal
from streamer.session.asking import Asking
from streamer.session.doubt import Doubt, begins_behind, ended_at
from streamer.session.events import SpeechStarted
from streamer.session.inputs import TurnJudged
from streamer.session.outputs import Output
from streamer.session.owed import OwedUtterances
from streamer.session.settings import Changeable
from streamer.session.tape import Tape
from streamer.session.telling import ended_of, final_of, partial_of, pause_of, resumed_of
from streamer.session.utterance import Pause, Utterance
from streamer.speech.clip import SAMPLE_RATE
from streamer.speech.end_reason import EndReason
from streamer.speech.hypothesis import NOTHING_HEARD, Hypothesis
from streamer.speech.pcm16 import SAMPLE_BYTES
from streamer.turns.endpointer import (
    Boundary,
    Closed,
    Doubted,
    Endpointer,
    Endpointing,
    NearLimit,
    Opened,
    Paused,
    Settled,
)

LEAST_CUT_S = 1.0
"""What is not worth ending early: little memory, and a word or two without the rest of them."""

FORGET_SAMPLES = SAMPLE_RATE // 5
"""How often the tape forgets: more often costs time, less often makes the tape of silence grow."""


class Channel:
    """Owns the audio of one channel and the order of its utterances."""

    def __init__(
        self,
        session: str,
        index: int,
        settings: Changeable,
        endpointer: Endpointer,
        frame_samples: int,
    ) -> None:
        self._settings = settings
        self._index = index
        self._endpointer = endpointer
        self._frame_samples = frame_samples
        self._tape = Tape()
        self._asking = Asking(session, index, self._tape)
        self._doubt = Doubt()
        self._position = 0  # samples judged; within a block the tape is longer
        self._forget_at = FORGET_SAMPLES
        self._open: Utterance | None = None
        self._owed = OwedUtterances()
        self.opened = 0
        self.told = 0
        """How many utterances the client knows of."""

    @property
    def finished(self) -> int:
        """How many utterances have had their final."""
        return self.opened - len(self._owed) - (self._open is not None)

    @property
    def owed_s(self) -> float:
        """Seconds in closed utterances that wait for their final, each of some length at least."""
        return self._owed.seconds

    @property
    def open_s(self) -> float:
        """Seconds of the open utterance, as far as it is judged."""
        return (self._position - self._open.start) / SAMPLE_RATE if self._open is not None else 0.0

    @property
    def size(self) -> int:
        """Bytes of audio that is kept here, and in jobs that wait.

        One of the open utterance's may: a newer partial takes the place of an older one.
        """
        jobs_s = self._owed.audio_s + (self.open_s if self._settings.partials else 0.0)
        return self._tape.size + round(jobs_s * SAMPLE_RATE * SAMPLE_BYTES)

    @property
    def settled_until(self) -> int:
        """Samples from the start that no future final can touch."""
        if self._owed.first is not None:
            return self._owed.first.start
        return min(self._endpointer.keeps_from * self._frame_samples, self._position)

    def push(
        self, frames: NDArray[np.float32], probabilities: Sequence[float]
    ) -> list[tuple[int, Output]]:
        """Take the next (n, frame) samples, and how likely each frame is speech.

        Returns what follows, each with the number, from 0, of the frame that it follows from.
        """
        self._tape.append(frames.reshape(-1))
        if self._open is None and len(frames) == 1:
            energies = [0.0]  # nobody asks while nothing is open, which is most of the time
        else:
            energies = np.vecdot(frames, frames).tolist()
        outputs: list[tuple[int, Output]] = []
        for at, (probability, energy) in enumerate(zip(probabilities, energies, strict=True)):
            self._position += self._frame_samples
            if boundaries := self._endpointer.push(probability, energy):
                outputs += [(at, output) for output in self._apply(boundaries)]
            if self._open is not None and self._open.pause is not None:
                outputs += [(at, output) for output in self._resumed(self._open, self._open.pause)]
            if self._open is not None and self._is_due(self._open):
                outputs.append((at, self._asking.partial(self._open, self._position)))
        if self._position >= self._forget_at:
            self._forget_at = self._position + FORGET_SAMPLES
            self._tape.forget(self._endpointer.keeps_from * self._frame_samples)
        return outputs

    def configure(self, settings: Changeable, rules: Endpointing) -> None:
        """Change what holds from the next utterance on; the open one keeps its own."""
        self._settings = settings
        self._endpointer.rules_for_next(rules)

    def judge(self, judged: TurnJudged) -> list[Output]:
        """Take a turn model's answer; one that comes too late to matter is ignored."""
        utterance = self._open
        if utterance is None or utterance.number != judged.utterance:
            return []
        told: Sequence[Output] = []
        if self._endpointer.judging == judged.pause and utterance.pause is not None:
            utterance.pause.probability = judged.probability
            told = pause_of(self._index, utterance)
        return [*told, *self._apply(self._endpointer.judge(judged.pause, judged.probability))]

    def wait_without_audio(self, frames: int) -> list[Output]:
        """Take it that no audio has come for the time of so many frames."""
        return self._apply(self._endpointer.wait_without_audio(frames))

    def flush(self) -> list[Output]:
        """Close the open utterance at the last whole frame."""
        return self._apply(self._endpointer.close(EndReason.FLUSH))

    def cut_short(self) -> list[Output]:
        """Close the open utterance where it is quietest, as at the limit, if it is worth it."""
        return self._apply(self._endpointer.cut_short()) if self.open_s >= LEAST_CUT_S else []

    def stop(self, tail: NDArray[np.float32]) -> list[Output]:
        """Take the last samples, fewer than a frame, and close the open utterance behind them."""
        self._tape.append(tail)
        self._position += len(tail)
        whole = self._position // self._frame_samples
        closed = self._endpointer.close(EndReason.STOP)
        if not closed or self._open is None:
            return []
        settled = closed[0].end < whole
        end = closed[0].end * self._frame_samples if settled else self._position
        return self._close(self._open, end, EndReason.STOP)

    def deliver(self, job: Job, hypothesis: Hypothesis) -> list[Output]:
        """Take the hypothesis for a job; one that comes too late to matter is ignored."""
        utterance = self._find(job.key)
        if utterance is None or not utterance.can_use(job.end, exact=job.clip.exact):
            return []
        if job.end - len(job.clip.pcm) != utterance.start:
            return []  # heard with what had no words
        utterance.accept(job.end, hypothesis, exact=job.clip.exact)
        if utterance is self._open:
            if hypothesis.words is not None:
                self._endpointer.words_end_at(utterance.word_ends(self._frame_samples))
            told = self._tell(utterance) if utterance.has_words else []
            told += [*partial_of(self._index, utterance), *pause_of(self._index, utterance)]
            return told + self._second_opinion(utterance)
        outputs: list[Output] = []
        if utterance.is_decoded and job.kind is JobKind.PARTIAL:
            outputs.append(Withdrawal(job.key))
        return outputs + self._finals()

    def fail(self, job: Job, message: str) -> list[Output]:
        """Take the news that a job cannot be done: a final is then empty, a partial is not sent."""
        utterance = self._find(job.key)
        if utterance is None or job.kind is JobKind.PARTIAL:
            return []
        utterance.failure = message
        utterance.accept(job.end, NOTHING_HEARD, exact=True)
        return self._finals()

    def _apply(self, boundaries: Sequence[Boundary]) -> list[Output]:
        outputs, frame = list[Output](), self._frame_samples
        for boundary in boundaries:
            match boundary:
                case Opened(start):
                    outputs += self._begin(start * self._frame_samples)
                case Settled():
                    if self._open is not None:
                        self._open.pause = Pause(self._position)
                    # Whoever is owed finals is ahead of the clock, or the server is behind it.
                    if self._open is not None and self._open.told is not None and not self._owed:
                        outputs.append(self._asking.early(self._open, self._position))
                case Paused(pause):
                    if self._open is not None and self._open.told is not None:
                        within_s = self._endpointer.judged_within * frame / SAMPLE_RATE
                        until = self._position
                        outputs.append(self._asking.turn(self._open, pause, until, within_s))
                case NearLimit():
                    quiet = self._endpointer.is_settled
                    if self._open is not None and self._open.settings.partials and not quiet:
                        outputs.append(self._asking.words(self._open, self._position))
                case Doubted():
                    # As above: whoever is owed finals has other worries.
                    if self._open is not None and not self._owed:
                        outputs.append(self._asking.words(self._open, self._position))
                case Closed(end, reason):
                    if self._open is not None:
                        outputs += self._close(self._open, end * self._frame_samples, reason)
        return outputs

    def _is_due(self, utterance: Utterance) -> bool:
        """Whether to ask what is heard by now: there is nothing new since `Settled`."""
        due = self._position >= utterance.next_partial and not self._endpointer.is_settled
        return due and (utterance.settings.partials or not self._owed)

    def _second_opinion(self, utterance: Utterance) -> list[Output]:
        """Close the open utterance if the model has heard no more words for long enough."""
        silence, frame = self._endpointer.rules.silence, self._frame_samples
        if silence is None:
            return []
        if utterance.told is None and not utterance.has_words:
            start = begins_behind(utterance) // frame
            self._endpointer.begin_later(start)
            utterance.begin_later(start * frame)
            return []
        end = ended_at(utterance, silence * frame, fallen=self._endpointer.has_fallen)
        if end is None:
            return []
        utterance.outlasted = True
        self._doubt.grows()
        return self._apply(self._endpointer.words_ended(end // frame))

    def _begin(self, start: int) -> list[Output]:
        by_hand = self._endpointer.rules.silence is None
        self._open = Utterance(self.opened, start, self._settings, by_hand=by_hand)
        self.opened += 1
        self._open.doubted = self._doubt.exists and not by_hand
        told = [] if self._open.doubted else self._tell(self._open)
        self._open.next_partial = self._asking.due(self._open, self._position)
        return told

    def _tell(self, utterance: Utterance) -> list[Output]:
        """Tell the client of an utterance, once it knows of all that may come before."""
        known = self._owed.last is None or self._owed.last.told is not None
        return self._now_told(utterance) if known and utterance.told is None else []

    def _now_told(self, utterance: Utterance) -> list[Output]:
        utterance.told = self.told
        self.told += 1
        return [SpeechStarted(self._index, utterance.told, utterance.start / SAMPLE_RATE)]

    def _close(self, utterance: Utterance, end: int, reason: EndReason) -> list[Output]:
        utterance.close(end, reason)
        self._open = None
        self._owed.add(utterance)
        ended = ended_of(self._index, utterance)
        if utterance.is_decoded:
            return [*ended, Withdrawal(self._asking.key(utterance)), *self._finals()]
        job = self._asking.final(utterance, end)
        self._tape.forget(self._endpointer.keeps_from * self._frame_samples)
        return [*ended, job]

    def _resumed(self, utterance: Utterance, pause: Pause) -> list[Output]:
        """Forget a pause that is over, and tell so if it was told."""
        settles_at = self._endpointer.settles_at
        if settles_at is not None and settles_at * self._frame_samples == pause.settled:
            return []
        utterance.pause = None
        return [*resumed_of(self._index, utterance, self._position)] if pause.told else []

    def _find(self, key: UtteranceKey) -> Utterance | None:
        if self._open is not None and self._open.number == key.utterance:
            return self._open
        return self._owed.find(key.utterance)

    def _finals(self) -> list[Output]:
        """The finals that are ready and whose predecessors have been sent."""
        outputs: list[Output] = []
        for utterance in self._owed.take_decoded():
            self._doubt.heard(utterance)
            if utterance.told is None and (utterance.hypothesis.text or utterance.failure):
                outputs += self._now_told(utterance)
                outputs += ended_of(self._index, utterance)
            outputs += final_of(self._index, utterance)
        return outputs
