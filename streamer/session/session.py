"""The session of one connection, sans-I/O: everything between bytes and events.

Feed it audio, commands and hypotheses; it returns events for the client, jobs for the
scheduler and withdrawals of jobs, in the order in which they must take effect. The same bytes
give the same outputs in whatever pieces they come.
"""

from __future__ import annotations

from itertools import chain
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from streamer.audio.mixing import NEARLY_SILENT
from streamer.audio.streams import stream_decoder
from streamer.dispatch.job import Job
from streamer.session.channel import Channel
from streamer.session.detection import Detect, DetectionQueue, Probabilities
from streamer.session.events import Acknowledged, Done, Flushed, Warned, WarningCode
from streamer.session.inputs import (
    Audio,
    AudioHeld,
    Configure,
    CutShort,
    Detected,
    Flush,
    Input,
    JobDone,
    JobFailed,
    PartialsSlowed,
    Stop,
    Tick,
    TurnJudged,
)
from streamer.session.levels import LEVEL_MESSAGES, Levels
from streamer.session.outputs import Output
from streamer.session.promises import Promises
from streamer.session.settings import StreamSettings
from streamer.speech.clip import SAMPLE_RATE
from streamer.speech.frames import FrameLength
from streamer.speech.hypothesis import Hypothesis
from streamer.turns.endpointer import Endpointer
from streamer.turns.endpointing import Endpointing
from streamer.vad.registry import OFF


