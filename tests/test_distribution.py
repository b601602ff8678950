"""What the package index is told this project is called: `streamer` there is somebody else's."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_whoever_is_told_to_install_an_extra_gets_ours() -> None:
    places = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    places += [one for folder in ("streamer", "loadtest") for one in (ROOT / folder).rglob("*.py")]
    advised = [
        found
        for place in places
        for found in re.findall(r"pip install '([\w.-]+)\[([\w,]+)\]'", place.read_text())
    ]
    ours = [extras for name, extras in advised if name in (".", PROJECT["name"])]
    strangers = {name for name, _ in advised} - {".", PROJECT["name"]}
    assert strangers <= {"onnxruntime-gpu"}
    assert {one for extras in ours for one in extras.split(",")} <= set(
        PROJECT["optional-dependencies"]
    )
    assert ours
