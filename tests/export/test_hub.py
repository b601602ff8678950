"""What `streamer export` takes for a checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import huggingface_hub
import pytest

from streamer.export.errors import ExportError
from streamer.export.hub import checkpoint_folder


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[str, Any]]:
    """What was asked of the hub, which has one model."""
    asked: list[tuple[str, Any]] = []

    def snapshot_download(name: str, *, revision: str | None, allow_patterns: list[str]) -> str:
        assert "*.py" not in allow_patterns
        asked.append((name, revision))
        if name != "makers/model":
            raise OSError("404")
        return str(tmp_path)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot_download)
    return asked


def test_a_folder_is_itself(tmp_path: Path, asked: list[tuple[str, Any]]) -> None:
    assert checkpoint_folder(str(tmp_path)) == tmp_path
    assert not asked


def test_a_name_on_the_hub_is_fetched_at_its_revision(
    tmp_path: Path, asked: list[tuple[str, Any]]
) -> None:
    assert checkpoint_folder("makers/model") == tmp_path
    assert checkpoint_folder("makers/model@v1.0") == tmp_path
    assert asked == [("makers/model", None), ("makers/model", "v1.0")]


def test_what_is_neither_is_named(asked: list[tuple[str, Any]]) -> None:
    with pytest.raises(ExportError, match="/nowhere is not a folder, nor OWNER/NAME"):
        checkpoint_folder("/nowhere")
    assert not asked
    with pytest.raises(ExportError, match=r"makers/other cannot be had from the .* hub: 404"):
        checkpoint_folder("makers/other")
