"""The small models, in the package and for tests: nearly the same in both contracts."""

from __future__ import annotations

from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
import pytest
import soundfile
from synthetic import SAMPLE

from streamer.decoding.batched_engine import transcribe
from streamer.families.registry import load_model
from streamer.models.registry import embedded_folder
from streamer.speech.clip import SAMPLE_RATE, Clip
from streamer.speech.options import DecodeOptions

HERE = Path(__file__).parent
EMBEDDED = (embedded_folder(), HERE / "published" / "embedded")
TINY = (HERE / "embedded-tiny", HERE / "published" / "embedded-tiny")


@pytest.mark.parametrize(("folders", "most_mb"), [(EMBEDDED, 30), (TINY, 4)])
def test_each_contract_is_within_its_size(folders: tuple[Path, Path], most_mb: int) -> None:
    for folder in folders:
        files = [*folder.glob("*.onnx"), folder / "tokens.txt"]
        assert len(files) == 3
        assert sum(file.stat().st_size for file in files) < most_mb * 1e6


@pytest.mark.parametrize("folders", [EMBEDDED, TINY])
def test_both_contracts_hear_nearly_the_same_in_the_first_sentence(
    folders: tuple[Path, Path],
) -> None:
    """Nearly: the same weights, but integers by calls, by rows or none, so they round otherwise."""
    samples, _ = soundfile.read(SAMPLE, dtype="float32", stop=5 * SAMPLE_RATE)
    clip = Clip(np.asarray(samples, np.float32), DecodeOptions("en"))
    texts: list[str] = []
    for folder in folders:
        engine = load_model(folder, threads=1)
        assert engine.info.demonstration
        ((_, hypothesis),) = transcribe(engine, [clip])
        texts.append(hypothesis.text)
    assert SequenceMatcher(None, texts[0], texts[1]).ratio() > 0.8
    assert all(text.startswith("Good morning, my") for text in texts)
