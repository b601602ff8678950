"""No input of any door's raises anything: what was found, and a fixed number of new inputs."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from fuzzing.conversation import play

HERE = Path(__file__).parent
RUNS = 2000
"""Some ten seconds; `python -m tests.fuzzing --runs 1000000` by hand."""


@pytest.mark.parametrize("path", sorted((HERE / "corpus").iterdir()), ids=lambda path: path.name)
def test_what_was_found_before_does_no_harm(path: Path) -> None:
    play(path.read_bytes())


def test_new_inputs_do_no_harm(tmp_path: Path) -> None:
    """By atheris where it is installed, else by chance alone."""
    guided = importlib.util.find_spec("atheris") is not None
    command = [sys.executable, "-m", "tests.fuzzing", "--runs", str(RUNS if guided else RUNS // 3)]
    ran = subprocess.run(
        [*command, "--keep", str(tmp_path / "found"), *([] if guided else ["--plain"])],
        cwd=HERE.parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-4000:]
