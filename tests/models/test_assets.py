"""Pinned assets: found where they lie, checked, and brought out of wheels and folders."""

from __future__ import annotations

import shutil
import sys
from importlib import invalidate_caches
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamer.models.assets import find
from streamer.models.bringing import bring, remove
from streamer.models.catalogue import ASSETS
from streamer.models.errors import AssetDamagedError, AssetMissingError, SourceError
from tests.models.toy_asset import ASSET, CONTENT, METADATA, NAMES, contents, write_wheel


@pytest.fixture(autouse=True)
def data_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    return write_wheel(tmp_path / "wheels")


@pytest.mark.parametrize("inside", ["", "toy_weights-1.0.data/purelib/", "x.data/platlib/"])
def test_a_wheels_members_and_the_licence_are_copied_with_progress(
    tmp_path: Path, inside: str
) -> None:
    last: dict[str, tuple[int, int]] = {}
    wheel = write_wheel(tmp_path, inside=inside)
    folder = bring(ASSET, wheel, lambda file, done, size: last.update({file: (done, size)}))
    assert contents(folder) == NAMES
    assert last == {name: (len(data), len(data)) for name, data in NAMES.items()}
    assert find(ASSET) == folder.resolve()
    assert all(file.stat().st_mode & 0o777 == 0o644 for file in folder.iterdir())


def test_a_folder_will_do_too_as_it_is_installed_or_side_by_side(tmp_path: Path) -> None:
    installed, flat = tmp_path / "site", tmp_path / "flat"
    flat.mkdir()
    for path, data in CONTENT.items():
        (installed / path).parent.mkdir(parents=True, exist_ok=True)
        (installed / path).write_bytes(data)
        (flat / Path(path).name).write_bytes(data)
    for source in (installed, flat):
        assert contents(bring(ASSET, source)) == NAMES
        assert remove(ASSET.folder)
    assert not remove(ASSET.folder)


def test_what_was_never_brought_is_missing_and_the_command_is_told() -> None:
    with pytest.raises(AssetMissingError, match="streamer models pull toy"):
        find(ASSET)


def install(site: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install the toy as pip would; returns the members' folder."""
    for path, data in CONTENT.items():
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_bytes(data)
    (site / "toy_weights" / "__init__.py").write_text("raise RuntimeError('imported')")
    info = site / "toy_weights-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(METADATA)
    monkeypatch.syspath_prepend(site)
    invalidate_caches()
    return site / "toy_weights" / "model"


def test_an_installed_package_is_found_and_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = install(tmp_path / "site", monkeypatch)
    assert find(ASSET) == folder.resolve()
    assert bring(ASSET) == folder.resolve()
    assert "toy_weights" not in sys.modules
    assert not ASSET.folder.exists()


def test_links_of_the_same_names_are_followed_others_are_not(
    tmp_path: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, cache = install(tmp_path / "site", monkeypatch), tmp_path / "cache"
    cache.mkdir()
    for file in list(folder.iterdir()):
        shutil.move(file, cache / file.name)
        file.symlink_to(cache / file.name)
    assert find(ASSET) == cache.resolve()
    (cache / "a.bin").rename(cache / "0123abcd")
    (folder / "a.bin").unlink()
    (folder / "a.bin").symlink_to(cache / "0123abcd")
    with pytest.raises(AssetMissingError):
        find(ASSET)
    assert bring(ASSET, wheel) == find(ASSET) == ASSET.folder.resolve()


def test_a_package_of_another_version_is_told_and_does_not_hide_the_copy(
    tmp_path: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = install(tmp_path / "site", monkeypatch)
    (folder / "a.bin").write_bytes(b"another version")
    with pytest.raises(AssetDamagedError, match=r"a\.bin has 15 bytes instead of 3072000"):
        find(ASSET)
    assert bring(ASSET, wheel) == find(ASSET) == ASSET.folder.resolve()


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(["a.bin", "b.bin"]),
    place=st.integers(0, 3_000_000),
    mask=st.integers(1, 255),
    cut=st.booleans(),
)
def test_one_damaged_byte_or_a_missing_end_is_seen_and_mended_alone(
    wheel: Path, name: str, place: int, mask: int, cut: bool
) -> None:
    folder = bring(ASSET, wheel)
    others = {file: file.stat().st_ino for file in folder.iterdir() if file.name != name}
    damaged = bytearray(NAMES[name])
    damaged[place] ^= mask
    (folder / name).write_bytes(damaged[:place] if cut else damaged)
    with pytest.raises(AssetDamagedError, match=rf"{name} has .*streamer models pull toy"):
        find(ASSET)
    bring(ASSET, wheel)
    assert contents(folder) == NAMES
    assert {file: file.stat().st_ino for file in others} == others


def test_a_wheel_with_other_members_puts_nothing_in_place(tmp_path: Path) -> None:
    wrong = write_wheel(tmp_path, content=CONTENT | {"toy_weights/model/a.bin": b"no"})
    with pytest.raises(SourceError, match=r"a\.bin is not the published file"):
        bring(ASSET, wrong)
    assert not ASSET.folder.exists()
    other = write_wheel(tmp_path, content={"else/model.bin": b""})
    with pytest.raises(SourceError, match="is it the right wheel"):
        bring(ASSET, other)


def test_a_longer_file_is_not_read_to_its_end(tmp_path: Path) -> None:
    name = "toy_weights/model/a.bin"
    longer = write_wheel(tmp_path, content=CONTENT | {name: CONTENT[name] + b"more"})
    with pytest.raises(SourceError, match="not the published file"):
        bring(ASSET, longer)


def test_a_wheel_that_is_damaged_or_none_is_told(tmp_path: Path, wheel: Path) -> None:
    data = bytearray(wheel.read_bytes())
    data[200_000] ^= 1
    wheel.write_bytes(data)
    with pytest.raises(SourceError, match="damaged in its source"):
        bring(ASSET, wheel)
    wheel.write_bytes(data[:1000])
    with pytest.raises(SourceError, match="neither a wheel nor a folder"):
        bring(ASSET, wheel)
    with pytest.raises(SourceError, match="nowhere"):
        bring(ASSET, tmp_path / "nowhere")
    with pytest.raises(SourceError, match=r"has no a\.bin"):
        bring(ASSET, tmp_path)


@pytest.mark.parametrize("name", ASSETS)
def test_the_known_assets_are_pinned(name: str) -> None:
    asset = ASSETS[name]
    assert asset.name == name
    assert asset.package != asset.requirement
    for member in (*asset.members, asset.licence):
        assert len(bytes.fromhex(member.sha256)) == 32
        assert member.size > 0
    assert len({member.name for member in asset.members}) == len(asset.members)
