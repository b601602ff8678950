"""What serves where no model is named: the real one, fetched once, or the small one with a word."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

import streamer.models.default
from streamer.models.assets import Asset
from streamer.models.bringing import bring
from streamer.models.default import default_folder, detector_folder
from streamer.models.errors import FetchError
from streamer.models.progress import no_progress
from streamer.models.registry import embedded_folder
from streamer.models.wheels import fetch
from tests.models.toy_asset import ASSET, write_wheel


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path / "shared"))
    monkeypatch.setattr(streamer.models.default, "MOONSHINE", ASSET)
    monkeypatch.setattr(streamer.models.default, "SILERO", ASSET)


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    return write_wheel(tmp_path)


def test_what_is_here_serves_without_a_word(wheel: Path) -> None:
    folder = bring(ASSET, wheel)
    told: list[str] = []
    assert default_folder(told.append) == folder
    assert told == []


def test_what_is_there_for_all_users_serves_too(wheel: Path, tmp_path: Path) -> None:
    folder = bring(ASSET, wheel)
    shared = tmp_path / "shared" / "streamer" / "models" / ASSET.name
    shared.parent.mkdir(parents=True)
    folder.rename(shared)
    told: list[str] = []
    assert default_folder(told.append) == shared
    assert told == []


def test_what_is_not_here_is_fetched_once(wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[float | None] = []

    def fetching(asset: Asset, folder: Path, progress: object, limit_s: float | None) -> Path:
        fetched.append(limit_s)
        return wheel

    monkeypatch.setattr("streamer.models.bringing.fetch", fetching)
    told: list[str] = []
    assert default_folder(told.append) == ASSET.folder == default_folder(told.append)
    assert fetched == [streamer.models.default.FETCH_LIMIT_S]
    assert len(told) == 1
    assert "Fetching its files once" in told[0]
    (ASSET.folder / "a.bin").write_bytes(b"rotten")
    default_folder(told.append)
    assert "Fetching its files anew" in told[1]


def test_without_an_index_the_small_model_serves_and_the_way_out_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    told: list[str] = []
    assert default_folder(told.append) == embedded_folder()
    assert len(told) == 2
    assert f"streamer models pull {ASSET.name} --from WHEEL" in told[1]
    assert "small demonstration model inside this package" in told[1]


def test_the_detector_comes_with_the_default_model(
    wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetching(asset: Asset, folder: Path, progress: object, limit_s: float | None) -> Path:
        return wheel

    monkeypatch.setattr("streamer.models.bringing.fetch", fetching)
    told: list[str] = []
    assert detector_folder(told.append, fetch=False) is None
    assert len(told) == 1
    assert "Going on with WebRTC's detector" in told[0]
    assert "streamer models pull toy" in told[0]
    assert detector_folder(told.append, fetch=True) == ASSET.folder
    assert detector_folder(told.append, fetch=False) == ASSET.folder
    assert len(told) == 2, "what is here is used without a word"


def test_without_an_index_webrtc_hears(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    told: list[str] = []
    assert detector_folder(told.append, fetch=True) is None
    assert "streamer models pull toy --from WHEEL" in told[1]
    assert "Going on with WebRTC's detector" in told[1]


def test_an_index_that_never_answers_is_given_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", "import time; time.sleep(60)"]

    def sleeping(asset: Asset, folder: Path) -> list[str]:
        return command

    monkeypatch.setattr("streamer.models.wheels._command", sleeping)
    began = time.monotonic()
    with pytest.raises(FetchError, match=r"took longer than 0\.5 s"):
        fetch(ASSET, tmp_path, no_progress, 0.5)
    assert time.monotonic() - began < 10
