"""Clean speech on disk: numbered shards, each made from its own seed, to be made again at will.

A shard is ``NAME.pcm`` (int16, 16 kHz, clips end to end) and ``NAME.jsonl`` (one clip a line). The
index is renamed into place last: a shard with an index is complete, and synthesis resumes by
number.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from streamer.speech.clip import SAMPLE_RATE
from tests.models.training.audio import voices
from tests.models.training.audio.synthesis import SynthesisError, synthesise
from tests.models.training.text import corpus

Split = Literal["train", "seen", "unseen", "open"]
"""``train``; for the evaluation, held-out sentences of the domain in ``seen`` and in ``unseen``
voices, and other held-out English in seen voices (``open``)."""

CLIPS_PER_SHARD = 400
_TEXTS_PER_VOICE = 8
"""Sentences in a row from one voice and delivery: long utterances are joined from them."""


@dataclass(frozen=True, slots=True)
class ClipEntry:
    """One clip of a shard; ``start`` and ``samples`` count int16 samples in the shard's sound."""

    text: str
    voice: str
    group: str
    start: int
    samples: int

    @property
    def seconds(self) -> float:
        """Length."""
        return self.samples / SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class Shard:
    """Clips and their sound; ``word_ends`` (`word_ends_path`) is None before the alignment."""

    entries: tuple[ClipEntry, ...]
    sound: NDArray[np.int16]
    word_ends: tuple[tuple[float, ...], ...] | None = None

    def clip(self, entry: ClipEntry) -> NDArray[np.int16]:
        """(n,) int16 at 16 kHz."""
        return self.sound[entry.start : entry.start + entry.samples]


def as_float(clip: NDArray[np.int16]) -> NDArray[np.float32]:
    """Samples in [-1, 1)."""
    return clip.astype(np.float32) * np.float32(2.0**-15)


def shard_name(split: Split, number: int) -> str:
    """The files' name without suffix; also the seed."""
    return f"{split}-{number:05d}"


def make_shard(folder: Path, split: Split, number: int, clips: int = CLIPS_PER_SHARD) -> None:
    """Synthesises one shard, unless it is there already."""
    name = shard_name(split, number)
    if (folder / f"{name}.jsonl").exists():
        return
    rng = Random(f"{name}")
    pool = voices.unseen_voices() if split == "unseen" else voices.training_voices()
    entries: list[ClipEntry] = []
    sounds: list[NDArray[np.int16]] = []
    position = 0
    while len(entries) < clips:
        voice, delivery = voices.draw_voice(rng, pool), voices.draw_delivery(rng)
        texts = [_text(rng, split) for _ in range(_TEXTS_PER_VOICE)]
        try:
            spoken = synthesise(voice, delivery, [corpus.spoken(t) for t in texts])
        except SynthesisError:
            continue  # a sentence that one engine cannot read; the next draw replaces it
        group = f"{name}/{len(entries)}"
        for text, sound in zip(texts, spoken, strict=True):
            entries.append(ClipEntry(text, voice.label, group, position, len(sound)))
            sounds.append(sound)
            position += len(sound)
    write_shard(folder, name, entries, sounds)


def _text(rng: Random, split: Split) -> str:
    if split == "train":
        return corpus.draw(rng, evaluation=False)
    return corpus.draw_open(rng) if split == "open" else corpus.draw_domain(rng)


def write_shard(
    folder: Path, name: str, entries: list[ClipEntry], sounds: list[NDArray[np.int16]]
) -> None:
    """Writes the sound, then the index."""
    folder.mkdir(parents=True, exist_ok=True)
    np.concatenate(sounds).tofile(folder / f"{name}.pcm")
    draft = folder / f"{name}.jsonl.part"
    draft.write_text("".join(json.dumps(asdict(e)) + "\n" for e in entries), encoding="utf-8")
    os.replace(draft, folder / f"{name}.jsonl")


def read_shard(index: Path) -> Shard:
    """Reads the index; the sound stays on disk until it is looked at."""
    lines = index.read_text(encoding="utf-8").splitlines()
    entries = tuple(ClipEntry(**json.loads(line)) for line in lines)
    sound = np.memmap(index.with_suffix(".pcm"), dtype=np.int16, mode="r")
    ends = word_ends_path(index)
    if not ends.exists():
        return Shard(entries, sound)
    return Shard(entries, sound, tuple(tuple(row) for row in json.loads(ends.read_text())))


def word_ends_path(index: Path) -> Path:
    """Where the seconds at which each clip's words end are kept: a JSON list of lists.

    An empty list stands for a clip that could not be aligned.
    """
    return index.with_suffix(".ends")


def shard_paths(folder: Path, prefix: str) -> list[Path]:
    """The indexes of the complete shards, in order."""
    return sorted(folder.glob(f"{prefix}-*.jsonl"))
