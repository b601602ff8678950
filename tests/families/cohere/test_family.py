"""The engine on the embedded model: what it accepts, what it refuses, how clips join and leave."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from streamer.decoding.batched_engine import transcribe
from streamer.decoding.step_engine import StepEngine
from streamer.families.registry import load_model
from streamer.models.errors import ModelError
from streamer.models.registry import embedded_folder
from streamer.speech.clip import SAMPLE_RATE, Clip
from streamer.speech.hypothesis import NOTHING_HEARD, Hypothesis
from streamer.speech.options import DecodeOptions

TIMED = DecodeOptions("en", words=True)


@pytest.fixture(scope="module")
def engine() -> StepEngine:
    return load_model(embedded_folder(), provider="cpu", threads=1)


def clip(seconds: float, language: str = "en") -> Clip:
    """Noise: the model may hear in it what it likes, as long as it is always the same."""
    n = round(seconds * SAMPLE_RATE)
    samples = 0.1 * np.random.default_rng(n).standard_normal(n)
    return Clip(samples.astype(np.float32), DecodeOptions(language))


def heard(engine: StepEngine, *clips: Clip) -> list[Hypothesis]:
    results = dict(transcribe(engine, clips))
    return [results[i] for i in range(len(clips))]


def test_the_embedded_model_introduces_itself(engine: StepEngine) -> None:
    assert engine.info.languages == ("en",)
    assert (engine.info.provider, engine.info.precision) == ("cpu", "int8")
    assert (engine.info.demonstration, engine.info.max_seconds) == (True, 15.0)


def test_clips_under_100_ms_never_reach_the_model(engine: StepEngine) -> None:
    empty = Clip(np.zeros(0, np.float32), DecodeOptions("en"))
    assert heard(engine, empty, clip(0.0999)) == [NOTHING_HEARD, NOTHING_HEARD]


def test_a_clips_text_does_not_depend_on_its_company(engine: StepEngine) -> None:
    clips = [clip(seconds) for seconds in (1.0, 0.1, 2.5, 1.0001, 0.05, 1.7)]
    clips.append(replace(clips[0], options=DecodeOptions("en", punctuation=False)))
    together = heard(engine, *clips)
    for one, result in zip(clips, together, strict=True):
        (alone,) = heard(engine, one)
        assert (alone.text, alone.tokens) == (result.text, result.tokens)
        assert 0 <= (result.confidence or 0) <= 1


def test_a_draft_does_not_change_the_text(engine: StepEngine) -> None:
    for one in (clip(1.0), clip(2.5)):
        (plain,) = heard(engine, one)
        for draft in (plain.tokens, plain.tokens[:2], (20, 21, 22)):
            (drafted,) = heard(engine, replace(one, draft=draft))
            assert drafted.tokens == plain.tokens


def test_words_come_where_they_are_asked_for_and_change_nothing_else(engine: StepEngine) -> None:
    assert engine.info.word_timings
    clips = [clip(seconds) for seconds in (1.0, 2.5, 0.05)]
    plain = heard(engine, *clips)
    timed = heard(engine, *(replace(one, options=TIMED) for one in clips), clips[0])
    assert timed[-1] == plain[0]
    for one, without, result in zip(clips, plain, timed, strict=False):
        assert replace(result, words=None) == without
        assert result.words is not None
        assert " ".join(word.text for word in result.words) == result.text
        assert all(0 <= word.start <= word.end <= one.seconds for word in result.words)
    (drafted,) = heard(engine, replace(clips[1], options=TIMED, draft=plain[1].tokens))
    assert drafted.words is not None
    for word, other in zip(drafted.words, timed[1].words or (), strict=True):
        assert word.start == pytest.approx(other.start, abs=0.001)
        assert word.confidence == pytest.approx(other.confidence, rel=1e-3)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (clip(15.001), "15.00 s is longer than the model's 15 s"),
        (clip(1.0, "fr"), "does not know the language 'fr'; it knows en"),
        (Clip(np.full(2000, np.nan, np.float32), DecodeOptions("en")), "no numbers"),
        (Clip(np.full(2000, np.inf, np.float32), DecodeOptions("en")), "no numbers"),
    ],
)
def test_a_wrong_clip_is_refused_before_anything_is_done(
    engine: StepEngine, wrong: Clip, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        next(transcribe(engine, [clip(1.0), wrong]))
    assert len(heard(engine, clip(0.5))) == 1


def test_clips_join_and_leave_by_key_and_drop_and_reset_forget_them(engine: StepEngine) -> None:
    engine.reset()
    assert engine.step() == []
    for key, seconds in ((7, 1.0), (8, 0.01), (9, 1.3), (10, 0.01)):
        engine.join(key, clip(seconds))
    engine.drop(9)
    engine.drop(10)
    ended = dict(engine.step())
    while len(ended) < 2:
        ended |= dict(engine.step())
    assert set(ended) == {7, 8}
    assert ended[8] == NOTHING_HEARD
    assert isinstance(ended[7], Hypothesis)
    assert ended[7].tokens == heard(engine, clip(1.0))[0].tokens
    engine.join(1, clip(1.0))
    engine.join(2, clip(0.01))
    engine.reset()
    assert engine.step() == []
    assert engine.free_slots > 0


def test_a_vocabulary_larger_than_the_graphs_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(embedded_folder(), folder)
    with (folder / "tokens.txt").open("a", encoding="utf-8") as file:
        file.write("surplus 99999\n")
    with pytest.raises(ModelError, match=r"has ids up to 99999, but decoder\.onnx knows only"):
        load_model(folder, provider="cpu")


def test_graphs_of_another_contract_are_refused_with_their_inputs(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(embedded_folder(), folder)
    shutil.copyfile(folder / "encoder.int8.onnx", folder / "decoder.onnx")
    with pytest.raises(ModelError, match=r"no known model contract \(inputs: mel"):
        load_model(folder, provider="cpu")
