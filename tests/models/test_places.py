"""Where models are kept."""

from __future__ import annotations

from pathlib import Path

import platformdirs
import pytest

from streamer.models.places import pulled_folder, shared_folder


def test_a_user_without_a_home_has_the_folder_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless(name: str) -> Path:
        raise RuntimeError(f"could not determine the home directory of {name}")

    monkeypatch.setattr(platformdirs, "user_data_path", homeless)
    assert pulled_folder("moonshine") == shared_folder("moonshine")
