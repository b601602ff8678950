"""Bars on what the default model makes of human beings: words, flicker, promises, text of noise.

142 words of three readers, so that one word is 0.7 points: a bar shows that something broke. What
the model can do, `python -m loadtest run wer` over more speech tells.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from sounds import Samples

pytest.importorskip("jiwer", reason="needs the extra loadtest")
pytest.importorskip("whisper_normalizer", reason="needs the extra loadtest")

from loadtest.__main__ import main
from streamer.cli.demo import sample_path
from streamer.models.assets import find
from streamer.models.catalogue import MOONSHINE
from streamer.models.errors import AssetMissingError
from streamer.speech.clip import SAMPLE_RATE

RECORDINGS = Path(__file__).parents[1] / "recordings"
GAP = SAMPLE_RATE // 2
BARS = ["5", "mulaw=6.5", "white=12", "babble=16"]


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """Name the recordings, and the sentences of the sample, which lies elsewhere."""
    lines = (RECORDINGS / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    recordings = [json.loads(line) for line in lines]
    for one in recordings:
        one["file"] = str(RECORDINGS / one["file"])
    texts = sample_path().with_suffix(".txt").read_text(encoding="utf-8").splitlines()
    for number, (samples, text) in enumerate(zip(sentences(), texts, strict=True)):
        path = tmp_path / f"{number}.wav"
        soundfile.write(path, samples, SAMPLE_RATE)
        recordings.append({"file": str(path), "kind": "speech", "text": text})
    path = tmp_path / "manifest.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in recordings), encoding="utf-8")
    return path


def sentences() -> list[Samples]:
    """Cut the sample at its silences, which are digital ones."""
    read, _ = soundfile.read(sample_path(), dtype="float32")
    samples = np.asarray(read, np.float32)
    spoken = np.flatnonzero(samples)
    parts = np.split(spoken, np.flatnonzero(np.diff(spoken) > GAP) + 1)
    return [samples[part[0] : part[-1] + 1] for part in parts]


@pytest.mark.timeout(600)  # half a minute where nobody else works
def test_the_default_model_keeps_its_bars(manifest: Path, tmp_path: Path) -> None:
    try:
        find(MOONSHINE)
    except AssetMissingError as error:
        pytest.skip(str(error))
    out = tmp_path / "wer.json"
    words = ["run", "wer", str(manifest), "--short", "--model", "moonshine"]
    bars = [word for bar in BARS for word in ("--max-wer", bar)]
    bars += ["--max-gap", "1.5", "--max-flicker", "0.3", "--max-made-up", "0"]
    status = main([*words, *bars, "--json", str(out)])
    assert (json.loads(out.read_text(encoding="utf-8"))["missed"], status) == ([], 0)
