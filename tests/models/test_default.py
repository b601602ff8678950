"""Which model serves where none is named, and what is said meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamer.models import default
from streamer.models.assets import Asset
from streamer.models.errors import AssetMissingError, FetchError
from streamer.models.registry import embedded_folder


def test_who_gets_the_small_model_is_told_why_and_how_to_get_the_real_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing(_: Asset) -> Path:
        raise AssetMissingError("it is not here")

    def unreachable(_: Asset, **__: object) -> Path:
        raise FetchError("no index. Bring its wheel, then: streamer models pull moonshine --from W")

    monkeypatch.setattr(default, "find", missing)
    monkeypatch.setattr(default, "bring", unreachable)
    told: list[str] = []
    assert default.default_folder(told.append) == embedded_folder()
    assert "streamer models pull moonshine --from" in told[-1]
    assert "small demonstration model" in told[-1]


def test_where_the_files_lie_nothing_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def here(_: Asset) -> Path:
        return tmp_path

    monkeypatch.setattr(default, "find", here)
    told: list[str] = []
    assert default.default_folder(told.append) == tmp_path
    assert told == []
