"""One audio channel: frames in, utterances out, hypotheses back into their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from streamer.dispatch.job import Job, JobKind, UtteranceKey, Withdrawal
from streamer.session.events import SpeechEnded, SpeechStarted, TurnResumed
from streamer.session.inputs import TurnJudged
from streamer.session.outputs import AskTurn, Output
from streamer.session.owed import OwedUtterances
from streamer.session.settings import Changeable
from streamer.session.tape import Tape
from streamer.session.telling import final_of, partial_of, pause_of
from streamer.session.utterance import Pause, Utterance
from streamer.speech.clip import SAMPLE_RATE, StoredClip
from streamer.speech.end_reason import EndReason
from streamer.speech.hypothesis import NOTHING_HEARD, Hypothesis
from streamer.speech.pcm16 import SAMPLE_BYTES, from_pcm16
from streamer.turns.endpointer import (
    Boundary,
    Closed,
    Endpointer,
    Endpointing,
    NearLimit,
    Opened,
    Paused,
    Settled,
)

PARTIAL_PACE = 0.25
"""Share of its own length that an utterance grows by between two partials, since each hears all of
it again. On 16 recordings of 3 to 12 s with Moonshine base-en partials then cost 0.33 of the CPU
that they cost every 300 ms, whole texts flicker 0.26 words a final word and not 0.96, and the
newest partial is 0.34 s behind in the median and not 0.14 (with 0.15: 0.51, 0.50 and 0.24 s; with
0.35: 0.29, 0.29 and 0.44 s)."""

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
        self._session = session
        self._index = index
        self._endpointer = endpointer
        self._frame_samples = frame_samples
        self._tape = Tape()
        self._position = 0  # samples judged; within a block the tape is longer
        self._forget_at = FORGET_SAMPLES
        self._open: Utterance | None = None
        self._owed = OwedUtterances()
        self.opened = 0

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
            # There is nothing new to transcribe since `Settled`.
            partial_due = self._open is not None and self._position >= self._open.next_partial
            if self._open is not None and partial_due and not self._endpointer.is_settled:
                outputs.append((at, self._ask_partial(self._open)))
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
        utterance.accept(job.end, hypothesis, exact=job.clip.exact)
        if utterance is self._open:
            if hypothesis.words is not None:
                self._endpointer.words_end_at(utterance.word_ends(self._frame_samples))
            return [*partial_of(self._index, utterance), *pause_of(self._index, utterance)]
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
        outputs: list[Output] = []
        for boundary in boundaries:
            match boundary:
                case Opened(start):
                    outputs += self._begin(start * self._frame_samples)
                case Settled():
                    if self._open is not None:
                        self._open.pause = Pause(self._position)
                    # Whoever is owed finals is ahead of the clock, or the server is behind it.
                    if self._open is not None and not self._owed:
                        outputs.append(self._ask_early(self._open))
                case Paused(pause):
                    if self._open is not None:
                        outputs.append(self._ask_turn(self._open, pause))
                case NearLimit():
                    wanted = self._open is not None and self._open.settings.partials
                    if self._open is not None and wanted and not self._endpointer.is_settled:
                        outputs.append(self._ask_words(self._open))
                case Closed(end, reason):
                    if self._open is not None:
                        outputs += self._close(self._open, end * self._frame_samples, reason)
        return outputs

    def _begin(self, start: int) -> list[Output]:
        self._open = Utterance(self.opened, start, self._settings)
        self._open.next_partial = self._due(self._open)
        self.opened += 1
        return [SpeechStarted(self._index, self._open.number, start / SAMPLE_RATE)]

    def _close(self, utterance: Utterance, end: int, reason: EndReason) -> list[Output]:
        utterance.close(end, reason)
        self._open = None
        self._owed.add(utterance)
        ended = SpeechEnded(self._index, utterance.number, end / SAMPLE_RATE, reason)
        if utterance.is_decoded:
            return [ended, Withdrawal(self._key(utterance)), *self._finals()]
        job = self._job(utterance, JobKind.FINAL, end)
        self._tape.forget(self._endpointer.keeps_from * self._frame_samples)
        return [ended, job]

    def _ask_partial(self, utterance: Utterance) -> Job:
        """Ask for what is heard so far."""
        utterance.next_partial = self._due(utterance)
        return self._job(utterance, JobKind.PARTIAL, self._position, grows=True)

    def _ask_words(self, utterance: Utterance) -> Job:
        """Ask for what is heard so far, and when."""
        job = self._ask_partial(utterance)
        options = replace(job.clip.options, words=True)
        return replace(job, clip=replace(job.clip, options=options))

    def _ask_early(self, utterance: Utterance) -> Job:
        """Ask for what will be the final if nobody speaks again."""
        utterance.next_partial = self._due(utterance)
        return self._job(utterance, JobKind.PARTIAL, self._position)

    def _ask_turn(self, utterance: Utterance, pause: int) -> AskTurn:
        samples = from_pcm16(self._tape.cut(utterance.start, self._position))
        rules = self._endpointer.rules
        assert rules.silence is not None, "pauses end utterances where they are judged"
        assert rules.turn is not None, "so it is where they are"
        within_s = (rules.silence - rules.turn.ask) * self._frame_samples / SAMPLE_RATE
        return AskTurn(self._index, utterance.number, pause, samples, within_s)

    def _resumed(self, utterance: Utterance, pause: Pause) -> list[Output]:
        """Forget a pause that is over, and tell so if it was told."""
        settles_at = self._endpointer.settles_at
        if settles_at is not None and settles_at * self._frame_samples == pause.settled:
            return []
        utterance.pause = None
        at = self._position / SAMPLE_RATE
        return [TurnResumed(self._index, utterance.number, at)] if pause.told else []

    def _due(self, utterance: Utterance) -> float:
        """Where the next partial is due; never where the client wants none."""
        if not utterance.settings.partials:
            return float("inf")
        asked = utterance.settings.partial_interval_ms * SAMPLE_RATE / 1000
        return self._position + max(asked, PARTIAL_PACE * (self._position - utterance.start))

    def _job(self, utterance: Utterance, kind: JobKind, end: int, *, grows: bool = False) -> Job:
        key, options = self._key(utterance), utterance.settings.decode_options
        clip = StoredClip(
            pcm=self._tape.cut(utterance.start, end),
            options=replace(options, words=False) if grows and options.words else options,
            draft=utterance.hypothesis.tokens,
            incremental=f"{key.session}/{key.channel}/{key.utterance}" if grows else None,
        )
        # What is most likely the final goes before all other partials.
        slack_s = utterance.settings.partial_interval_ms / 1000 if grows else 0.0
        return Job(key, kind, clip, end, slack_s)

    def _key(self, utterance: Utterance) -> UtteranceKey:
        return UtteranceKey(self._session, self._index, utterance.number)

    def _find(self, key: UtteranceKey) -> Utterance | None:
        if self._open is not None and self._open.number == key.utterance:
            return self._open
        return self._owed.find(key.utterance)

    def _finals(self) -> list[Output]:
        """The finals that are ready and whose predecessors have been sent."""
        decoded = self._owed.take_decoded()
        return [told for utterance in decoded for told in final_of(self._index, utterance)]
