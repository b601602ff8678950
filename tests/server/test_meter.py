"""The measures of architecture.md, taken from what passes through a session."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.server.meter import (
    POST_ROLL_S,
    PRE_ROLL_S,
    REMEMBERED,
    TICK_S,
    Arrivals,
    SessionMeter,
)
from streamer.server.metrics import Metrics
from streamer.session.events import Final, Partial, SpeechEnded, SpeechStarted
from streamer.session.inputs import Audio, Configure
from streamer.session.settings import StreamSettings
from streamer.speech.end_reason import EndReason

SETTINGS = StreamSettings(language="en")


class Stream:
    """A session whose audio comes in 20 ms frames, a fixed time after it was said."""

    def __init__(self, settings: StreamSettings = SETTINGS) -> None:
        self.metrics = Metrics()
        self.now = 1000.0
        self.meter = SessionMeter(settings, self.metrics, lambda: self.now)
        self._settings = settings

    def hear(self, seconds: float, speed: float = 1.0) -> None:
        frame = 640 * self._settings.channels
        for _ in range(round(seconds * 50)):
            self.now += 0.02 / speed
            self.meter.on_input(Audio(bytes(frame)))

    def value(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(name, labels) or 0.0

    def mean(self, name: str) -> float:
        return self.value(f"{name}_sum") / self.value(f"{name}_count")


def utterance(stream: Stream, *, partials: list[str], final: str, wait_s: float = 0.25) -> None:
    """A second of silence, two of speech, 600 ms of silence, and a final `wait_s` later."""
    stream.hear(1.0 + 0.16)
    stream.meter.on_event(SpeechStarted(0, 0, 1.0 - PRE_ROLL_S))
    for number, text in enumerate(partials):
        stream.hear(0.3)
        heard = 1.16 + 0.3 * (number + 1)
        stream.meter.on_event(Partial(0, 0, text, 0, 1.0 - PRE_ROLL_S, heard))
    stream.hear(2.0 - 0.16 - 0.3 * len(partials) + 0.6)
    end = 3.0 + POST_ROLL_S
    stream.meter.on_event(SpeechEnded(0, 0, end, EndReason.SILENCE))
    stream.now += wait_s
    start = 1.0 - PRE_ROLL_S
    stream.meter.on_event(Final(0, 0, final, start, end, EndReason.SILENCE, "en", 0.9))


async def test_final_latency_is_counted_from_the_last_speech_sample() -> None:
    stream = Stream()
    utterance(stream, partials=["a"], final="a b", wait_s=0.25)
    assert stream.mean("streamer_final_latency_seconds") == pytest.approx(0.85, abs=0.03)
    assert stream.mean("streamer_final_seconds") == pytest.approx(0.25)
    assert stream.value("streamer_utterances_total", reason="silence") == 1


async def test_first_partial_is_counted_from_the_first_speech_sample() -> None:
    stream = Stream()
    utterance(stream, partials=["a", "a b"], final="a b")
    assert stream.mean("streamer_first_partial_seconds") == pytest.approx(0.46, abs=0.03)
    assert stream.value("streamer_first_partial_seconds_count") == 1


async def test_partial_lag_is_sampled_each_100_ms_of_speech() -> None:
    stream = Stream()
    utterance(stream, partials=["a"], final="a")
    # From the onset at 1.16 to 1.46, then from the partial at 1.46 to the end at 3.6.
    samples = stream.value("streamer_partial_lag_seconds_count")
    assert samples == pytest.approx(24, abs=1)
    late = [0.16 + 0.1 * n for n in range(1, 4)] + [0.1 * n for n in range(1, 22)]
    expected = sum(late) / len(late)
    assert stream.mean("streamer_partial_lag_seconds") == pytest.approx(expected, abs=0.06)


async def test_flicker_is_what_was_shown_and_taken_back() -> None:
    stream = Stream()
    utterance(stream, partials=["the cat", "the car", "the car is"], final="the card is red")
    # "t" of cat, then " is" of "the car is".
    assert stream.value("streamer_erased_characters_total") == 1 + 3
    assert stream.value("streamer_final_characters_total") == len("the card is red")


async def test_a_file_faster_than_real_time_is_not_measured() -> None:
    stream = Stream()
    stream.hear(5.0, speed=10)
    stream.meter.on_event(SpeechStarted(0, 0, 4.0))
    stream.hear(2.0, speed=10)
    stream.meter.on_event(SpeechEnded(0, 0, 6.0, EndReason.SILENCE))
    stream.meter.on_event(Final(0, 0, "a", 4.0, 6.0, EndReason.SILENCE, "en", 0.9))
    assert stream.value("streamer_final_latency_seconds_count") == 0
    assert stream.value("streamer_partial_lag_seconds_count") == 0
    assert stream.value("streamer_final_seconds_count") == 1, "the queue is slow for files as well"


async def test_without_partials_there_is_no_lag() -> None:
    stream = Stream()
    stream.meter.on_input(Configure(SETTINGS.model_copy(update={"partials": False})))
    utterance(stream, partials=[], final="a")
    assert stream.value("streamer_partial_lag_seconds_count") == 0
    assert stream.value("streamer_final_latency_seconds_count") == 1


async def test_seconds_are_of_each_channel() -> None:
    stream = Stream(SETTINGS.model_copy(update={"channels": 2}))
    utterance(stream, partials=["a"], final="a", wait_s=0.25)
    assert stream.mean("streamer_final_latency_seconds") == pytest.approx(0.85, abs=0.03)


@given(
    frames=st.lists(st.floats(0.001, 2.0), min_size=1, max_size=200),
    share=st.floats(0, 1),
    late=st.floats(0, 5),
)
def test_arrivals_of_real_time_audio_are_right_to_a_frame(
    frames: list[float], share: float, late: float
) -> None:
    arrivals = Arrivals()
    heard = 0.0
    for frame in frames:
        heard += frame
        arrivals.reached(heard, heard + late)
    position = heard * share
    arrived = arrivals.of(position)
    if arrived is not None:
        assert position + late - TICK_S <= arrived <= position + late + max(frames) + 1e-9
    else:
        assert position > heard - 2 * TICK_S or position < heard - (REMEMBERED - 2) * TICK_S
