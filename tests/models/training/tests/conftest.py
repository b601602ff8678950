"""Small real things: a shard of made-up sound, a vocabulary, a tiny model's size."""

from pathlib import Path

import numpy as np
import pytest

SENTENCES = [
    "Turn on the lights.",
    "My number is two three nine.",
    "Call Anna Smith, please.",
    "Is the door open?",
]


@pytest.fixture(scope="session")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder with a vocabulary and one shard of noise that passes for speech."""
    torch = pytest.importorskip("torch", reason="needs torch (the extra [train])")
    pytest.importorskip("sentencepiece", reason="needs sentencepiece (the extra [train])")
    torch.set_num_threads(1)  # these models are so small that threads only wait for each other
    from random import Random

    from tests.models.training import vocabulary
    from tests.models.training.audio.shards import ClipEntry, write_shard
    from tests.models.training.folders import Folders
    from tests.models.training.text import grammar

    folders = Folders(tmp_path_factory.mktemp("training"))
    rng = Random(1)
    vocabulary.build(folders.vocabulary, [grammar.sentence(rng) for _ in range(2000)])
    noise = np.random.default_rng(1)
    entries: list[ClipEntry] = []
    sounds = [noise.integers(-3000, 3000, 32_000).astype(np.int16) for _ in range(12)]
    for i, sound in enumerate(sounds):
        text = SENTENCES[i % len(SENTENCES)]
        entries.append(ClipEntry(text, "flite:slt", f"group/{i // 4}", 32_000 * i, len(sound)))
    write_shard(folders.shards, "train-00000", entries, sounds)
    return folders.work
