"""People who speak without a pause: cuts at the length limit, in recordings whose words have times.

The engine is played by the test: it knows when each word is said, to 50 ms, as models do.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st
from sounds import Samples, pcm

from streamer.dispatch.job import Job
from streamer.session.detection import Detect
from streamer.session.events import Final
from streamer.session.outputs import Output
from streamer.session.session import Session
from streamer.session.settings import StreamSettings
from streamer.speech.clip import SAMPLE_RATE
from streamer.speech.end_reason import EndReason
from streamer.speech.hypothesis import Hypothesis, Word

RECORDINGS = Path(__file__).parents[1] / "recordings"
ERROR_S = 0.05
FRAME_S = 0.032
SPOKEN_S = 30.0
PIECE = 3200


@dataclass(frozen=True)
class Said:
    samples: Samples
    words: tuple[Word, ...]


@cache
def recorded() -> tuple[Said, ...]:
    """Each recording from its first word up to its last, whose end silence blurs."""
    found: list[Said] = []
    for line in (RECORDINGS / "words.jsonl").read_text(encoding="utf-8").splitlines():
        told = json.loads(line)
        read, _ = soundfile.read(RECORDINGS / told["file"], dtype="float32")
        samples = np.asarray(read, np.float32)
        first, last = told["words"][0][1], told["words"][-1][1]
        words = tuple(Word(text, a - first, b - first, 1.0) for text, a, b in told["words"][:-1])
        found.append(Said(samples[round(first * SAMPLE_RATE) : round(last * SAMPLE_RATE)], words))
    return tuple(found)


def without_pauses(order: list[int]) -> Said:
    """Recordings joined in any order, until there is half a minute."""
    parts: list[Samples] = []
    words: list[Word] = []
    length = 0.0
    for number in itertools.cycle(order):
        one = recorded()[number]
        words += [Word(w.text, length + w.start, length + w.end, 1.0) for w in one.words]
        parts.append(one.samples)
        length += len(one.samples) / SAMPLE_RATE
        if length > SPOKEN_S:
            return Said(np.concatenate(parts), tuple(words))
    raise AssertionError


def hear(said: Said, limit_s: float, vad: str, errors: list[float]) -> list[Final]:
    """Stream it, every job answered at once."""
    chosen = StreamSettings(language="en", vad=vad, max_utterance_s=limit_s)
    session, finals = Session("s", chosen, 160), list[Final]()

    def hypothesis(job: Job) -> Hypothesis:
        end = job.end / SAMPLE_RATE
        start = end - job.clip.seconds
        heard = [w for w in said.words if start <= (w.start + w.end) / 2 < end]
        late = itertools.cycle(errors)
        times = [w.end + next(late) - start for w in heard]
        words = tuple(
            Word(word.text, before, max(before, after), 1.0)
            for word, before, after in zip(heard, [0.0, *times], times, strict=False)
        )
        text = " ".join(word.text for word in heard)
        return Hypothesis(text, (), 1.0, words if job.clip.options.words else None)

    def take(outputs: list[Output]) -> None:
        for output in outputs:
            match output:
                case Detect(frames):
                    voiced = tuple(itertools.repeat(1.0, frames.shape[1]))
                    take(session.detected([voiced]))
                case Job():
                    take(session.deliver(output, hypothesis(output)))
                case Final():
                    finals.append(output)
                case _:
                    pass

    data = pcm(said.samples)
    for at in range(0, len(data), PIECE):
        take(session.feed(data[at : at + PIECE]))
    take(session.stop())
    return finals


ORDERS = st.permutations(range(5))
ERRORS = st.lists(st.floats(-ERROR_S, ERROR_S), min_size=3, max_size=9)


@pytest.mark.parametrize("vad", ["off", "webrtc", "silero"])
@settings(max_examples=6, deadline=None, phases=[Phase.generate])
@given(order=ORDERS, limit_s=st.floats(5, 10), errors=ERRORS)
def test_no_word_is_halved_or_lost_or_doubled_at_a_cut(
    vad: str, order: list[int], limit_s: float, errors: list[float]
) -> None:
    said = without_pauses(order)
    finals = hear(said, limit_s, vad, errors)
    cuts = [one.end for one in finals if one.reason is EndReason.LIMIT]
    # Last words are not heard here: the model may end an utterance there, before the limit does.
    assume(cuts or vad == "off")
    assert cuts
    for cut in cuts:
        for word in said.words:
            assert min(cut - word.start, word.end - cut) <= ERROR_S + FRAME_S, (cut, word)
    for before, after in itertools.pairwise(finals):
        assert before.end <= after.start
    assert " ".join(one.text for one in finals) == " ".join(word.text for word in said.words)
    if vad == "off":
        assert all(before.end == after.start for before, after in itertools.pairwise(finals))
        assert finals[0].start == 0.0
