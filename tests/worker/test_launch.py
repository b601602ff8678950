"""How many processes of the model there are, and what each is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from streamer.cli.engines import serving_engine
from streamer.cli.errors import CommandError
from streamer.engines.worker import launch as launching
from streamer.engines.worker.launch import LAUNCHES, VISIBLE, Launch, launches
from streamer.models.errors import ModelError
from streamer.settings import Settings

MODEL = Launch(Path("model"), "auto", threads=0, max_batch=8, log_format="text")


@pytest.fixture(autouse=True)
def eight_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launching, "usable_cores", lambda: 8)
    monkeypatch.delenv(VISIBLE, raising=False)


def test_one_is_started_as_the_settings_say() -> None:
    assert launches(MODEL, [], 1) == [MODEL]
    assert MODEL.environment is None
    assert LAUNCHES.validate_json(MODEL.command[-1]) == MODEL


def test_several_share_the_cores_unless_they_are_told_how_many_each_has() -> None:
    assert [one.threads for one in launches(MODEL, [], 3)] == [2, 2, 2]
    few = Launch(Path("model"), "cpu", threads=3, max_batch=8, log_format="text")
    assert [one.threads for one in launches(few, [], 16)] == [3] * 16


def test_each_device_has_its_own_which_sees_no_other() -> None:
    found = launches(MODEL, ["cuda:0", "cuda:1", "cpu"], 1)
    assert [(one.provider, one.gpu, one.threads) for one in found] == [
        ("cuda", 0, 0),
        ("cuda", 1, 0),
        ("cpu", None, 8),
    ]
    environments = [one.environment for one in found]
    assert [one and one[VISIBLE] for one in environments] == ["0", "1", None]
    assert len({one.label for one in found}) == 3


def test_devices_are_those_that_the_server_may_see(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VISIBLE, "GPU-b, GPU-a")
    first, third = launches(MODEL, ["cuda:1", "cuda:2"], 1)
    assert first.environment is not None
    assert first.environment[VISIBLE] == "GPU-a"
    with pytest.raises(ModelError, match="no device cuda:2: CUDA_VISIBLE_DEVICES shows 2"):
        _ = third.environment


def test_several_processes_on_each() -> None:
    found = launches(MODEL, ["cuda:0", "cuda:1"], 2)
    assert [one.gpu for one in found] == [0, 0, 1, 1]


def test_a_device_that_is_none_is_refused() -> None:
    with pytest.raises(ValidationError):
        Settings(devices="cuda:0,gpu1")


async def test_a_model_in_the_server_itself_has_no_processes() -> None:
    with pytest.raises(CommandError, match="--engine worker"):
        await serving_engine(Settings(model="embedded", engine="local", workers=2))
