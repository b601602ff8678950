"""No input of any door's raises anything: what was found, and a fixed number of new inputs."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from fuzzing import conversation, recording, rest

HERE = Path(__file__).parent
RUNS = 2000
"""Some ten seconds; `python -m tests.fuzzing --runs 1000000` by hand."""


def found(corpus: str) -> list[Path]:
    return sorted((HERE / corpus).iterdir())


@pytest.mark.parametrize("path", found("corpus"), ids=lambda path: path.name)
def test_a_conversation_that_was_found_before_does_no_harm(path: Path) -> None:
    conversation.play(path.read_bytes())


@pytest.mark.parametrize("path", found("corpus_rest"), ids=lambda path: path.name)
def test_a_request_that_was_found_before_does_no_harm(path: Path) -> None:
    rest.play(path.read_bytes())


@pytest.mark.parametrize("path", found("corpus_recording"), ids=lambda path: path.name)
def test_a_recording_that_was_found_before_does_no_harm(path: Path) -> None:
    recording.play(path.read_bytes())


@pytest.mark.parametrize("target", ["conversation", "rest", "recording"])
def test_new_inputs_do_no_harm(target: str, tmp_path: Path) -> None:
    """By atheris where it is installed, else by chance alone."""
    guided = importlib.util.find_spec("atheris") is not None
    runs = RUNS if guided else RUNS // 3
    command = [sys.executable, "-m", "tests.fuzzing", target, "--runs", str(runs)]
    ran = subprocess.run(
        [*command, "--keep", str(tmp_path / "found"), *([] if guided else ["--plain"])],
        cwd=HERE.parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-4000:]
