"""Bringing assets when everything goes wrong: many at once, killed, full, read-only."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from streamer.models import installing
from streamer.models.bringing import bring
from streamer.models.errors import StoreError
from tests.models.toy_asset import ASSET, NAMES, contents, ended, start, write_wheel


@pytest.fixture(autouse=True)
def data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    return write_wheel(tmp_path / "wheels")


def test_processes_that_bring_it_at_once_all_succeed(wheel: Path, data: Path) -> None:
    processes = [start(wheel, data) for _ in range(4)]
    assert [ended(process) for process in processes] == [(0, "")] * 4
    assert contents(ASSET.folder) == NAMES


def test_who_is_killed_leaves_whole_files_and_the_next_completes_them(
    wheel: Path, data: Path
) -> None:
    assert ended(start(wheel, data, kill="b.bin"))[0] == -9
    left = {name: found for name, found in contents(ASSET.folder).items() if name in NAMES}
    assert left == {"a.bin": NAMES["a.bin"]}
    first = (ASSET.folder / "a.bin").stat().st_ino
    (hidden,) = (file for file in ASSET.folder.iterdir() if file.name.startswith("."))
    bring(ASSET, wheel)
    assert (ASSET.folder / "a.bin").stat().st_ino == first
    assert hidden.exists()  # somebody else might still be writing it
    hours_ago = time.time() - 7200
    os.utime(hidden, (hours_ago, hours_ago))
    bring(ASSET, wheel)
    assert contents(ASSET.folder) == NAMES


def test_space_is_asked_for_first(wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(wheel)._replace(free=1_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)  # pyright: ignore[reportUnknownLambdaType]
    with pytest.raises(StoreError, match="has place for 1 MB; 6 MB are needed"):
        bring(ASSET, wheel)
    assert not ASSET.folder.exists()


def test_a_limit_of_file_sizes_is_told_and_leaves_no_half_file(wheel: Path, data: Path) -> None:
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))"
    code, said = ended(start(wheel, data, before=limit))
    assert (code, said.count("\n")) == (1, 1)
    assert "files of this size are not allowed" in said
    assert not ASSET.folder.exists()


def mounted(place: Path, options: str) -> list[str]:
    """Run a command with a small file system of its own at a place; skip where that may not be."""
    place.mkdir(parents=True)
    alone = ["unshare", "--user", "--map-root-user", "--mount"]
    mount = f"mount -t tmpfs -o {options} tmpfs {place}"
    if (
        not shutil.which("unshare")
        or subprocess.run([*alone, "sh", "-c", mount], capture_output=True, check=False).returncode
    ):
        pytest.skip("this machine lets nobody mount a file system of his own")
    return [*alone, "sh", "-c", f'{mount} && exec "$@"', "sh"]


def test_a_full_disk_is_told_in_a_line(wheel: Path, data: Path) -> None:
    around = mounted(data, "size=2m")
    code, said = ended(start(wheel, data, around=around))
    assert (code, said.count("\n")) == (1, 1)
    assert "are needed" in said
    nobody_asks = "from streamer.models import installing\ninstalling.require_space = print"
    code, said = ended(start(wheel, data, around=around, before=nobody_asks))
    assert (code, said.count("\n")) == (1, 1)
    assert "the disk is full" in said


def test_a_home_that_can_only_be_read_is_told_in_a_line(wheel: Path, data: Path) -> None:
    code, said = ended(start(wheel, data, around=mounted(data, "ro")))
    assert (code, said.count("\n")) == (1, 1)
    assert "the file system can only be read" in said


def test_a_file_in_the_folders_place_is_told(wheel: Path, data: Path) -> None:
    data.write_bytes(b"")
    with pytest.raises(StoreError, match="nothing can be written to"):
        bring(ASSET, wheel)


def test_a_file_that_cannot_be_replaced_but_is_right_will_do(
    wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows, where another process has brought it and holds it open."""

    def refuse(self: Path, target: Path) -> Path:
        if target.name == "a.bin":
            target.write_bytes(NAMES["a.bin"])
        raise PermissionError(13, "in use")

    monkeypatch.setattr(installing.Path, "replace", refuse)
    with pytest.raises(StoreError, match="permission denied"):
        bring(ASSET, wheel)
    assert contents(ASSET.folder) == {"a.bin": NAMES["a.bin"]}
