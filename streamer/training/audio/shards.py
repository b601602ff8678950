"""Clean speech on disk: numbered shards, each made from its own seed, so that any can be made again.

A shard is ``NAME.pcm`` (int16, 16 kHz, clips end to end) and ``NAME.jsonl`` (one clip a line). The
index is renamed into place last: a shard with an index is complete, and synthesis resumes by number.
"""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from streamer.engine.base import SAMPLE_RATE
from streamer.training.audio import voices
from streamer.training.audio.synthesis import SynthesisError, synthesise
from streamer.training.text import corpus

Split = Literal["train", "seen", "unseen"]
"""``train``; held-out text in ``seen`` voices; held-out text in ``unseen`` voices."""

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
        return self.samples / SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class Shard:
    entries: tuple[ClipEntry, ...]
    sound: NDArray[np.int16]

    def clip(self, entry: ClipEntry) -> NDArray[np.int16]:
        return self.sound[entry.start : entry.start + entry.samples]


def shard_name(split: Split, number: int) -> str:
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
        texts = [corpus.draw(rng, evaluation=split != "train") for _ in range(_TEXTS_PER_VOICE)]
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


def write_shard(folder: Path, name: str, entries: list[ClipEntry], sounds: list[NDArray[np.int16]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    np.concatenate(sounds).tofile(folder / f"{name}.pcm")
    draft = folder / f"{name}.jsonl.part"
    draft.write_text("".join(json.dumps(asdict(e)) + "\n" for e in entries), encoding="utf-8")
    os.replace(draft, folder / f"{name}.jsonl")


def read_shard(index: Path) -> Shard:
    lines = index.read_text(encoding="utf-8").splitlines()
    entries = tuple(ClipEntry(**json.loads(line)) for line in lines)
    return Shard(entries, np.memmap(index.with_suffix(".pcm"), dtype=np.int16, mode="r"))


def shard_paths(folder: Path, prefix: str) -> list[Path]:
    """The indexes of the complete shards, in order."""
    return sorted(folder.glob(f"{prefix}-*.jsonl"))


def make_shards(
    folder: Path, split: Split, numbers: Iterator[int] | range, done: Callable[[int], None] = lambda _: None
) -> None:
    for number in numbers:
        make_shard(folder, split, number)
        done(number)
