"""How often the default model's integers hear otherwise than FP32, and what drafts save.

    pip install '.[loadtest,train]'
    streamer models pull moonshine
    python -m loadtest model integers FOLDER --clips 120 --json integers.json

FOLDER has a manifest.jsonl, as of `run wer`. Each recording is heard whole by both, one at a time:
clean, with white noise and with the babble of others at 10 dB. Texts are compared to the letter,
and after Whisper's English normaliser; the words of one that are not the other's are counted as
word errors are. Then the integers hear the clean ones as partials do, half a second and each time
at least a quarter more, with what they heard before as a draft, and without.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from loadtest.compare.torch_moonshine import published_model
from loadtest.options import report_option
from loadtest.progress import bar
from loadtest.reports import tell
from loadtest.run.wer.manifest import read_manifest, spread
from loadtest.run.wer.noises import Samples
from loadtest.run.wer.scoring import Errors, compared, summed
from loadtest.run.wer.sounds import KINDS
from streamer.decoding.batched_engine import transcribe
from streamer.decoding.step_engine import CountsWork, StepEngine
from streamer.families.moonshine.export.writing import write_graphs
from streamer.families.moonshine.family import VOCABULARY
from streamer.families.registry import load_model
from streamer.models.registry import resolve
from streamer.session.asking import PARTIAL_PACE
from streamer.session.settings import StreamSettings
from streamer.speech.clip import SAMPLE_RATE, Clip
from streamer.speech.hypothesis import Hypothesis
from streamer.speech.options import DecodeOptions

HEARD = ("clean", "white", "babble")
FIRST_S = 0.5
"""Of an utterance, when its first partial is asked for."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("source", type=Path, metavar="FOLDER", help="or a manifest")
    parser.add_argument("--clips", type=int, default=120)
    parser.add_argument("--kinds", nargs="+", choices=list(KINDS), default=list(HEARD))
    report_option(parser)


def run(options: argparse.Namespace) -> int:
    """Hear it all, and print a report."""
    recordings = spread([one for one in read_manifest(options.source) if one.text], options.clips)
    samples = [one.samples() for one in recordings]
    said = [one.text for one in recordings]
    published = resolve("moonshine")
    integers = load_model(published, provider="cpu", threads=1)
    with tempfile.TemporaryDirectory() as scratch:
        exact = load_model(_in_fp32(published, Path(scratch)), provider="cpu", threads=1)
    found: dict[str, object] = {}
    passes = (1 + len(options.kinds)) * len(samples)
    with bar(f"{passes} recordings, twice", passes) as advance:
        for kind in options.kinds:
            texts: list[tuple[str, str]] = []
            for place in range(len(samples)):
                clip = Clip(_sound(kind, samples, place), DecodeOptions("en"))
                texts.append((_heard(integers, clip).text, _heard(exact, clip).text))
                advance(1)
            found[kind] = _compared(said, texts)
        drafts = Drafts()
        for one in samples:
            drafts.hear(integers, one)
            advance(1)
    words = summed(zip(said, said, strict=True)).words
    tell(
        {"clips": len(samples), "words": words, **found, "partials": drafts.report()}, options.json
    )
    return 0


@dataclass(slots=True)
class Drafts:
    """Passes over growing clips, with drafts and without."""

    passes: int = 0
    unlike: int = 0
    with_drafts: int = 0
    """Decoder calls."""
    without: int = 0

    def hear(self, engine: StepEngine, samples: Samples) -> None:
        """Hear a recording as it grows."""
        assert isinstance(engine, CountsWork)
        least_s = StreamSettings(language="en").partial_interval_ms / 1000
        draft: tuple[int, ...] = ()
        seconds = FIRST_S
        while seconds * SAMPLE_RATE < len(samples):
            clip = Clip(samples[: round(seconds * SAMPLE_RATE)], DecodeOptions("en"))
            before = engine.work.calls
            plain = _heard(engine, clip)
            between = engine.work.calls
            drafted = _heard(engine, Clip(clip.samples, clip.options, draft))
            self.with_drafts += engine.work.calls - between
            self.without += between - before
            self.passes += 1
            self.unlike += drafted.text != plain.text
            draft = drafted.tokens
            seconds += max(least_s, PARTIAL_PACE * seconds)

    def report(self) -> dict[str, object]:
        """For JSON."""
        return {
            "passes": self.passes,
            "decoder calls without drafts": self.without,
            "with drafts": self.with_drafts,
            "texts that a draft changed": self.unlike,
        }


def _in_fp32(published: Path, folder: Path) -> Path:
    """Write graphs of the published weights in FP32; return their folder."""
    write_graphs(published_model(published), folder, name="fp32", language="en")
    (folder / VOCABULARY).write_bytes((published / VOCABULARY).read_bytes())
    return folder


def _heard(engine: StepEngine, clip: Clip) -> Hypothesis:
    ((_, hypothesis),) = transcribe(engine, [clip])
    return hypothesis


def _sound(kind: str, samples: Sequence[Samples], place: int) -> Samples:
    others = [one for number, one in enumerate(samples) if number != place]
    return KINDS[kind](samples[place], np.random.default_rng(place), others).samples


def _compared(said: Sequence[str], texts: Sequence[tuple[str, str]]) -> dict[str, object]:
    apart = [compared(exact, ours) for ours, exact in texts]
    return {
        "texts unlike": sum(ours != exact for ours, exact in texts),
        "texts with other words": sum(one.percent > 0 for one in apart),
        "words unlike, percent": round(sum(apart, Errors()).percent, 2),
        "word errors, percent": _percent(said, [ours for ours, _ in texts]),
        "word errors in FP32, percent": _percent(said, [exact for _, exact in texts]),
    }


def _percent(said: Sequence[str], heard: Sequence[str]) -> float:
    return round(summed(zip(said, heard, strict=True)).percent, 2)
