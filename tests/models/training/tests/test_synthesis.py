"""The synthesisers, where they are installed."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("soxr", reason="needs soxr")

from tests.models.training.audio import shards, synthesis, voices
from tests.models.training.audio.voices import Delivery, Voice

_MISSING = synthesis.missing_programs()
pytestmark = pytest.mark.skipif(
    bool(_MISSING), reason=f"needs the speech synthesisers {', '.join(_MISSING)}"
)


@pytest.mark.parametrize(
    "voice",
    [
        Voice("espeak-ng", "en-gb+f1"),
        Voice("flite", "slt"),
        Voice("festival", "kal_diphone"),
    ],
    ids=lambda v: v.label,
)
def test_every_engine_speaks(voice: Voice) -> None:
    try:
        (sound,) = synthesis.synthesise(voice, Delivery(1.0, 0.0), ["Good morning to you."])
    except synthesis.SynthesisError as error:
        pytest.skip(f"the voice is not installed: {error}")
    assert sound.dtype == np.int16
    assert 0.6 < len(sound) / 16_000 < 3.0
    assert np.abs(sound[:480]).max() < np.abs(sound).max()


def test_no_unseen_voice_is_trained_on() -> None:
    trained = {v.label for v in voices.training_voices()}
    variants = {label.split("+")[-1] for label in trained}
    for voice in voices.unseen_voices():
        assert voice.label not in trained
        assert voice.label.split("+")[-1] not in variants


def test_a_shard_is_made_once_and_read_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    robot = (Voice("espeak-ng", "en-us+m1"),)
    monkeypatch.setattr(voices, "training_voices", lambda: robot)
    shards.make_shard(tmp_path, "train", 0, clips=4)
    (index,) = shards.shard_paths(tmp_path, "train")
    shard = shards.read_shard(index)
    assert len(shard.entries) >= 4
    assert sum(e.samples for e in shard.entries) == len(shard.sound)
    before = index.stat().st_mtime_ns
    shards.make_shard(tmp_path, "train", 0, clips=4)
    assert index.stat().st_mtime_ns == before
