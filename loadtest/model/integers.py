"""How often the default model's integers hear otherwise than its weights in FP32 do.

    pip install '.[loadtest,train]'
    streamer models pull moonshine
    python -m loadtest model integers FOLDER --clips 120 --json integers.json

FOLDER has a manifest.jsonl, as of `run wer`. Each recording is heard whole by both, one at a time:
clean, with white noise and with the babble of others at 10 dB. Texts are compared to the letter,
and after Whisper's English normaliser; the words of one that are not the other's are counted as
word errors are. `--model` names another folder in place of the integers.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from loadtest.compare.torch_moonshine import published_model
from loadtest.options import report_option
from loadtest.progress import bar
from loadtest.reports import tell
from loadtest.run.wer.manifest import read_manifest, spread
from loadtest.run.wer.noises import Samples
from loadtest.run.wer.scoring import Errors, compared
from loadtest.run.wer.sounds import KINDS
from streamer.decoding.batched_engine import transcribe
from streamer.families.moonshine.export.writing import write_graphs
from streamer.families.moonshine.family import VOCABULARY
from streamer.families.registry import load_model
from streamer.models.registry import resolve
from streamer.speech.clip import Clip
from streamer.speech.options import DecodeOptions

HEARD = ("clean", "white", "babble")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("source", type=Path, metavar="FOLDER", help="or a manifest")
    parser.add_argument("--clips", type=int, default=120)
    parser.add_argument("--kinds", nargs="+", choices=list(KINDS), default=list(HEARD))
    parser.add_argument("--model", type=Path, help="a folder (default: the published model)")
    report_option(parser)


def run(options: argparse.Namespace) -> int:
    """Hear it all twice, and print a report."""
    recordings = spread([one for one in read_manifest(options.source) if one.text], options.clips)
    samples = [one.samples() for one in recordings]
    said = [one.text for one in recordings]
    published = resolve("moonshine")
    integers = load_model(options.model or published, threads=1)
    with tempfile.TemporaryDirectory() as scratch:
        exact = load_model(_in_fp32(published, Path(scratch)), threads=1)
    found: dict[str, object] = {}
    total = len(options.kinds) * len(samples)
    with bar(f"{total} recordings, twice", total) as advance:
        for kind in options.kinds:
            texts: list[list[str]] = [[], []]
            for place in range(len(samples)):
                clip = Clip(_sound(kind, samples, place), DecodeOptions("en"))
                for heard, engine in zip(texts, (integers, exact), strict=True):
                    ((_, hypothesis),) = transcribe(engine, [clip])
                    heard.append(hypothesis.text)
                advance(1)
            found[kind] = _compared(said, *texts)
    tell({"clips": len(samples), "words": _words(said), **found}, options.json)
    return 0


def _in_fp32(published: Path, folder: Path) -> Path:
    """Write graphs of the published weights in FP32; return their folder."""
    write_graphs(published_model(published), folder, name="fp32", language="en")
    (folder / VOCABULARY).write_bytes((published / VOCABULARY).read_bytes())
    return folder


def _sound(kind: str, samples: Sequence[Samples], place: int) -> Samples:
    others = [one for number, one in enumerate(samples) if number != place]
    return KINDS[kind](samples[place], np.random.default_rng(place), others).samples


def _words(texts: Sequence[str]) -> int:
    return sum(compared(text, text).words for text in texts)


def _compared(said: Sequence[str], ours: Sequence[str], exact: Sequence[str]) -> dict[str, float]:
    apart = [compared(one, other) for one, other in zip(exact, ours, strict=True)]
    percent = partial(_percent, said)
    return {
        "texts unlike": sum(one != other for one, other in zip(ours, exact, strict=True)),
        "texts with other words": sum(one.percent > 0 for one in apart),
        "words unlike, percent": round(sum(apart, Errors()).percent, 2),
        "word errors, percent": percent(ours),
        "word errors in FP32, percent": percent(exact),
    }


def _percent(said: Sequence[str], heard: Sequence[str]) -> float:
    pairs = zip(said, heard, strict=True)
    return round(sum((compared(*pair) for pair in pairs), Errors()).percent, 2)
