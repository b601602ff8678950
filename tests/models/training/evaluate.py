"""The embedded model's figures, through the engine that serves it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from streamer.decoding.batched_engine import transcribe
from streamer.decoding.step_engine import StepEngine
from streamer.speech.clip import SAMPLE_RATE, Clip
from streamer.speech.options import DecodeOptions
from tests.models.training import scoring
from tests.models.training.audio import augment, nonspeech, recordings
from tests.models.training.held_out import (
    Sample,
    Samples,
    clips,
    conversations,
    of_length,
    sentences,
)
from tests.models.training.streaming import finals

Effect = Callable[[np.random.Generator, Samples], Samples]

_LONGEST_SECONDS = 30.0
_SEED = 2026
_JOINED_ONE_IN = 5
"""Utterances of each length, and conversations: a fifth of the clips, since they are longer."""


@dataclass(frozen=True, slots=True)
class Result:
    """``value`` is a word error rate, or for non-speech the share of clips that gave any text."""

    name: str
    clips: int
    value: float
    examples: tuple[tuple[str, str], ...]
    """(reference, hypothesis) of the first clips that were wrong."""


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


def transcripts(engine: StepEngine, samples: list[Sample]) -> list[str]:
    """What the engine hears in each; only the first 30 s of longer ones."""
    longest = int(_LONGEST_SECONDS * SAMPLE_RATE)
    clips = [Clip(s.samples[:longest].astype(np.float32), DecodeOptions("en")) for s in samples]
    texts = [""] * len(clips)
    for index, hypothesis in transcribe(engine, clips):
        texts[index] = hypothesis.text
    return texts


def speech_result(
    engine: StepEngine, name: str, samples: list[Sample], effect: Effect | None = None
) -> Result:
    """The word error rate of some samples, after an effect where one is given."""
    rng = np.random.default_rng(_SEED)
    heard = [Sample(effect(rng, s.samples), s.text) for s in samples] if effect else samples
    texts = transcripts(engine, heard)
    return _result(name, [s.text for s in samples], texts)


def _result(name: str, references: list[str], texts: list[str]) -> Result:
    wrong = [
        (r, t)
        for r, t in zip(references, texts, strict=True)
        if scoring.normalised(r) != scoring.normalised(t)
    ]
    return Result(name, len(texts), scoring.word_error_rate(references, texts), tuple(wrong[:8]))


def silence_result(engine: StepEngine, samples: list[Sample]) -> Result:
    """The share of samples without speech that gave any text."""
    texts = transcripts(engine, samples)
    talked = [("", t) for t in texts if t]
    share = len(talked) / len(samples)
    return Result("non-speech clips that gave any text", len(samples), share, tuple(talked[:8]))


def streaming_results(engine: StepEngine, samples: list[Sample]) -> list[Result]:
    """The word error rate of the finals of streams, and of the same audio in one piece."""
    references = [s.text for s in samples]
    texts = [" ".join(finals(engine, s.samples)) for s in samples]
    streamed = _result("conversations of 4 sentences, streamed", references, texts)
    return [streamed, speech_result(engine, "the same conversations, each in one piece", samples)]


def evaluate(engine: StepEngine, shards: Path, folder: Path | None, count: int) -> Iterator[Result]:
    """Every figure of the model card. ``folder`` holds real recordings and their manifest."""
    seen = sentences(shards, "seen")
    clean, open_ended = clips(seen, count), clips(sentences(shards, "open"), count)
    unseen = clips(sentences(shards, "unseen"), count)
    yield speech_result(engine, "held-out sentences of the domain, seen voices", clean)
    yield speech_result(engine, "the same, unseen voices", unseen)
    yield speech_result(engine, "prose and unrelated words, seen voices", open_ended)
    yield speech_result(engine, "domain, seen voices, noise floor of -70 dBFS", clean, faintly)
    yield speech_result(engine, "domain, seen voices, noise at 10 dB", clean, with_noise)
    yield speech_result(engine, "domain, seen voices, µ-law at 8 kHz", clean, over_the_telephone)
    long = -(-count // _JOINED_ONE_IN)
    for shortest, longest in ((5, 10), (10, 15), (15, 20)):
        joint = of_length(seen, shortest, longest, long)
        yield speech_result(engine, f"sentences joined to {shortest} to {longest} s", joint)
    rng = np.random.default_rng(_SEED)
    yield from streaming_results(engine, conversations(rng, seen, long))
    if folder is not None:
        yield speech_result(engine, "real recordings of people", real(folder))
    yield silence_result(engine, without_speech(folder, count))
