"""Getting a package's wheel from the user's own index, with the user's own tools and settings.

pip, where this Python has it; else the one that Python bundles for new environments, which runs
without being installed; else uv. Each knows the user's index, proxies and certificates.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from streamer.models.assets import Asset, Tags
from streamer.models.errors import FetchError
from streamer.models.progress import Progress

_RAW_PROGRESS = (24, 1)
"""The version of pip from which on it tells its progress in plain numbers."""
_KEPT_LINES = 60
_TIED = Path(__file__).with_name("tied.py")
_OPTIONS = ("--no-deps", "--only-binary=:all:", "--no-input", "--disable-pip-version-check")
_PATIENCE = ("--retries", "1", "--timeout", "30")
"""Seconds without an answer; pip's own five tries make who has no network wait for long."""


def fetch(asset: Asset, folder: Path, progress: Progress, limit_s: float | None = None) -> Path:
    """Bring the asset's wheel into a folder; return it, or the folder that it is unpacked in.

    Raises FetchError, also where it is not there after `limit_s`.
    """
    command = _command(asset, folder)
    if command is None:
        raise FetchError(
            f"{asset.requirement} cannot be fetched: this Python has no pip, not even a bundled "
            f"one, and there is no uv. {_otherwise(asset)}"
        )
    progress(asset.requirement, 0, 0)
    said = _run([sys.executable, str(_TIED), str(folder), *command], asset, progress, limit_s)
    if said is not None:
        raise FetchError(
            f"{asset.requirement} could not be fetched: {_reason(said)}. {_otherwise(asset)}"
        )
    return next(folder.glob("*.whl"), folder)


def _command(asset: Asset, folder: Path) -> list[str] | None:
    for version, pip in _pips():
        bar = "raw" if version >= _RAW_PROGRESS else "off"
        start = [sys.executable, *pip, "download", *_OPTIONS, *_PATIENCE, "--progress-bar", bar]
        return [*start, *_pip_tags(asset.tags), "--dest", str(folder), asset.requirement]
    uv = shutil.which("uv")
    if uv is None:
        return None
    start = [uv, "pip", "install", "--no-deps", "--no-build", "--link-mode", "copy"]
    return [*start, *_uv_tags(asset.tags), "--target", str(folder), asset.requirement]


def _pips() -> Iterator[tuple[tuple[int, ...], list[str]]]:
    """Yield the pips that are at hand, the best first: their versions, and how Python runs them."""
    if not sys.executable:
        return
    if importlib.util.find_spec("pip") is not None:
        yield _version(metadata.version("pip")), ["-m", "pip"]
    ensurepip = importlib.util.find_spec("ensurepip")
    for place in (ensurepip.submodule_search_locations or []) if ensurepip else []:
        for wheel in Path(place).glob("_bundled/pip-*.whl"):
            yield _version(wheel.name.split("-")[1]), [str(wheel / "pip")]


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:2] if part.isdecimal())


def _pip_tags(tags: Tags) -> list[str]:
    options = [option for platform in tags.platforms for option in ("--platform", platform)]
    if tags.python:
        abi = f"cp{tags.python.replace('.', '')}"
        options += ["--python-version", tags.python, "--implementation", "cp", "--abi", abi]
    return options


def _uv_tags(tags: Tags) -> list[str]:
    """Name the first platform as uv does: x86_64-manylinux2014 for manylinux2014_x86_64."""
    options = ["--python-version", tags.python] if tags.python else []
    for platform in tags.platforms[:1]:
        options += ["--python-platform", f"x86_64-{platform.removesuffix('_x86_64')}"]
    return options


def _run(
    command: list[str], asset: Asset, progress: Progress, limit_s: float | None
) -> list[str] | None:
    """Run it and pass its progress on; return what it said where it failed."""
    said: deque[str] = deque(maxlen=_KEPT_LINES)
    try:
        with subprocess.Popen(
            command,
            stdin=subprocess.PIPE,  # closed, it ends the command
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process:
            late = threading.Event()
            timer = _stopping(process, late, limit_s)
            try:
                assert process.stdout is not None
                for line in process.stdout:
                    words = line.split()
                    if words[:1] == ["Progress"] and len(words) == 4:
                        progress(asset.requirement, int(words[1]), int(words[3]))
                    else:
                        said.append(line.strip())
            finally:
                timer.cancel()
    except OSError as error:
        return [str(error)]
    if process.returncode == 0:
        return None
    return [f"it took longer than {limit_s:g} s"] if late.is_set() else list(said)


def _stopping(
    process: subprocess.Popen[str], late: threading.Event, limit_s: float | None
) -> threading.Timer:
    """End a process after so long, and let that be known; the timer runs only with a limit."""
    assert process.stdin is not None
    held = process.stdin

    def stop() -> None:
        late.set()
        held.close()

    timer = threading.Timer(limit_s or 0.0, stop)
    timer.daemon = True
    if limit_s is not None:
        timer.start()
    return timer


_UNREACHABLE = ("Retrying (", "Connection", "connection", "resolve", "timed out", "Network")


def _reason(said: list[str]) -> str:
    """Find what matters in what pip or uv said."""
    none = any("from versions: none" in line for line in said)
    if none and any(word in line for line in said for word in _UNREACHABLE):
        return "the package index cannot be reached"
    if none:
        return "the package index has no wheel of it that fits"
    told = [line for line in said if line]
    errors = (line for line in told if line.lower().startswith("error"))
    return next(errors, told[-1] if told else "no reason was given").removeprefix("ERROR: ")


def _otherwise(asset: Asset) -> str:
    return (
        f"Bring its wheel here by other means, then: streamer models pull {asset.name} --from WHEEL"
    )
