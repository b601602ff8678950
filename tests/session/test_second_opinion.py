"""A detector that takes everything for speech, and a model that knows better."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamer.dispatch.job import Job, JobKind, Withdrawal
from streamer.session.detection import Detect
from streamer.session.events import Done, Event, Final, SpeechEnded, SpeechStarted
from streamer.session.outputs import AskTurn, Output
from streamer.session.session import Session
from streamer.session.settings import StreamSettings
from streamer.speech.clip import SAMPLE_RATE
from streamer.speech.end_reason import EndReason
from streamer.speech.hypothesis import Hypothesis, Word

FRAME = 512
NOISE, VOICE = 0.03, 0.2


@dataclass
class Noisy:
    """A stream whose words are said one a third of a second from each of these moments on."""

    phrases: list[tuple[float, int]]
    partials: bool = True
    timed: bool = True
    answers_partials: bool = True
    events: list[tuple[float, Event]] = field(default_factory=list[tuple[float, Event]])
    jobs: list[Job] = field(default_factory=list[Job])

    def __post_init__(self) -> None:
        raw = {"language": "en", "vad": "silero", "partials": self.partials}
        self.session = Session("s", StreamSettings.model_validate(raw), min_speech_ms=160)
        self.words = [
            Word(f"w{number}x{at}", start + at / 3, start + (at + 1) / 3, 0.9)
            for number, (start, count) in enumerate(self.phrases)
            for at in range(count)
        ]

    def hear(self, seconds: float) -> None:
        time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
        samples = NOISE * np.sin(2000 * time)
        for word in self.words:
            samples[(time >= word.start) & (time < word.end)] *= VOICE / NOISE
        pcm = (samples * 32767).astype("<i2").tobytes()
        for at in range(0, len(pcm), 2 * FRAME):
            self._take(self.session.feed(pcm[at : at + 2 * FRAME]))
        self._take(self.session.stop())

    def _take(self, outputs: list[Output]) -> None:
        for output in outputs:
            match output:
                case Detect(frames=frames):
                    self._take(self.session.detected([[1.0] * frames.shape[1]]))
                case Job():
                    self.jobs.append(output)
                    if output.kind is JobKind.FINAL or self.answers_partials:
                        self._take(self.session.deliver(output, self._heard(output)))
                case _ if not isinstance(output, Withdrawal | AskTurn):
                    self.events.append((self.session.audio_s, output))
                case _:
                    pass

    def _heard(self, job: Job) -> Hypothesis:
        """Every word of which more than half lies in the clip."""
        end = job.end / SAMPLE_RATE
        start = end - job.clip.seconds
        said = [one for one in self.words if start <= (one.start + one.end) / 2 < end]
        times = tuple(
            Word(w.text, max(0.0, w.start - start), min(w.end, end) - start, 0.9) for w in said
        )
        text = " ".join(one.text for one in said)
        return Hypothesis(text, (), 0.9, times if self.timed and job.clip.options.words else None)

    @property
    def finals(self) -> list[Final]:
        return [event for _, event in self.events if isinstance(event, Final)]

    @property
    def text(self) -> str:
        return " ".join(final.text for final in self.finals if final.text)


@pytest.mark.parametrize("partials", [True, False])
@pytest.mark.parametrize("timed", [True, False])
def test_an_utterance_ends_soon_behind_its_last_word_whatever_the_detector_says(
    partials: bool, timed: bool
) -> None:
    stream = Noisy([(4.0, 9), (11.0, 9)], partials, timed)
    stream.hear(18.0)
    ends = [at for at, event in stream.events if isinstance(event, SpeechEnded)]
    for end in (7.0, 14.0):
        assert any(end < at <= end + (1.6 if timed else 2.0) for at in ends)
    assert stream.text == " ".join(word.text for word in stream.words)


@pytest.mark.parametrize("partials", [True, False])
def test_noise_opens_one_utterance_and_no_more(partials: bool) -> None:
    stream = Noisy([], partials)
    stream.hear(60.0)
    assert len(stream.finals) <= 1
    done = stream.events[-1][1]
    assert isinstance(done, Done)
    assert done.utterances == len(stream.finals)


def test_who_is_silent_for_long_in_noise_is_looked_for_more_rarely() -> None:
    stream = Noisy([])
    stream.hear(60.0)
    late = [job for job in stream.jobs if job.end > 20 * SAMPLE_RATE]
    assert 40 / 1.3 <= len(late) <= 40 / 1.1
    assert max(job.clip.seconds for job in late) < 5


def test_what_is_said_after_minutes_of_noise_is_told_while_it_is_said() -> None:
    stream = Noisy([(50.0, 12)])
    stream.hear(60.0)
    (at,) = [at for at, one in stream.events if isinstance(one, SpeechStarted)][1:]
    assert at <= 50.0 + 2 / 3 + 1.5
    assert stream.text == " ".join(word.text for word in stream.words)


def test_one_word_in_noise_is_not_lost() -> None:
    stream = Noisy([(30.0, 1)])
    stream.hear(40.0)
    assert stream.text == "w0x0"


def test_under_load_nothing_is_lost() -> None:
    stream = Noisy([(4.0, 9), (11.0, 9)], answers_partials=False)
    stream.hear(18.0)
    assert stream.text == " ".join(word.text for word in stream.words)


gaps = st.lists(st.tuples(st.floats(0.1, 6.0), st.integers(1, 12)), max_size=5)


@settings(max_examples=30, deadline=None)
@given(gaps, st.booleans(), st.booleans())
def test_every_word_is_told_once_and_in_order(
    gaps: list[tuple[float, int]], partials: bool, timed: bool
) -> None:
    phrases: list[tuple[float, int]] = []
    now = 0.5
    for gap, words in gaps:
        phrases.append((now + gap, words))
        now += gap + words / 3
    stream = Noisy(phrases, partials, timed)
    stream.hear(now + 3.0)
    assert stream.text == " ".join(word.text for word in stream.words)
    assert [final.utterance for final in stream.finals] == list(range(len(stream.finals)))
    told = [one for _, one in stream.events if isinstance(one, SpeechStarted)]
    ended = [one for _, one in stream.events if isinstance(one, SpeechEnded)]
    assert len(told) == len(ended) == len(stream.finals)
    for before, after in zip(stream.finals, stream.finals[1:], strict=False):
        assert before.end <= after.start
    assert sum(not final.text for final in stream.finals) <= 1
    assert {one.reason for one in ended} <= {EndReason.SILENCE, EndReason.STOP, EndReason.LIMIT}
