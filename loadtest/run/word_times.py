"""How far a model's word times are from the synthesiser's own.

    python -m loadtest run word-times --model moonshine --sentences 120

Sentences of the embedded model's domain, spoken by espeak-ng and flite, which tell when each word
begins and ends. Words that the model heard otherwise than they were written do not count.
"""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from random import Random

import numpy as np

from loadtest.errors import CommandError
from loadtest.synthetic_truth import Speaker, Spoken, SpokenWord, espeak, flite
from streamer.decoding.batched_engine import transcribe
from streamer.decoding.step_engine import StepEngine
from streamer.families.registry import load_model
from streamer.models.registry import resolve
from streamer.speech.clip import SAMPLE_RATE, Clip
from streamer.speech.hypothesis import Word
from streamer.speech.options import DecodeOptions
from tests.models.training.text.corpus import draw_domain

MARGIN_S = 0.25
"""Silence around each sentence, as the endpointer leaves it."""
FLOOR = 10 ** (-70 / 20)
"""Noise of a quiet room, standard deviation."""

SPEAKERS = {
    "espeak-ng": [espeak(f"en-us+{voice}") for voice in ("m3", "f2", "Andy")],
    "flite": [flite(voice) for voice in ("slt", "rms", "awb")],
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--model", default="moonshine", help="a name or a folder")
    parser.add_argument("--sentences", type=int, default=120, help="how many to speak")


def run(options: argparse.Namespace) -> int:
    """Print the table."""
    engine = load_model(resolve(options.model))
    if not engine.info.word_timings:
        raise CommandError(f"{options.model} cannot tell word timings")
    said = {
        name: list(_spoken(speakers, options.sentences // 2)) for name, speakers in SPEAKERS.items()
    }
    print(f"{'':12}{'words':>6}  {'start: median':>14} {'p90':>5}  {'end: median':>12} {'p90':>5}")
    every: list[tuple[float, float]] = []
    for name, clips in said.items():
        errors = [error for clip in clips for error in _errors(engine, clip)]
        every += errors
        print(_line(name, errors))
    print(_line("together", every))
    return 0


def spoken_sentences(count: int) -> list[Spoken]:
    """Sentences of the domain, each by another of the voices in turn."""
    voices = [voice for pair in zip(*SPEAKERS.values(), strict=True) for voice in pair]
    return list(_spoken(voices, count))


def _spoken(speakers: list[Speaker], count: int) -> Iterator[Spoken]:
    rng, noise = Random("word times"), np.random.default_rng(1)
    margin = round(MARGIN_S * SAMPLE_RATE)
    for number in range(count):
        sentence = draw_domain(rng)
        clip = speakers[number % len(speakers)](sentence)
        samples = np.pad(clip.samples * (0.5 / np.abs(clip.samples).max()), margin)
        samples += FLOOR * noise.standard_normal(len(samples))
        words = [SpokenWord(w.text, w.start + MARGIN_S, w.end + MARGIN_S) for w in clip.words]
        yield Spoken(samples.astype(np.float32), tuple(words))


def _errors(engine: StepEngine, spoken: Spoken) -> Iterator[tuple[float, float]]:
    """Seconds by which each rightly heard word begins and ends too late; NaN where unknown."""
    ((_, heard),) = transcribe(engine, [Clip(spoken.samples, DecodeOptions("en", words=True))])
    assert heard.words is not None
    said, got = list(map(_plain, spoken.words)), list(map(_plain, heard.words))
    for block in SequenceMatcher(None, said, got, autojunk=False).get_matching_blocks():
        truths = spoken.words[block.a : block.a + block.size]
        for truth, word in zip(truths, heard.words[block.b :], strict=False):
            yield word.start - truth.start, word.end - truth.end


def _plain(word: SpokenWord | Word) -> str:
    return re.sub(r"[^a-z']", "", word.text.lower())


def _line(name: str, errors: list[tuple[float, float]]) -> str:
    cells: list[str] = []
    for which in (0, 1):
        ms = [abs(error[which]) * 1000 for error in errors if not math.isnan(error[which])]
        median, p90 = np.percentile(ms, [50, 90])
        cells.append(f"{median:11.0f} ms {p90:5.0f}")
    return f"{name:12}{len(errors):6}  {'  '.join(cells)}"
