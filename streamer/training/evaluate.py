"""The embedded model's figures, through the engine that serves it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from streamer.engine.base import SAMPLE_RATE, Clip
from streamer.engine.onnx.engine import OnnxEngine
from streamer.training import scoring
from streamer.training.audio import augment, nonspeech, recordings
from streamer.training.audio.shards import as_float, read_shard, shard_paths

Samples = NDArray[np.float32]
Effect = Callable[[np.random.Generator, Samples], Samples]

_MARGIN = SAMPLE_RATE // 4
"""What the endpointer leaves before and after speech: 0.25 s."""
_LONGEST_SECONDS = 30.0
_SEED = 2026


@dataclass(frozen=True, slots=True)
class Result:
    """``value`` is a word error rate, or for non-speech the share of clips that gave any text."""

    name: str
    clips: int
    value: float
    examples: tuple[tuple[str, str], ...]
    """(reference, hypothesis) of the first clips that were wrong."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Sound, and what was said in it."""

    samples: Samples
    text: str


def held_out(shards: Path, split: str, count: int) -> list[Sample]:
    """Clips of the evaluation shards, with margins, spread over the split."""
    found: list[Sample] = []
    for path in shard_paths(shards, split):
        shard = read_shard(path)
        for entry in shard.entries:
            sound = as_float(shard.clip(entry)) * np.float32(0.5)
            found.append(Sample(np.pad(sound, _MARGIN), entry.text))
    return found[:: max(1, len(found) // count)][:count]


def with_noise(rng: np.random.Generator, samples: Samples) -> Samples:
    """At 10 dB."""
    return augment.noisy(rng, samples, 10.0)


def over_the_telephone(_: np.random.Generator, samples: Samples) -> Samples:
    """8 kHz mu-law."""
    return augment.narrow_band(samples)


def faintly(rng: np.random.Generator, samples: Samples) -> Samples:
    """A room's floor at -70 dBFS: clean audio as a microphone gives it."""
    return samples + (rng.standard_normal(len(samples)) * 10 ** (-70 / 20)).astype(np.float32)


def real(folder: Path) -> list[Sample]:
    """The recordings with speech that nothing was trained on."""
    chosen = [r for r in recordings.read_manifest(folder) if r.text and not r.trainable]
    return [Sample(recordings.load(r.path), r.text) for r in chosen]


def without_speech(folder: Path | None, count: int) -> list[Sample]:
    """Synthetic non-speech of 1 to 8 s, and stretches of the recordings without speech."""
    rng = np.random.default_rng(_SEED)
    found: list[Sample] = []
    for _ in range(count):
        length = int(rng.uniform(1, 8) * SAMPLE_RATE)
        found.append(Sample(nonspeech.draw(rng, length, []), ""))
    quiet = [r for r in recordings.read_manifest(folder) if not r.text] if folder else []
    for recording in quiet:
        sound = recordings.load(recording.path)
        pieces = [sound[i : i + 4 * SAMPLE_RATE] for i in range(0, len(sound), 4 * SAMPLE_RATE)][
            :20
        ]
        found += [Sample(p, "") for p in pieces if len(p) >= SAMPLE_RATE // 2]
    return found


def transcripts(engine: OnnxEngine, samples: list[Sample]) -> list[str]:
    """What the engine hears in each; only the first 30 s of longer ones."""
    longest = int(_LONGEST_SECONDS * SAMPLE_RATE)
    clips = [Clip(s.samples[:longest].astype(np.float32), "en", True) for s in samples]
    texts = [""] * len(clips)
    for index, hypothesis in engine.transcribe(clips):
        texts[index] = hypothesis.text
    return texts


def speech_result(
    engine: OnnxEngine, name: str, samples: list[Sample], effect: Effect | None = None
) -> Result:
    """The word error rate of some samples, after an effect where one is given."""
    rng = np.random.default_rng(_SEED)
    heard = [Sample(effect(rng, s.samples), s.text) for s in samples] if effect else samples
    texts = transcripts(engine, heard)
    references = [s.text for s in samples]
    wrong = [
        (r, t)
        for r, t in zip(references, texts, strict=True)
        if scoring.normalised(r) != scoring.normalised(t)
    ]
    return Result(name, len(samples), scoring.word_error_rate(references, texts), tuple(wrong[:8]))


def silence_result(engine: OnnxEngine, samples: list[Sample]) -> Result:
    """The share of samples without speech that gave any text."""
    texts = transcripts(engine, samples)
    talked = [("", t) for t in texts if t]
    return Result(
        "non-speech with any text", len(samples), len(talked) / len(samples), tuple(talked[:8])
    )


def evaluate(engine: OnnxEngine, shards: Path, folder: Path | None, count: int) -> list[Result]:
    """Every figure of the model card. ``folder`` holds real recordings and their manifest."""
    seen, unseen = held_out(shards, "seen", count), held_out(shards, "unseen", count)
    results = [
        speech_result(engine, "held-out text, seen voices", seen),
        speech_result(engine, "held-out text, unseen voices", unseen),
        speech_result(engine, "other English, seen voices", held_out(shards, "open", count)),
        speech_result(engine, "seen voices, noise floor -70 dBFS", seen, faintly),
        speech_result(engine, "seen voices, 10 dB noise", seen, with_noise),
        speech_result(engine, "seen voices, mu-law 8 kHz", seen, over_the_telephone),
    ]
    if folder is not None:
        results.append(speech_result(engine, "real recordings", real(folder)))
    results.append(silence_result(engine, without_speech(folder, count)))
    return results
