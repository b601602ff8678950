"""`python -m streamer.families.moonshine.export FOLDER`: write the skeletons anew.

FOLDER holds the published `.ort` files. The bytes are the same each time, with one version of torch
and of onnx: those that CI installs.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from streamer.families.moonshine.export.building import SKELETONS, build


def main() -> None:
    """Write the skeletons into the package, or elsewhere."""
    parser = argparse.ArgumentParser(description="Write the Moonshine skeletons anew.")
    parser.add_argument("published", type=Path, help="the folder of the published .ort files")
    parser.add_argument("--out", type=Path, default=SKELETONS, help="default: in the package")
    arguments = parser.parse_args()
    for name, content in build(arguments.published).items():
        (arguments.out / name).write_bytes(content)
        print(f"{arguments.out / name}: {len(content)} bytes")


main()
