"""What the model is measured on, and how streams are scored."""

from typing import cast

import numpy as np
import pytest

pytest.importorskip("jiwer", reason="needs jiwer (the extra [test])")

from streamer.decoding.step_engine import StepEngine
from streamer.speech.clip import SAMPLE_RATE, Clip
from streamer.speech.hypothesis import Hypothesis
from tests.models.training import evaluate, held_out
from tests.models.training.held_out import Sample


def voiced(seconds: float, text: str) -> Sample:
    """A buzz with overtones that comes and goes: speech to the voice detector."""
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    buzz = sum(np.sin(2 * np.pi * 140 * k * time) / k for k in range(1, 20))
    envelope = 0.6 + 0.4 * np.sin(2 * np.pi * 4 * time)
    return Sample((0.2 * buzz * envelope).astype(np.float32), text)


class Listener:
    """An engine that answers each clip with the same word, or nothing for a silent one."""

    free_slots = 8

    def __init__(self, text: str = "yes") -> None:
        self.text = text
        self.clips: list[Clip] = []
        self._in_flight: list[int] = []

    def join(self, key: int, clip: Clip) -> None:
        self.clips.append(clip)
        self._in_flight.append(key)

    def step(self) -> list[tuple[int, Hypothesis]]:
        keys, self._in_flight = self._in_flight, []
        return [(key, Hypothesis(self.text, (), 1.0)) for key in keys]

    def reset(self) -> None:
        self._in_flight.clear()


def as_engine(listener: Listener) -> StepEngine:
    return cast("StepEngine", listener)


SENTENCES = [voiced(2.0, f"sentence {i}") for i in range(16)]


@pytest.mark.parametrize(("shortest", "longest"), [(5, 10), (10, 15), (15, 20)])
def test_joined_sentences_have_the_length_asked_for(shortest: int, longest: int) -> None:
    found = held_out.of_length(SENTENCES, shortest, longest, 5)
    assert 0 < len(found) <= 5
    assert all(shortest - 0.5 <= s.seconds <= longest + 0.5 for s in found)
    assert all("sentence" in s.text for s in found)


def test_clips_are_spread_over_all_sentences_and_padded() -> None:
    found = held_out.clips(SENTENCES, 4)
    assert [s.text for s in found] == [f"sentence {i}" for i in (0, 4, 8, 12)]
    assert found[0].seconds == pytest.approx(2.5)


def test_a_conversation_holds_its_sentences_in_order() -> None:
    (one, two) = held_out.conversations(np.random.default_rng(1), SENTENCES, 2)
    assert one.text == "sentence 0 sentence 1 sentence 2 sentence 3"
    assert two.text.startswith("sentence 8")
    assert 8 + 3 * 0.3 < one.seconds < 8 + 3 * 1.5 + 0.6


def test_a_stream_is_heard_in_the_utterances_that_the_endpointer_finds() -> None:
    pause = 1.5
    listener = Listener()
    # No longer than one word may last: where no more follow a voice is taken for noise.
    whole = held_out.joined([voiced(1.2, "yes")] * 2, [pause])
    streamed, at_once = evaluate.streaming_results(
        as_engine(listener), [Sample(whole.samples, "yes yes")]
    )
    assert (streamed.value, at_once.value) == (0.0, 0.5)
    assert max(c.seconds for c in listener.clips[:-1]) < 3.5


def test_the_share_of_silent_clips_with_text_is_told_with_examples() -> None:
    quiet = [Sample(np.zeros(SAMPLE_RATE, np.float32), "")] * 4
    assert evaluate.silence_result(as_engine(Listener("")), quiet).value == 0
    loud = evaluate.silence_result(as_engine(Listener("boo")), quiet)
    assert loud.value == 1
    assert loud.examples[0] == ("", "boo")
