"""Live servers beside each other: the same human speech at the speed of life, in turns.

    python -m loadtest compare live FOLDER --json live.json
    python -m loadtest compare live FOLDER --json live.json --whisper tiny.en --venvs peers
    python -m loadtest compare live FOLDER --json live.json --minutes 0 --page docs/benchmarks.md

FOLDER has a manifest.jsonl, as of `run wer`. Ours and sherpa-onnx serve Moonshine base-en. The rest
serve --whisper, a CTranslate2 folder of Whisper tiny.en (on Hugging Face it is called
Systran/faster-whisper-tiny.en), each from a virtual environment of its own in --venvs; what is
missing is left out, and how to install it is told. The number of streams grows; whoever is asked
last in one step is asked first in the next, and a peer leaves when a final is lost or later than
2 s (p95, beyond its endpoint's own silence). Capacity is the last step within 500 ms, and within
2 s.

The file is written after each run of a server: where it has been begun with the same options, and
the time was up, the same command goes on. With --page the tables take the place of those between
two comments in a page of ours, and a picture goes beside it. The clients run on the same machine;
what others took of it meanwhile is told: where that is not nearly nothing the figures say little.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import uvloop

from loadtest.compare.live.everyone import everyone
from loadtest.compare.live.page import put_into
from loadtest.compare.live.peer import Peer
from loadtest.compare.live.running import run_cell
from loadtest.compare.live.speech import Monologue, monologue
from loadtest.errors import CommandError
from loadtest.options import report_option
from loadtest.progress import note
from loadtest.reports import tell
from loadtest.run.wer.manifest import Recording, read_manifest, spread

STEPS = [1, 2, 4, 8, 16, 24, 32]
UTTERANCES = 3
"""Of each stream."""
BOUNDS_MS = (500, 2000)
"""Of capacity; who exceeds the last is not asked again."""
MINUTES = 12.0


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("source", type=Path, metavar="FOLDER", help="or a manifest")
    parser.add_argument("--streams", type=int, nargs="+", default=STEPS, help="the steps")
    parser.add_argument("--utterances", type=int, default=UTTERANCES, help="of each stream")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="no run begins later")
    parser.add_argument("--whisper", type=Path, help="a CTranslate2 folder of Whisper tiny.en")
    parser.add_argument("--venvs", type=Path, default=Path("peers"), help="where the peers are")
    parser.add_argument("--peers", nargs="+", metavar="NAME", help="only these (default: all)")
    parser.add_argument("--page", type=Path, metavar="MD", help="put the tables and a picture here")
    report_option(parser)


def run(options: argparse.Namespace) -> int:
    """Measure what is not in the file yet, and write it all."""
    recordings = [one for one in read_manifest(options.source) if one.text]
    peers = everyone(options.venvs.resolve(), options.whisper and options.whisper.resolve())
    if options.peers:
        unknown = set(options.peers) - {one.name for one in peers}
        if unknown:
            names = ", ".join(one.name for one in peers)
            raise CommandError(f"--peers {unknown.pop()} is none of {names}")
        peers = [one for one in peers if one.name in options.peers]
    report = _begun(options, len(recordings))
    deadline = time.monotonic() + 60 * options.minutes
    for number, streams in enumerate(sorted(options.streams)):
        for peer in peers if number % 2 == 0 else reversed(peers):
            if time.monotonic() >= deadline:
                note("the time is up: the same command goes on from here")
                break
            if _wanted(report["cells"].get(peer.name, []), streams):
                _measure(report, peer, streams, recordings, options)
    tell(report, options.json)
    if options.page is not None:
        put_into(options.page, report)
    return 0


def _begun(options: argparse.Namespace, recordings: int) -> dict[str, Any]:
    """Return the report that is in the file already, or a new one."""
    asked = {"utterances": options.utterances, "recordings": recordings}
    if options.json is not None and options.json.exists():
        report = json.loads(options.json.read_text(encoding="utf-8"))
        if report.get("asked") != asked:
            raise CommandError(f"{options.json} was measured otherwise: {report.get('asked')}")
        return {**report, "missing": {}}
    return {"asked": asked, "models": {}, "missing": {}, "capacity": {}, "cells": {}}


def _wanted(cells: list[dict[str, Any]], streams: int) -> bool:
    """Whether this peer is still in, and has not done this step."""
    return all(cell["streams"] < streams and kept(cell, BOUNDS_MS[-1]) for cell in cells)


def capacity(cells: list[dict[str, Any]], within_ms: float) -> int:
    """The last of the steps up to which all were kept."""
    most = 0
    for cell in cells:
        if not kept(cell, within_ms):
            break
        most = cell["streams"]
    return most


def kept(cell: dict[str, Any], within_ms: float) -> bool:
    """Whether finals came in time at p95, and none was lost."""
    p95 = cell["beyond_silence_ms"]["p95"]
    return p95 is not None and p95 <= within_ms and not cell["lost"] and not cell["failures"]


def _measure(
    report: dict[str, Any],
    peer: Peer,
    streams: int,
    recordings: list[Recording],
    options: argparse.Namespace,
) -> None:
    if peer.name in report["missing"]:
        return
    note(f"{peer.name}, {streams} streams ...")
    try:
        with peer.start() as server:
            cell = uvloop.run(run_cell(peer, server, _spoken(recordings, streams, options)))
    except (CommandError, OSError) as error:
        report["missing"][peer.name] = str(error)
        note(f"{peer.name} is left out: {error}")
    else:
        report["models"][peer.name] = peer.model
        cells = report["cells"].setdefault(peer.name, [])
        cells.append(cell)
        report["capacity"][peer.name] = {str(bound): capacity(cells, bound) for bound in BOUNDS_MS}
        p95, others = cell["beyond_silence_ms"]["p95"], cell["cores_of_others"]
        note(f"  p95 {p95} ms beyond the silence, {cell['lost']} lost, others took {others} cores")
    if options.json is not None:
        options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def _spoken(
    recordings: list[Recording], streams: int, options: argparse.Namespace
) -> list[Monologue]:
    """The same speech for every peer: other recordings for each stream, while there are any."""
    chosen = spread(recordings, streams * options.utterances)
    wanted = [chosen[at % len(chosen)] for at in range(streams * options.utterances)]
    return [monologue(wanted[at::streams], at) for at in range(streams)]
