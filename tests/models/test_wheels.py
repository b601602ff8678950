"""Fetching a wheel by the user's own tools, from an index that is a folder here."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import metadata
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from streamer.models.bringing import bring
from streamer.models.errors import FetchError, SourceError
from tests.models.toy_asset import ASSET, CONTENT, NAMES, contents, write_wheel


@pytest.fixture(autouse=True)
def index(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An index that pip is told to use, and nothing else."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    (tmp_path / "index").mkdir()
    return tmp_path / "index"


def without_pip(monkeypatch: pytest.MonkeyPatch, *more: str) -> None:
    """Make this Python one that has no pip, as uv's environments are, or other modules."""
    real = importlib.util.find_spec

    def find_spec(name: str, package: str | None = None) -> ModuleSpec | None:
        return None if name in ("pip", *more) else real(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", find_spec)


@pytest.mark.parametrize("platform", ["manylinux2014_x86_64", "macosx_15_0_arm64"])
def test_pip_brings_any_of_the_wheels_whatever_this_machine_is(index: Path, platform: str) -> None:
    write_wheel(index, platform=platform)
    assert contents(bring(ASSET)) == NAMES
    (index / f"toy_weights-1.0-py3-none-{platform}.whl").unlink()
    assert contents(bring(ASSET)) == NAMES, "what is here is not asked for again"


def test_a_python_without_pip_runs_the_one_that_it_bundles(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if importlib.util.find_spec("ensurepip") is None:
        pytest.skip("this Python bundles no pip")
    write_wheel(index)
    without_pip(monkeypatch)
    monkeypatch.setenv("PATH", "")
    assert contents(bring(ASSET)) == NAMES


def test_with_neither_uv_is_taken_and_told_the_platform(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_pip(monkeypatch, "ensurepip")
    uv = tmp_path / "bin" / "uv"
    uv.parent.mkdir()
    uv.write_text(f"""#!{sys.executable}
import sys, zipfile
arguments = sys.argv[1:]
assert arguments[:2] == ["pip", "install"], arguments
assert arguments[arguments.index("--python-platform") + 1] == "x86_64-manylinux2014"
target = arguments[arguments.index("--target") + 1]
zipfile.ZipFile({str(write_wheel(index, inside=""))!r}).extractall(target)
""")
    uv.chmod(0o755)
    monkeypatch.setenv("PATH", str(uv.parent))
    assert contents(bring(ASSET)) == NAMES


def test_without_any_tool_the_other_way_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    without_pip(monkeypatch, "ensurepip")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(FetchError, match=r"has no pip.*streamer models pull toy --from WHEEL"):
        bring(ASSET)


def test_an_index_without_a_fitting_wheel_is_told(index: Path) -> None:
    write_wheel(index, platform="win_arm64")
    with pytest.raises(FetchError, match=r"no wheel of it that fits\. Bring its wheel here"):
        bring(ASSET)


def test_an_index_out_of_reach_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")  # the discard port: closed
    with pytest.raises(FetchError, match="the package index cannot be reached"):
        bring(ASSET)


def test_a_wheel_of_the_same_name_with_other_bytes_is_refused(index: Path) -> None:
    write_wheel(index, content=CONTENT | {"toy_weights/model/b.bin": b"other"})
    with pytest.raises(SourceError, match=r"b\.bin is not the published file"):
        bring(ASSET)


def fake_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Let `python -m pip` run this code, of a version that tells its progress."""
    package = tmp_path / "fake" / "pip"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(package.parent))
    monkeypatch.setattr(metadata, "version", {"pip": "26.0.1"}.__getitem__)


def test_a_pip_that_tells_its_progress_is_asked_to(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = f"""
import shutil, sys
assert sys.argv[sys.argv.index("--progress-bar") + 1] == "raw"
print("Collecting toy")
for done in (0, 500, 1000):
    print("Progress", done, "of", 1000, flush=True)
shutil.copy({str(write_wheel(index))!r}, sys.argv[sys.argv.index("--dest") + 1])
"""
    fake_pip(tmp_path, monkeypatch, code)
    told: list[tuple[int, int]] = []

    def progress(file: str, done: int, size: int) -> None:
        if file == ASSET.requirement:
            told.append((done, size))

    assert contents(bring(ASSET, progress=progress)) == NAMES
    assert told == [(0, 0), (0, 1000), (500, 1000), (1000, 1000)]


def test_whoever_interrupts_it_leaves_nothing_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "import time\nprint('Progress 1 of 2', flush=True)\ntime.sleep(600)\n"
    fake_pip(tmp_path, monkeypatch, code)

    def progress(file: str, done: int, size: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bring(ASSET, progress=progress)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no kill there")
def test_whoever_is_killed_meanwhile_leaves_neither_a_process_nor_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = f"""
import os, pathlib, time
pathlib.Path({str(tmp_path)!r}, "pid").write_text(str(os.getpid()))
time.sleep(600)
"""
    fake_pip(tmp_path, monkeypatch, code)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    root = str(Path(__file__).parents[2])
    script = (
        "from streamer.models.bringing import bring\n"
        "from tests.models.toy_asset import ASSET\nbring(ASSET)\n"
    )
    path = os.pathsep.join([str(tmp_path / "fake"), root])
    user = subprocess.Popen([sys.executable, "-c", script], env=os.environ | {"PYTHONPATH": path})
    pid = tmp_path / "pid"
    wait_until(lambda: pid.is_file() and pid.read_text() != "")
    assert list((tmp_path / "tmp").glob("streamer-*"))
    user.kill()
    user.wait()
    wait_until(lambda: not is_alive(int(pid.read_text())))
    wait_until(lambda: not list((tmp_path / "tmp").glob("streamer-*")))


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_another_failure_is_told_in_the_tools_own_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "import sys\nprint('thinking')\nsys.exit('ERROR: No space left on device')\n"
    fake_pip(tmp_path, monkeypatch, code)
    with pytest.raises(FetchError, match=r"could not be fetched: No space left on device\. Bring"):
        bring(ASSET)
