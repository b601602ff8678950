"""The published model in the engine: what it hears, what it refuses, what it says of itself."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from streamer.cli.demo import sample_path
from streamer.decoding.batched_engine import transcribe
from streamer.decoding.request import Request
from streamer.decoding.step_engine import StepEngine
from streamer.families.moonshine.sample_features import SampleFeatures
from streamer.families.registry import load_model
from streamer.models.assets import find
from streamer.models.catalogue import MOONSHINE
from streamer.models.errors import AssetMissingError, ModelError
from streamer.speech.clip import SAMPLE_RATE, Clip
from streamer.speech.hypothesis import NOTHING_HEARD, Hypothesis
from streamer.speech.options import DecodeOptions
from streamer.speech.plain import without_punctuation

ENGLISH = DecodeOptions("en")
PLAIN = DecodeOptions("en", punctuation=False)
TIMED = DecodeOptions("en", words=True)
PRINTING = (
    "Printing, then, for our purpose, may be considered as the art of making books by means of "
    "movable types."
)


@pytest.fixture(scope="module")
def published() -> Path:
    try:
        return find(MOONSHINE)
    except AssetMissingError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def engine(published: Path) -> StepEngine:
    return load_model(published, provider="cpu", threads=1)


def sample(start: float, seconds: float, options: DecodeOptions = ENGLISH) -> Clip:
    first = round(start * SAMPLE_RATE)
    read, _ = soundfile.read(
        sample_path(), dtype="float32", start=first, frames=round(seconds * SAMPLE_RATE)
    )
    return Clip(np.asarray(read, np.float32), options)


def heard(engine: StepEngine, *clips: Clip) -> list[Hypothesis]:
    results = dict(transcribe(engine, clips))
    return [results[place] for place in range(len(clips))]


def test_it_introduces_itself(engine: StepEngine) -> None:
    info = engine.info
    assert (info.name, info.languages) == ("moonshine-base-en", ("en",))
    assert (info.provider, info.precision, info.max_seconds) == ("cpu", "int8", 35.0)
    assert info.word_timings
    assert not info.demonstration


def test_human_speech_becomes_words_with_their_times(engine: StepEngine) -> None:
    (plain,) = heard(engine, sample(0, 8.2))
    assert without_punctuation(plain.text) == without_punctuation(PRINTING)
    (timed,) = heard(engine, sample(0, 8.2, TIMED))
    assert replace(timed, words=None) == plain
    assert timed.words is not None
    assert " ".join(word.text for word in timed.words) == plain.text
    starts = [word.start for word in timed.words]
    assert starts == sorted(starts)
    assert all(0 <= word.start <= word.end <= 8.2 for word in timed.words)


def test_punctuation_is_left_out_of_text_and_words(engine: StepEngine) -> None:
    (result,) = heard(engine, sample(0, 8.2, replace(TIMED, punctuation=False)))
    assert result.text == without_punctuation(PRINTING)
    assert result.words is not None
    assert " ".join(word.text for word in result.words) == result.text


def test_what_is_cut_off_is_not_gone_on_with(engine: StepEngine) -> None:
    """Whatever is heard of half a sentence was said: the words stand in the whole one."""
    for seconds in (1.5, 2.5, 3.5, 5.0):
        (result,) = heard(engine, sample(0, seconds, PLAIN))
        said = without_punctuation(PRINTING).lower().split()
        assert len(result.text.split()) <= len(said)
        assert sum(word not in said for word in result.text.lower().split()) <= 1


def test_short_clips_hear_nothing_and_silence_is_silence(engine: StepEngine) -> None:
    silence = [Clip(np.zeros(n, np.float32), ENGLISH) for n in (0, 1599, 1600, 5 * SAMPLE_RATE)]
    results = heard(engine, *silence)
    assert results[:2] == [NOTHING_HEARD, NOTHING_HEARD]
    assert [result.text for result in results] == [""] * 4


def test_drafts_and_company_leave_the_text_as_it_is(engine: StepEngine) -> None:
    clips = [sample(0, 8.2), sample(8.5, 4.6), sample(13.6, 6.2), sample(0, 3)]
    alone = [heard(engine, one)[0] for one in clips]
    assert [one.text for one in heard(engine, *clips)] == [one.text for one in alone]
    drafted = [replace(one, draft=two.tokens) for one, two in zip(clips, alone, strict=True)]
    assert [one.text for one in heard(engine, *drafted)] == [one.text for one in alone]


def test_other_languages_and_longer_clips_are_refused(engine: StepEngine) -> None:
    with pytest.raises(ValueError, match="'de' is not one of: en"):
        engine.join(1, sample(0, 1, DecodeOptions("de")))
    with pytest.raises(ValueError, match="longer than the model's 35 s"):
        engine.join(1, Clip(np.zeros(36 * SAMPLE_RATE, np.float32), ENGLISH))


def test_a_link_to_the_files_will_do_damage_will_not(published: Path, tmp_path: Path) -> None:
    linked, damaged = tmp_path / "linked", tmp_path / "damaged"
    linked.mkdir()
    for member in MOONSHINE.members:
        (linked / member.name).symlink_to(published / member.name)
    assert load_model(linked, threads=1).info.name == "moonshine-base-en"
    shutil.copytree(published, damaged)
    with (damaged / "encoder_model.ort").open("r+b") as file:
        file.seek(10_000_000)
        file.write(b"\x55\xaa")
    with pytest.raises(ModelError, match=r"encoder_model\.ort has another SHA-256"):
        load_model(damaged, threads=1)


def test_zeros_go_behind_the_samples() -> None:
    features = SampleFeatures(4800, 35.0)
    request = Request(np.ones(1600, np.float32), (1,))
    made = features.make(request)
    assert features.length(request) == len(made) == 6400
    assert made[:1600].all()
    assert not made[1600:].any()
    assert features.buckets[-1] == 35 * SAMPLE_RATE + 4800
    assert list(features.buckets) == sorted(features.buckets)
