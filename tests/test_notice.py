"""Whoever installs the package has the licences of what it uses."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
NOTICE = (ROOT / "NOTICE").read_text(encoding="utf-8")
SKELETONS = ROOT / "streamer" / "families" / "moonshine" / "skeletons" / "NOTICE.md"


def test_both_copyright_lines_of_moonshine_stand_in_both_notices() -> None:
    lines = [line for line in SKELETONS.read_text().splitlines() if line.startswith("Copyright")]
    assert len(lines) == 2
    assert all(line in NOTICE for line in lines)


def test_the_notice_is_packaged_and_reaches_the_build_of_the_images() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    files = project["license-files"]
    assert "NOTICE" in files
    copied = next(
        line
        for line in (ROOT / "Dockerfile").read_text().splitlines()
        if line.startswith("COPY pyproject.toml")
    )
    assert set(files) <= set(copied.split()), "hatchling fails without them"
