"""A published asset of the tests' own, its wheels, and a process that brings it."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

from streamer.models.assets import Asset, Member, Tags

ROOT = Path(__file__).parents[2]
CONTENT = {
    "toy_weights/model/a.bin": bytes(range(256)) * 12_000,
    "toy_weights/model/b.bin": b"weights " * 400_000,
    "toy_weights/LICENSE": b"Do as you like.\n",
}


def _member(path: str) -> Member:
    data = CONTENT[path]
    return Member(path, len(data), hashlib.sha256(data).hexdigest())


ASSET = Asset(
    name="toy",
    summary="A toy",
    requirement="toy-weights==1.0",
    members=(_member("toy_weights/model/a.bin"), _member("toy_weights/model/b.bin")),
    licence=_member("toy_weights/LICENSE"),
    tags=Tags(("manylinux2014_x86_64", "macosx_15_0_arm64")),
)
NAMES = {path.rpartition("/")[2]: data for path, data in CONTENT.items()}

METADATA = "Metadata-Version: 2.1\nName: toy-weights\nVersion: 1.0\n"
WHEEL = "Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: py3-none-{}\n"


def write_wheel(
    folder: Path,
    *,
    platform: str = "manylinux2014_x86_64",
    inside: str = "toy_weights-1.0.data/purelib/",
    content: dict[str, bytes] = CONTENT,
) -> Path:
    """Write the toy's wheel, which would complain if anybody imported the package."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"toy_weights-1.0-py3-none-{platform}.whl"
    info = "toy_weights-1.0.dist-info"
    files = {f"{inside}{name}": data for name, data in content.items()}
    files[f"{inside}toy_weights/__init__.py"] = b"raise RuntimeError('imported')\n"
    files[f"{info}/METADATA"] = METADATA.encode()
    files[f"{info}/WHEEL"] = WHEEL.format(platform).encode()
    files[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in files).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


_SCRIPT = """
import os, signal, sys
from pathlib import Path
from streamer.models.bringing import bring
from streamer.models.errors import PullError
from tests.models.toy_asset import ASSET

def progress(file, done, size):
    if {kill!r} == file:
        os.kill(os.getpid(), signal.SIGKILL)

{before}
try:
    bring(ASSET, Path(sys.argv[1]), progress)
except PullError as error:
    sys.exit(str(error))
"""


def start(
    wheel: Path, data: Path, *, kill: str = "", before: str = "", around: Sequence[str] = ()
) -> subprocess.Popen[str]:
    """Start a process that brings the toy; it kills itself as the file `kill` comes in.

    `before` is code that it runs first; `around` a command that runs it.
    """
    script = _SCRIPT.format(kill=kill, before=before)
    return subprocess.Popen(
        [*around, sys.executable, "-c", script, str(wheel)],
        env=os.environ | {"XDG_DATA_HOME": str(data), "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Wait for a process; return its exit code and what it said."""
    _, said = process.communicate(timeout=60)
    return process.returncode, said
