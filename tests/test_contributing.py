"""CONTRIBUTING.md speaks of files, rooms and commands that there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PATHS = [
    path
    for path in re.findall(r"`((?:streamer|tests|deploy|loadtest|web)/[\w/.-]*)`", TEXT)
    if "NAME" not in path
]
ROOMS = re.findall(r"`([a-z]+)/`", TEXT.split("| --- | --- | --- |")[1].split("\n\n")[0])


@pytest.mark.parametrize("path", sorted(set(PATHS)))
def test_every_path_exists(path: str) -> None:
    assert (ROOT / path).exists()


def test_every_room_has_its_line() -> None:
    rooms = {file.parent.name for file in (ROOT / "streamer").glob("*/__init__.py")}
    assert rooms == set(ROOMS)


def test_every_target_is_in_the_makefile() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    told = {
        word for line in re.findall(r"^make ([a-z ]+)", TEXT, re.MULTILINE) for word in line.split()
    }
    assert told == targets
