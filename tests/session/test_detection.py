"""Frames that are judged outside the session: whatever comes behind them waits for the verdict."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sounds import pcm, two_utterances

from streamer.dispatch.job import Job
from streamer.session.detection import Detect
from streamer.session.events import Done, SpeechStarted
from streamer.session.inputs import Audio, Configure, Detected, Flush, Input, Stop, Tick
from streamer.session.outputs import Output
from streamer.session.session import Session
from streamer.session.settings import StreamSettings
from streamer.vad.base import DetectorOptions
from streamer.vad.registry import DETECTORS
from tests.toys.detector import LoudnessDetector

FRAME = LoudnessDetector.frame_samples
LOUD = "loudness"
SETTINGS = StreamSettings(language="en", vad="silero", channels=2, partials=False)


def loud(asked: Detect) -> Detected:
    """Judge by loudness, which remembers nothing."""
    rows = [LoudnessDetector(DetectorOptions()).speech(row).tolist() for row in asked.frames]
    return Detected(tuple(map(tuple, rows)))


def told(output: Output) -> object:
    """What can be compared: a job by its name and its very samples."""
    if isinstance(output, Job):
        return output.key, output.kind, output.end, output.clip.pcm.tobytes()
    return output


def run(session: Session, inputs: list[Input], answers: Callable[[], bool]) -> list[object]:
    """Feed inputs; between them outstanding frames are answered as long as `answers` says so."""
    made: list[object] = []
    asked: deque[Detect] = deque()

    def take(outputs: list[Output]) -> None:
        for output in outputs:
            asked.append(output) if isinstance(output, Detect) else made.append(told(output))

    for one in inputs:
        take(session.handle(one))
        while asked and answers():
            take(session.handle(loud(asked.popleft())))
    while asked:
        take(session.handle(loud(asked.popleft())))
    return made


@pytest.fixture(scope="module", autouse=True)
def _loudness() -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(DETECTORS, LOUD, LoudnessDetector)
        yield


STEREO = np.repeat(two_utterances(), 2)
PIECE = st.integers(1, 4 * FRAME)
COMMAND = st.sampled_from(
    [
        Flush("here"),
        Tick(0.4),
        Tick(1.0),
        Configure(SETTINGS.model_copy(update={"endpoint_silence_ms": 200})),
        Configure(SETTINGS.model_copy(update={"endpoint_silence_ms": 900})),
    ]
)


@settings(max_examples=40)
@given(st.lists(st.one_of(PIECE, COMMAND), max_size=40), st.randoms(use_true_random=False))
def test_late_verdicts_change_nothing(steps: list[int | Input], random: object) -> None:
    audio, inputs = pcm(STEREO), list[Input]()
    for step in steps:
        if isinstance(step, int):
            inputs.append(Audio(audio[: 4 * step]))
            audio = audio[4 * step :]
        else:
            inputs.append(step)
    inputs += [Audio(audio), Stop()]
    inside = Session("s", SETTINGS.model_copy(update={"vad": LOUD}), min_speech_ms=160)
    outside = Session("s", SETTINGS, min_speech_ms=160)
    expected = run(inside, inputs, lambda: True)
    assert [one for one in expected if isinstance(one, SpeechStarted)]
    assert run(outside, inputs, lambda: random.random() < 0.3) == expected  # pyright: ignore


def test_nothing_is_said_of_frames_without_a_verdict() -> None:
    session = Session("s", SETTINGS.model_copy(update={"channels": 1}), min_speech_ms=160)
    (asked,) = session.feed(pcm(two_utterances()))
    assert isinstance(asked, Detect)
    assert asked.frames.shape == (1, len(two_utterances()) // FRAME, FRAME)
    assert session.flush("early") == []
    assert session.stop() == []
    assert session.audio_s == pytest.approx(len(two_utterances()) / 16_000)
    assert session.owed_s == pytest.approx(asked.frames.shape[1] * FRAME / 16_000)
    outputs = session.handle(loud(asked))
    assert len([one for one in outputs if isinstance(one, SpeechStarted)]) == 2
    assert not [one for one in outputs if isinstance(one, Done)], "finals are owed"
    assert session.owed_s < 4


def test_a_threshold_holds_from_the_next_utterance_on() -> None:
    """0.5 to open and 0.35 to stay; after a change nothing opens below 0.9."""
    settings = SETTINGS.model_copy(update={"channels": 1})
    session = Session("s", settings, min_speech_ms=32)

    def judged(*probabilities: float) -> list[str]:
        session.feed(pcm(np.zeros(FRAME * len(probabilities), np.float32)))
        outputs = session.detected([probabilities])
        return [type(one).__name__ for one in outputs if type(one).__name__.startswith("Speech")]

    assert judged(0.45, 0.45) == []
    assert judged(0.6) == ["SpeechStarted"]
    session.configure(settings.model_copy(update={"vad_threshold": 0.9}))
    assert judged(*[0.4] * 40) == [], "it stays"
    assert judged(*[0.3] * 20) == ["SpeechEnded"]
    assert judged(*[0.8] * 40) == []
    assert judged(0.95) == ["SpeechStarted"]
