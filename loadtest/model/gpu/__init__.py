"""The resident form of a model, at full size with random weights: placement, parity, speed.

    python -m loadtest model gpu --work FOLDER                     # one GPU, full size
    python -m loadtest model gpu --work FOLDER --size tiny --device cpu place parity live

Parts, in this order: build (export the model), place (which provider runs the nodes), parity (FP16
and captured against FP32 on the CPU), encoder (time by length and batch), decoder (by rows and
tokens), offline (RTFx, shares of the time), live (streams with partials while finals come in
300 ms at p95). Every clip is said to have 4 tokens a second, since random weights hear nothing.

Each measurement is a line of JSON, printed and appended to $OUT/gpu-SIZE.jsonl (else under --work)
as soon as it is made; none begins after --until. Needs the extra `export`, and nothing of the
server.
"""

from __future__ import annotations

import argparse
import os
from importlib import import_module
from pathlib import Path

PARTS = ("build", "place", "parity", "encoder", "decoder", "offline", "live")
CORRECTNESS, SPEED = ("place", "parity"), ("encoder", "decoder", "offline", "live")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--work", type=Path, required=True, help="for the model: 4 GB if full")
    parser.add_argument("--size", choices=["full", "small", "tiny"], default="full")
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--captured", action="store_true", help="replay decoder calls: CUDA graphs")
    parser.add_argument("--rows", type=int, default=64)
    parser.add_argument("--clips", type=int, default=256, help="of the offline measurement")
    parser.add_argument("--streams", type=int, default=64, help="that live begins with")
    parser.add_argument("--most", type=int, default=4096, help="streams that live ends with")
    parser.add_argument("--seconds", type=float, default=12.0, help="of each run of streams")
    parser.add_argument("--until", type=float, default=600.0, help="seconds for everything")


def run(options: argparse.Namespace) -> int:
    """Measure; 1 if a parity or a number is not as it should be."""
    if options.device == "cuda":
        import_module("torch")  # first: it loads the CUDA libraries that ONNX Runtime then finds
    from loadtest.errors import CommandError
    from loadtest.model.gpu.facts import Facts
    from loadtest.model.gpu.parts import measure

    unknown = set(options.parts) - set(PARTS)
    if unknown:
        raise CommandError(f"no such part: {', '.join(sorted(unknown))}")
    if options.size == "full" and "parity" in options.parts:
        raise CommandError("parity is for --size tiny or small: there is no FP32 form at full size")
    parts = options.parts or (SPEED if options.size == "full" else CORRECTNESS)
    folder = Path(os.environ.get("OUT") or options.work)
    facts = Facts(folder / f"gpu-{options.size}.jsonl", options.device, options.until)
    measure(parts, options, facts)
    return 0 if facts.good else 1
