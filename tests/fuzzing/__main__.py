"""Fuzz every door: conversations, requests to the REST API, and recordings.

    python -m tests.fuzzing --runs 200000              # with atheris, guided by coverage
    python -m tests.fuzzing --runs 5000 --plain        # by chance alone, without atheris
    python -m tests.fuzzing rest --runs 200000
    python -m tests.fuzzing recording --runs 1000000 --plain

Nothing guides through the libraries that read recordings: chance, unhindered, tries more of them.

What it finds new is written into `--keep`; a crash into `crash-…`, to be added to the corpus.
"""

from __future__ import annotations

import argparse
import importlib
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.fuzzing.mutation import Mutation, by_bytes, by_lines

TESTS = Path(__file__).parents[1]
HERE = Path(__file__).parent
TOLD_EVERY = 10_000
"""Inputs without atheris, which tells by itself."""

sys.path[:0] = [str(TESTS), str(TESTS.parent)]


@dataclass(frozen=True)
class Target:
    """What inputs are played by, what of us guides the fuzzer, and where it begins."""

    module: str
    guided_by: list[str]
    corpus: Path
    changed: Mutation = by_lines
    """How inputs are made without atheris."""


TARGETS = {
    "conversation": Target(
        "fuzzing.conversation",
        ["streamer.protocols", "streamer.server.connection.connection.client_session"],
        HERE / "corpus",
    ),
    "rest": Target(
        "fuzzing.rest",
        ["streamer.protocols", "streamer.server", "streamer.audio.files", "starlette.formparsers"],
        HERE / "corpus_rest",
    ),
    "recording": Target(
        "fuzzing.recording", ["streamer.audio"], HERE / "corpus_recording", by_bytes
    ),
}


def main() -> int:
    parser = argparse.ArgumentParser(description="fuzz every door")
    parser.add_argument("target", nargs="?", choices=TARGETS, default="conversation")
    parser.add_argument("--runs", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plain", action="store_true", help="without atheris")
    parser.add_argument("--keep", type=Path, help="folder for inputs that reach something new")
    arguments = parser.parse_args()
    target = TARGETS[arguments.target]
    if arguments.plain:
        return _by_chance(target, arguments.runs, arguments.seed, arguments.keep)
    return _guided(target, arguments.runs, arguments.seed, arguments.keep)


def _guided(target: Target, runs: int, seed: int, keep: Path | None) -> int:
    atheris = importlib.import_module("atheris")  # an extra without types
    with atheris.instrument_imports(include=target.guided_by):
        play = _player(target)
    found = keep or Path(tempfile.mkdtemp())
    found.mkdir(exist_ok=True)
    options = [f"-runs={runs}", f"-seed={seed}", "-max_len=8192", "-len_control=0"]
    options += ["-timeout=300", "-report_slow_units=100"]
    # The kernel counts what the process before `exec` held: a test runner's gigabytes.
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    options.append(f"-rss_limit_mb={2048 + held}")
    options.append(f"-dict={HERE / 'words.dict'}")
    atheris.Setup([sys.argv[0], *options, str(found), str(target.corpus)], play)
    atheris.Fuzz()  # ends the process
    return 0


def _player(target: Target) -> Callable[[bytes], None]:
    return importlib.import_module(target.module).play


def _by_chance(target: Target, runs: int, seed: int, keep: Path | None) -> int:
    """Each input lies in `keep` while it is played, for those that end the process at once."""
    play = _player(target)
    chance = random.Random(seed)
    seeds = [path.read_bytes() for path in sorted(target.corpus.iterdir())]
    began = time.monotonic()
    for run in range(1, runs + 1):
        data = target.changed(chance.choice(seeds), seeds, chance)
        if keep is not None:
            (keep / "crash-last").write_bytes(data)
        try:
            play(data)
        except Exception:
            print(repr(data), file=sys.stderr)
            raise
        if run % TOLD_EVERY == 0:
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            print(f"{run} inputs in {time.monotonic() - began:.0f} s, at most {memory} MiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
