"""`streamer models`, with an asset of the tests' own."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from streamer.cli.main import main
from streamer.models.catalogue import ASSETS
from streamer.models.errors import ModelError
from streamer.models.registry import resolve
from tests.models.toy_asset import ASSET, write_wheel


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setitem(ASSETS, "toy", ASSET)


def test_a_models_life(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wheel = write_wheel(tmp_path)
    assert main(["models"]) == 0
    assert (
        "toy            A toy, 6 MB; not here: streamer models pull toy" in capsys.readouterr().out
    )
    assert main(["models", "pull", "toy", "--from", str(wheel)]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith(f"toy: the published files, in {ASSET.folder}\n")
    assert captured.err == "", "no bar where there is no terminal"
    assert main(["models", "list"]) == 0
    assert f"A toy, 6 MB; in {ASSET.folder}" in capsys.readouterr().out
    assert main(["models", "verify"]) == 0
    assert capsys.readouterr().out == f"toy: as published, in {ASSET.folder}\n"
    assert main(["models", "remove", "toy"]) == 0
    assert "removed from" in capsys.readouterr().out
    assert not ASSET.folder.exists()
    assert main(["models", "remove", "toy"]) == 1
    assert "nothing to remove in" in capsys.readouterr().err


def test_removing_tells_of_copies_that_are_not_the_users_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("streamer.cli.models.shared_folder", (tmp_path / "shared").joinpath)
    main(["models", "pull", "toy", "--from", str(write_wheel(tmp_path))])
    shutil.copytree(ASSET.folder, tmp_path / "shared" / "toy")
    capsys.readouterr()
    assert main(["models", "remove", "toy"]) == 0
    assert f"and stays: {tmp_path / 'shared' / 'toy'}" in capsys.readouterr().out
    assert (tmp_path / "shared" / "toy" / "a.bin").is_file()


def test_damage_is_told_with_exit_code_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["models", "pull", "toy", "--from", str(write_wheel(tmp_path))])
    (ASSET.folder / "a.bin").write_bytes(b"rotten")
    capsys.readouterr()
    for command in (["models", "verify"], ["models", "verify", "toy"]):
        assert main(command) == 1
        error = capsys.readouterr().err
        assert "a.bin has 6 bytes instead of 3072000" in error
        assert error.count("\n") == 1
    assert main(["models"]) == 0
    assert "toy is not as published" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["toy", "cohere-int8"])
def test_what_is_not_here_cannot_be_verified_by_name(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "verify", name]) == 1
    assert f"streamer models pull {name}" in capsys.readouterr().err
    assert main(["models", "verify"]) == 0


def test_what_cannot_be_pulled_is_told_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "pull", "toy", "--from", "/nowhere"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("streamer: /nowhere is neither a wheel nor a folder")
    assert error.count("\n") == 1


def test_a_model_of_the_hub_is_verified_by_the_checksums_of_its_pull(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for name in ("encoder.onnx", "decoder.onnx", "tokens.txt"):
        (source / name).write_bytes(name.encode())
    assert main(["models", "pull", "cohere-int8", "--from", str(source)]) == 0
    assert "files other than the published ones" in capsys.readouterr().out
    assert main(["models", "verify", "cohere-int8"]) == 0
    folder = next((tmp_path / "data").rglob("tokens.txt"))
    folder.write_bytes(b"rotten")
    assert main(["models", "verify"]) == 1
    assert "tokens.txt" in capsys.readouterr().err


def test_what_is_used_beside_a_model_is_no_model_to_serve(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(ASSETS, "toy", replace(ASSET, transcribes=False))
    assert main(["models"]) == 0
    _, _, beside = capsys.readouterr().out.partition("Used beside them")
    assert "toy " in beside
    assert main(["models", "pull", "toy", "--from", str(write_wheel(tmp_path))]) == 0
    assert "--model" not in capsys.readouterr().out
    with pytest.raises(ModelError, match="neither a folder nor a model"):
        resolve("toy")
