"""The import contracts of pyproject.toml speak of every room, and know no exception."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONTRACTS: list[dict[str, Any]] = PROJECT["tool"]["importlinter"]["contracts"]


def test_no_contract_knows_an_exception() -> None:
    assert not [one["name"] for one in CONTRACTS if "ignore_imports" in one]


@pytest.mark.parametrize("room", ["families", "protocols"])
def test_every_protocol_and_family_is_kept_apart_from_the_others(room: str) -> None:
    folders = {
        f"streamer.{room}.{file.parent.name}"
        for file in (ROOT / "streamer" / room).glob("*/__init__.py")
    }
    (apart,) = (
        set(one["modules"])
        for one in CONTRACTS
        if one["type"] == "independence" and f"streamer.{room}." in one["modules"][0]
    )
    assert apart == folders
