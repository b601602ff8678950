"""What a `--model` value means."""

from __future__ import annotations

from pathlib import Path

import platformdirs
import pytest

from streamer.models.errors import ModelError
from streamer.models.registry import PUBLISHED, embedded_folder, pulled_folder, resolve


@pytest.fixture(autouse=True)
def data_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(platformdirs, "user_data_path", tmp_path.joinpath)
    return tmp_path


def test_embedded_is_in_the_package() -> None:
    assert resolve("embedded") == embedded_folder()
    assert embedded_folder().parts[-3:] == ("streamer", "models", "embedded")


def test_a_known_model_that_was_pulled_is_found() -> None:
    pulled_folder("cohere-int8").mkdir(parents=True)
    assert resolve("cohere-int8") == pulled_folder("cohere-int8")


def test_a_known_model_that_was_not_pulled_says_how_to() -> None:
    with pytest.raises(ModelError, match="streamer models pull cohere-int8"):
        resolve("cohere-int8")


def test_a_folder_is_itself(tmp_path: Path) -> None:
    assert resolve(str(tmp_path)) == tmp_path


def test_anything_else_is_refused_with_the_known_names() -> None:
    known = r"\(auto, embedded, moonshine, cohere-int8\)"
    with pytest.raises(ModelError, match=f"nonsense is neither .* {known}"):
        resolve("nonsense")


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_models_are_pinned(name: str) -> None:
    model = PUBLISHED[name]
    assert len(model.revision) == 40
    assert {"tokens.txt"} < {file.name for file in model.files}
    for file in model.files:
        assert len(bytes.fromhex(file.sha256)) == 32
        assert file.size > 0
