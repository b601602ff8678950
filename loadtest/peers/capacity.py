"""Real-time streams: how many our server keeps its promise to, partials on, and sherpa-onnx's.

    python -m loadtest.peers.capacity --json capacity.json

The promise is `loadtest.streams`': finals within 500 ms beyond the silence at p95, none lost. The
clients run on the same machine. sherpa-onnx's do the endpointing, and get no partials.
"""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import uvloop

from loadtest.capacity import find_capacity
from loadtest.peers.sherpa import Threads, sherpa_server
from loadtest.peers.streams import run_sherpa_streams
from loadtest.serving import served
from loadtest.streams import SEARCH_S, pcm, run_streams
from streamer.cli.demo import sample_path
from streamer.models.registry import PUBLISHED_FOLDER, resolve


async def main() -> int:
    """Search in turn, each server alone, and print a report."""
    arguments = _arguments()
    audio = pcm(arguments.audio)
    folder = resolve(arguments.model)
    reports: dict[str, Any] = {}
    with ExitStack() as stack:
        url = stack.enter_context(served(["--model", str(folder)]))
        ours = partial(run_streams, url, audio)
        reports["streamer"] = await find_capacity(ours, SEARCH_S, arguments.seconds)
    with ExitStack() as stack:
        threads = Threads(arguments.work_threads, 1)
        url = stack.enter_context(sherpa_server(folder / PUBLISHED_FOLDER, threads))
        theirs = partial(run_sherpa_streams, url, audio)
        reports["sherpa-onnx"] = await find_capacity(theirs, SEARCH_S, arguments.seconds)
    ratio = reports["streamer"]["capacity"] / max(1, reports["sherpa-onnx"]["capacity"])
    text = json.dumps({"ratio": round(ratio, 2), **reports}, indent=2)
    print(text)
    if arguments.json is not None:
        arguments.json.write_text(text + "\n", encoding="utf-8")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m loadtest.peers.capacity",
        description=__doc__.splitlines()[0] if __doc__ else None,
    )
    parser.add_argument("--audio", type=Path, default=sample_path(), help="what is said")
    parser.add_argument("--model", default="embedded", help="a model of the package")
    parser.add_argument("--seconds", type=float, default=60.0, help="of the run that confirms")
    parser.add_argument("--work-threads", type=int, default=2, help="of sherpa-onnx")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(uvloop.run(main()))
