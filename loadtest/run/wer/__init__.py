"""Word errors on human speech, offline and streamed side by side, and what is made up of noise.

    python -m loadtest run wer FOLDER --output wer.json
    python -m loadtest run wer manifest.jsonl --short --max-wer 5 --max-wer white=12 -- --threads 1

FOLDER has a manifest.jsonl, a JSON object a line: `file`, `kind` (speech or noise), `text`, and
`language`, which must be English. Each recording is heard clean, as mu-law at 8 kHz, and with white
noise and with the babble of others at 10 dB: offline (the model alone, all at once) and over a
WebSocket with each voice detector. Words are compared after Whisper's English normaliser, those in
round brackets too, which it would drop. A false end is a pause that ended an utterance within a
sentence. Unheard are recordings of which there is no word at all. Made up is text where nobody
speaks: the manifest's noises, and silence, noise, tones, keys and clicks of ours. Clean sounds are
streamed at the speed of life, so that flicker can be told: erased words over final words, case and
punctuation aside. A table on standard error puts it all side by side. The exit status is 1 where a
partial takes back what was stable, or a bar is missed; bars are about the default detector.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import uvloop

from loadtest.errors import CommandError
from loadtest.options import report_option, server_options
from loadtest.progress import note, show
from loadtest.reports import tell
from loadtest.run.wer.bars import Bars, wer_bar
from loadtest.run.wer.detectors import detectors_of
from loadtest.run.wer.evaluation import Evaluation
from loadtest.run.wer.manifest import read_manifest, spread
from loadtest.run.wer.sounds import KINDS
from loadtest.run.wer.table import table
from loadtest.serving import served
from streamer.cli.errors import CommandError as ProductError
from streamer.cli.loading import load_step_engine
from streamer.settings import Settings
from streamer.vad.registry import DETECTORS

SHORT_CLIPS = 24


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    server_options(parser)
    parser.add_argument("source", type=Path, metavar="FOLDER", help="or a manifest")
    parser.add_argument("--model", help="as of `streamer serve` (default: its default)")
    parser.add_argument("--clips", type=int, help="hear only so many of those with speech")
    parser.add_argument(
        "--short", action="store_true", help=f"{SHORT_CLIPS} clips and the default detector: for CI"
    )
    parser.add_argument("--kinds", nargs="+", choices=list(KINDS), default=list(KINDS))
    parser.add_argument(
        "--detectors", nargs="+", choices=list(DETECTORS), help="beside the default (default: all)"
    )
    parser.add_argument(
        "--pace", type=float, default=1.0, help="of clean sounds, life being 1; 0: no flicker"
    )
    parser.add_argument(
        "--max-wer",
        type=wer_bar,
        action="append",
        default=[],
        metavar="[KIND=]PERCENT",
        help="streamed; of clean speech where no kind is said",
    )
    parser.add_argument("--max-gap", type=float, help="streamed over offline, clean, in points")
    parser.add_argument("--max-flicker", type=float, help="words erased a word of finals")
    parser.add_argument("--max-overruled", type=int, help="finals unlike what was stable")
    parser.add_argument("--max-made-up", type=int, help="sounds without speech that get a text")
    report_option(parser)


def run(options: argparse.Namespace) -> int:
    """Hear it all, and print a report; 1 where a bar is missed."""
    report = _measured(options)
    bars = Bars(
        wer=dict(options.max_wer),
        gap=options.max_gap,
        flicker=options.max_flicker,
        overruled=options.max_overruled,
        made_up=options.max_made_up,
    )
    missed = bars.missed(report)
    show(table(report))
    tell({**report, "missed": missed}, options.json)
    for line in missed:
        note(f"missed: {line}")
    return 1 if missed else 0


def _measured(options: argparse.Namespace) -> dict[str, Any]:
    everything = read_manifest(options.source)
    speech = [one for one in everything if one.text]
    if "babble" in options.kinds and len(speech) == 1:
        raise CommandError("of one recording no babble can be made: name other --kinds")
    clips = options.clips or (SHORT_CLIPS if options.short else len(speech))
    named = {} if options.model is None else {"model": options.model}
    try:
        engine = load_step_engine(Settings(**named))
    except ProductError as error:
        raise CommandError(str(error)) from error
    serve = [*options.serve, *(["--model", options.model] if options.model else [])]
    with served(serve) as url:
        detectors = _chosen(options, uvloop.run(detectors_of(url)))
        evaluation = Evaluation(
            engine=engine,
            url=url,
            recordings=spread(speech, clips),
            everything=everything,
            kinds=options.kinds,
            detectors=detectors,
            pace=options.pace,
        )
        found = uvloop.run(evaluation.run())
    model = {"model": engine.info.name, "precision": engine.info.precision}
    return {**model, "clips": min(clips, len(speech)), "detectors": detectors, **found}


def _chosen(options: argparse.Namespace, known: Sequence[str]) -> list[str]:
    """The default, and the others that are asked for."""
    others = [] if options.short else options.detectors or known
    if unknown := set(others) - set(known):
        raise CommandError(f"this server has no detector {unknown.pop()}, only {', '.join(known)}")
    return list(dict.fromkeys([known[0], *others]))
