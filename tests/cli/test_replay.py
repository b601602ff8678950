"""`streamer replay` as a user runs it, on a session that the real server recorded."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli.test_commands import SAMPLE, serving

from streamer.cli.main import main


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recordings")
    with serving("--record", str(folder)) as (process, url):
        assert main(["transcribe", str(SAMPLE), "--url", url]) == 0
        process.terminate()
        assert process.wait(20) == 0
    (file,) = folder.iterdir()
    return file


def test_a_recorded_session_is_the_same_again(
    recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", str(recorded), "--threads", "1"]) == 0
    assert "The same: " in capsys.readouterr().out


def test_the_first_difference_is_shown(
    recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other"
    changed = recorded.read_bytes().replace(b'"text":"', b'"text":"Ah, ', 1)
    other.write_bytes(changed)
    assert main(["replay", str(other), "--threads", "1"]) == 1
    out = capsys.readouterr().out
    line = 1 + changed[: changed.index(b"Ah, ")].count(b"\n")
    assert f"First difference, line {line} " in out
    assert "recorded: Hypothesis(text='Ah, " in out
    assert "replayed: Hypothesis(text='" in out


@pytest.mark.parametrize("name", ["missing", "foreign"])
def test_a_file_that_is_no_recording_is_told_in_one_line(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "foreign").write_bytes(b"RIFF")
    assert main(["replay", str(tmp_path / name)]) == 1
    err = capsys.readouterr().err
    assert err.startswith("streamer: ")
    assert len(err.splitlines()) == 1
