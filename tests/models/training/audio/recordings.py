"""Recordings of people, by a folder's ``manifest.jsonl``: some to train on, the rest to measure."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from streamer.speech.clip import SAMPLE_RATE
from tests.models.training.audio.shards import ClipEntry, write_shard

TRAINABLE_FOLDER = "ljspeech"
"""The one part of the recordings that may be trained on (LJ Speech 1.1, public domain)."""

READER = "lj:reader"
"""The voice of those recordings, as shards name it."""


@dataclass(frozen=True, slots=True)
class Recording:
    """``text`` is empty where nobody speaks."""

    path: Path
    text: str
    trainable: bool


def read_manifest(folder: Path) -> list[Recording]:
    """Every recording that the folder's manifest names."""
    lines = (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    found: list[Recording] = []
    for line in lines:
        entry = json.loads(line)
        trainable = entry["file"].split("/")[0] == TRAINABLE_FOLDER
        found.append(
            Recording(
                folder / entry["file"],
                entry["text"] if entry["kind"] == "speech" else "",
                trainable,
            )
        )
    return found


def load(path: Path) -> NDArray[np.float32]:
    """(n,) float32 at 16 kHz, channels averaged."""
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    mono = samples.mean(axis=1)
    return (
        mono if rate == SAMPLE_RATE else soxr.resample(mono, rate, SAMPLE_RATE).astype(np.float32)
    )


def as_target(text: str) -> str | None:
    """The text in the vocabulary's characters; None where it has others (digits, say)."""
    text = re.sub(r"[\"()\[\]]", "", text)
    text = re.sub(r"\s*[;:]", ",", text).replace("--", ", ").replace("\u2019", "'")
    text = " ".join(text.split())
    return text if re.fullmatch(r"[A-Za-z',.?!\- ]+", text) else None


def write_shards(
    folder: Path,
    shards: Path,
    name: str = "lj",
    copies: int = 2,
    done: Callable[[int], None] = lambda _: None,
) -> None:
    """Makes shards of the trainable recordings, ``copies`` times to weigh against synthesis."""
    entries: list[ClipEntry] = []
    sounds: list[NDArray[np.int16]] = []
    position = 0
    for recording in read_manifest(folder):
        text = as_target(recording.text)
        if not recording.trainable or not text:
            continue
        sound = load(recording.path)
        sound = np.round(sound * (0.7 / max(0.05, float(np.abs(sound).max()))) * 32767).astype(
            np.int16
        )
        entries.append(ClipEntry(text, READER, f"{name}/{len(entries)}", position, len(sound)))
        sounds.append(sound)
        position += len(sound)
    for copy in range(copies):
        write_shard(shards, f"{name}-{copy:05d}", entries, sounds)
        done(copy)