class Session:
    """One audio stream of one or more channels."""

    def __init__(self, session_id: str, settings: StreamSettings, min_speech_ms: int) -> None:
        self.id = session_id
        self.settings = settings
        self.min_speech_ms = min_speech_ms
        self._decoder = stream_decoder(
            settings.encoding, settings.sample_rate, settings.channels, SAMPLE_RATE
        )
        detectors = [settings.detector() for _ in range(settings.channels)]
        self._frame = FrameLength(detectors[0].frame_samples)
        self._undetected = DetectionQueue[Output](detectors)
        rules = self._rules(settings)
        self._channels = [
            Channel(session_id, index, settings, Endpointer(rules), self._frame.samples)
            for index in range(settings.channels)
        ]
        self._waiting = np.zeros((settings.channels, 0), np.float32)  # less than a frame
        self._frames = 0  # judged
        knows_speech = settings.vad != OFF
        self._levels = Levels(settings.channels if knows_speech else 0, self._frame)
        self._promises = Promises(self._channels)
        self._warned: set[WarningCode] = set()
        self._stopped = False

    @property
    def owed_s(self) -> float:
        """Seconds of audio, over all channels, in closed utterances that have no final yet.

        And of audio that is not judged yet, since it may become such an utterance.
        """
        undetected_s = self._undetected.frames * self._frame.samples / SAMPLE_RATE
        return sum(channel.owed_s + undetected_s for channel in self._channels)

    @property
    def open_s(self) -> float:
        """Seconds of audio, over all channels, in open utterances."""
        return sum(channel.open_s for channel in self._channels)

    @property
    def size(self) -> int:
        """Bytes of audio that is kept here, and in jobs that wait."""
        samples = self._undetected.frames * self._frame.samples + self._waiting.shape[1]
        waiting = samples * self._waiting.itemsize * len(self._channels)
        return waiting + sum(channel.size for channel in self._channels)

    @property
    def audio_s(self) -> float:
        """Seconds of audio heard on each channel."""
        frames = self._frames + self._undetected.frames
        return (frames * self._frame.samples + self._waiting.shape[1]) / SAMPLE_RATE

    def handle(self, given: Input) -> list[Output]:
        """Take one input; returns what follows from it, in the order in which it takes effect."""
        match given:
            case Audio(data):
                return self.feed(data)
            case Configure(settings):
                return self.configure(settings)
            case Flush(flush_id):
                return self.flush(flush_id)
            case Stop():
                return self.stop()
            case Detected(probabilities):
                return self.detected(probabilities)
            case Tick(silent_s):
                return self.wait_without_audio(silent_s)
            case TurnJudged():
                return self._channels[given.channel].judge(given)
            case JobDone(job, hypothesis):
                return self.deliver(job, hypothesis)
            case JobFailed(job, message):
                return self.fail(job, message)
            case PartialsSlowed():
                message = "the server is busy: partials come less often"
                return self._warn(WarningCode.PARTIALS_SLOWED, message)
            case AudioHeld():
                message = "audio comes faster than it is transcribed: reading waits"
                return self._warn(WarningCode.AUDIO_AHEAD, message)
            case CutShort():
                return self.cut_short()

    def feed(self, data: bytes) -> list[Output]:
        """Take the next bytes of audio."""
        if self._stopped:
            return self._warn(WarningCode.AUDIO_AFTER_STOP, "audio after stop is not transcribed")
        outputs = self._push(self._decoder.feed(data))
        if self._decoder.invalid_samples:
            outputs += self._warn(
                WarningCode.INVALID_SAMPLES, "samples that are not finite were taken as 0"
            )
        return outputs + self._told_by_decoder()

    def configure(self, settings: StreamSettings) -> list[Output]:
        """Change what `Changeable` holds, from each channel's next utterance on."""
        self.settings = settings

        def configure() -> list[Output]:
            for channel in self._channels:
                channel.configure(settings, self._rules(settings))
            return []

        return self._undetected.in_order(configure)

    def flush(self, flush_id: str | None) -> list[Output]:
        """Close what is open; `Flushed` follows the last final that was due before."""

        def flush() -> list[Output]:
            outputs = [output for channel in self._channels for output in channel.flush()]
            return [*outputs, *self._promises.make(Flushed(flush_id))]

        return self._undetected.in_order(flush)

    def stop(self) -> list[Output]:
        """Close everything; `Done` follows the last final. A second stop does nothing."""
        if self._stopped:
            return []
        self._stopped = True
        rest, left_over = self._decoder.finish()

        def stop() -> list[Output]:
            outputs: list[Output] = []
            for channel, tail in zip(self._channels, self._waiting, strict=True):
                outputs += channel.stop(tail)
            if left_over:
                outputs += self._warn(
                    WarningCode.INCOMPLETE_SAMPLE,
                    f"the last {left_over} bytes are not a whole sample of every channel",
                )
            return [*outputs, *self._promises.make(Done(self.audio_s, utterances=0))]

        outputs = self._push(rest) + self._told_by_decoder()
        return outputs + self._undetected.in_order(stop)

    def wants(self, found: Detected) -> bool:
        """Whether these can be the probabilities that are to come next."""
        return self._undetected.wants(found.probabilities)

    def detected(self, probabilities: Probabilities) -> list[Output]:
        """Take the probabilities of the oldest frames that were handed out; (channels, n)."""
        outputs = self._follow(self._undetected.answered(), probabilities)
        return outputs + self._undetected.due()

    def wait_without_audio(self, seconds: float) -> list[Output]:
        """Take it that the stream, which is live, has brought no audio for so many seconds."""
        frames = self._frame.whole(seconds)

        def wait() -> list[Output]:
            return [one for channel in self._channels for one in channel.wait_without_audio(frames)]

        return self._undetected.in_order(wait)

    def deliver(self, job: Job, hypothesis: Hypothesis) -> list[Output]:
        """Take the engine's answer to a job of this session."""
        outputs = self._channels[job.key.channel].deliver(job, hypothesis)
        return [*outputs, *self._promises.kept()]

    def fail(self, job: Job, message: str) -> list[Output]:
        """Take the news that a job of this session cannot be done."""
        outputs = self._channels[job.key.channel].fail(job, message)
        return [*outputs, *self._promises.kept()]

    def cut_short(self) -> list[Output]:
        """Close what is open, since the server is short of memory; speech goes on as it was."""
        outputs = [output for channel in self._channels for output in channel.cut_short()]
        if not outputs:
            return []
        message = "the server is short of memory: utterances end early"
        return [*self._warn(WarningCode.CUT_SHORT, message), *outputs]

    def _rules(self, settings: StreamSettings) -> Endpointing:
        if settings.vad == OFF:
            return Endpointing.by_hand(settings.max_utterance_s, self._frame)
        return Endpointing.by_voice(
            self.min_speech_ms,
            settings.plain_silence_ms,
            settings.max_utterance_s,
            self._frame,
            settings.speech_threshold,
            settings.turn_policy,
        )

    def _push(self, samples: NDArray[np.float32]) -> list[Output]:
        """Push whole frames, all channels in step; `samples` is (channels, n)."""
        if self._waiting.size:
            samples = np.concatenate([self._waiting, samples], axis=1)
        length, frame = samples.shape[1], self._frame.samples
        count = length // frame
        whole = count * frame
        if whole < length or self._waiting.size:
            self._waiting = samples[:, whole:].copy()
            samples = samples[:, :whole]
        if not count:
            return []
        frames = samples.reshape(-1, count, frame)
        probabilities = self._undetected.judge(frames)
        return [Detect(frames)] if probabilities is None else self._follow(frames, probabilities)

    def _follow(self, frames: NDArray[np.float32], probabilities: Probabilities) -> list[Output]:
        """Take judged frames, (channels, n, frame), second by second."""
        outputs: list[Output] = []
        for code in self._levels.found(frames, probabilities):
            outputs += self._warn(code, LEVEL_MESSAGES[code])
        at, count = 0, frames.shape[1]
        while at < count:
            second = self._next_second
            end = min(count, at + second - self._frames)
            rows = zip(self._channels, frames, probabilities, strict=True)
            pushed = [one.push(row[at:end], judged[at:end]) for one, row, judged in rows]
            if len(pushed) > 1:
                outputs += _in_step(pushed) if any(pushed) else []
            else:
                outputs += [output for _, output in pushed[0]]
            self._frames += end - at
            if self._frames == second:
                outputs.append(self._acknowledge())
            at = end
        return outputs

    @property
    def _next_second(self) -> int:
        """The frame with which the next second of audio ends."""
        seconds = self._frames * self._frame.samples // SAMPLE_RATE + 1
        return -(-seconds * SAMPLE_RATE // self._frame.samples)

    def _acknowledge(self) -> Acknowledged:
        settled = min(channel.settled_until for channel in self._channels)
        return Acknowledged(settled / SAMPLE_RATE)

    def _told_by_decoder(self) -> list[Output]:
        outputs: list[Output] = []
        if told := self._decoder.take_told():
            outputs += self._warn(WarningCode.UNLIKELY_AUDIO, "; ".join(told))
        if self._decoder.mix_is_nearly_silent:
            outputs += self._warn(WarningCode.CHANNELS_CANCEL, NEARLY_SILENT)
        return outputs

    def _warn(self, code: WarningCode, message: str) -> list[Output]:
        """Warn once a session."""
        if code in self._warned:
            return []
        self._warned.add(code)
        return [Warned(code, message)]


def _in_step(pushed: list[list[tuple[int, Output]]]) -> list[Output]:
    """Bring what follows on each channel into the order of the frames that it follows from."""
    outputs = sorted(chain.from_iterable(pushed), key=itemgetter(0))
    return [output for _, output in outputs]
