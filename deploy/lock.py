"""Write the lock files that the images install from: every package by version and SHA-256.

    python3.12 deploy/lock.py        # or `make lock`

Needs the images' Python, since pip asks the running one which dependencies hold, and pip 23.2 or
later with an index. No address gets into a file: which index is asked is the builder's to say.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PYTHON = "3.12"
"""The images'."""
GLIBC_MINORS = range(36, 16, -1)
"""Of the glibc 2.x that wheels may ask for: the images' Debian has at least 2.36."""
GPU = ["onnxruntime-gpu[cuda,cudnn]"]

Pins = dict[str, tuple[str, set[str]]]
"""By normalised name: the version, and the SHA-256 of a wheel for each machine."""


def main() -> int:
    """Resolve everything anew, and write the files beside this one."""
    if sys.version_info[:2] != tuple(map(int, PYTHON.split("."))):
        print(f"lock.py needs Python {PYTHON}, as the images have it", file=sys.stderr)
        return 2
    project = tomllib.loads((HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))
    wanted: list[str] = project["project"]["dependencies"]
    wanted += project["project"]["optional-dependencies"]["hub"]
    both = ("x86_64", "aarch64")
    pins = resolved(wanted, both)
    write("requirements.lock", pins)
    write("requirements-build.lock", resolved(project["build-system"]["requires"], both))
    # The GPU image is built on the other: what they share must be the same there.
    shared = [f"{name}=={version}" for name, (version, _) in pins.items()]
    write("requirements-gpu.lock", resolved(GPU, ("x86_64",), shared))
    return 0


def resolved(
    wanted: Sequence[str], machines: Sequence[str], constraints: Sequence[str] = ()
) -> Pins:
    """Find versions that fit together, and their wheels for each machine.

    Raises ValueError where the machines would get different ones, CalledProcessError where pip
    finds no answer.
    """
    pins: Pins = {}
    for machine in machines:
        for package in report(wanted, machine, constraints):
            name = re.sub(r"[-_.]+", "-", package["metadata"]["name"]).lower()
            version: str = package["metadata"]["version"]
            known, hashes = pins.setdefault(name, (version, set()))
            if known != version:
                raise ValueError(f"{name} is {known} or {version}, depending on the machine")
            hashes.add(package["download_info"]["archive_info"]["hashes"]["sha256"])
    return pins


def report(wanted: Sequence[str], machine: str, constraints: Sequence[str]) -> list[dict[str, Any]]:
    """Ask pip what it would install on such a machine."""
    platforms = [f"manylinux_2_{minor}_{machine}" for minor in GLIBC_MINORS]
    platforms.append(f"manylinux2014_{machine}")
    with tempfile.TemporaryDirectory() as folder:
        out, limits = Path(folder, "report.json"), Path(folder, "constraints.txt")
        limits.write_text("\n".join(constraints), encoding="utf-8")
        command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed"]
        command += ["--quiet", "--only-binary", ":all:", "--target", folder, "--report", str(out)]
        command += ["--implementation", "cp", "--python-version", PYTHON, "-c", str(limits)]
        command += [f"--platform={platform}" for platform in platforms]
        subprocess.run([*command, *wanted], check=True)
        return json.loads(out.read_text(encoding="utf-8"))["install"]


def write(name: str, pins: Pins) -> None:
    """Write a file that `pip install --require-hashes -r` takes."""
    lines = ["# Made by `make lock`; do not edit."]
    for package, (version, hashes) in sorted(pins.items()):
        lines.append(
            " \\\n    ".join(
                [f"{package}=={version}", *(f"--hash=sha256:{h}" for h in sorted(hashes))]
            )
        )
    (HERE / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
