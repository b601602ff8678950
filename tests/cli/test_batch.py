"""A batch that can be trusted: what happens to one file is one line, and the rest is done."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from synthetic import SAMPLE

from streamer.cli.main import main
from streamer.protocols.native.messages import Error

RATE = 16_000


@pytest.fixture
def short(tmp_path: Path) -> Path:
    """Two seconds of the sample."""
    spoken, _ = soundfile.read(SAMPLE, dtype="float32", frames=2 * RATE)
    soundfile.write(tmp_path / "short.wav", spoken, RATE)
    return tmp_path / "short.wav"


def copies(of: Path, *names: str) -> list[str]:
    for name in names:
        (of.parent / name).write_bytes(of.read_bytes())
    return [str(of.parent / name) for name in names]


def test_a_transcript_that_cannot_be_written_is_told_and_the_others_are(
    short: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = copies(short, "one.wav", "two.wav", "three.wav")
    out = short.parent / "out"
    (out / "one.txt").mkdir(parents=True)
    assert main(["transcribe", *files, "--output", str(out)]) == 1
    error = capsys.readouterr().err
    assert error == f"streamer: {out / 'one.txt'}: Is a directory\n"
    assert (out / "two.txt").read_text() == (out / "three.txt").read_text() != ""


def test_what_nobody_thought_of_is_told_and_the_others_are_done(
    short: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: object, *_: object) -> None:
        raise ZeroDivisionError("by\nnothing")

    files = copies(short, "one.wav", "two.wav")
    out = short.parent / "out"
    monkeypatch.setattr("streamer.cli.batch.Batch._collect", broken)
    assert main(["transcribe", *files, "--output", str(out)]) == 1
    errors = sorted(capsys.readouterr().err.splitlines())
    assert errors[0] == f"streamer: {files[0]}: ZeroDivisionError: by\\nnothing"
    assert len(errors) == 2


def test_names_of_any_bytes(short: Path, capfd: pytest.CaptureFixture[str]) -> None:
    name = os.fsdecode(b"caf\xe9 [b]\n.wav")
    files = copies(short, name, "other.wav")
    assert main(["transcribe", *files, "--format", "jsonl"]) == 0
    rows = [json.loads(row) for row in capfd.readouterr().out.splitlines()]
    assert {row["file"] for row in rows} == set(files)
    missing = str(short.parent / os.fsdecode(b"no\xff\n"))
    assert main(["transcribe", missing]) == 1
    (line,) = capfd.readouterr().err.splitlines()
    assert line.endswith("/no\\xff\\n: no such file")


def test_a_terminal_that_knows_ascii_only(short: Path) -> None:
    files = copies(short, "na\u00efve.wav", "other.wav")
    command = [sys.executable, "-m", "streamer", "transcribe", *files]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    done = subprocess.run(command, capture_output=True, env=environment, check=False, timeout=100)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"na\\xefve.wav" in done.stdout


def test_a_full_disk_behind_standard_output_is_one_line(short: Path) -> None:
    command = [sys.executable, "-m", "streamer", "transcribe", str(short)]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=100
        )
    assert done.returncode == 1
    assert done.stderr == "streamer: standard output: No space left on device\n"


def test_standard_input_is_a_file_like_others(
    short: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["transcribe", str(short)]) == 0
    heard = capsys.readouterr().out
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(short.read_bytes())))
    assert main(["transcribe", "-"]) == 0
    assert capsys.readouterr().out == heard
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"")))
    assert main(["transcribe", "-", "--output", str(short.parent)]) == 1
    assert capsys.readouterr().err.startswith("streamer: standard input: ")
    assert main(["transcribe", "-", "-"]) == 2


def test_peaks_beyond_full_scale_are_heard_as_they_are_through_a_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A resampler overshoots: as 16-bit integers such samples would turn their sign."""
    sent: list[bytes] = []

    async def transcribe(
        pieces: AsyncIterator[bytes], *_: object, **settings: object
    ) -> AsyncGenerator[Error]:
        assert settings["encoding"] == "pcm_f32le"
        sent.extend([piece async for piece in pieces])
        for nothing in ():
            yield nothing

    loud = np.clip(8 * np.sin(np.arange(RATE) / 50), -1, 1)
    soundfile.write(tmp_path / "loud.wav", loud, 44_100)
    monkeypatch.setattr("streamer.cli.transcribe.transcribe", transcribe)
    assert main(["transcribe", str(tmp_path / "loud.wav"), "--url", "ws://nowhere"]) == 0
    samples = np.frombuffer(b"".join(sent), "<f4")
    assert np.abs(samples).max() > 1
    turns = np.abs(np.diff(samples)) > 1.5
    assert not turns.any(), "no sample turned its sign"


def test_a_closed_standard_output_is_one_line(short: Path) -> None:
    command = f"'{sys.executable}' -m streamer transcribe '{short}' >&-"
    done = subprocess.run(
        ["sh", "-c", command], stderr=subprocess.PIPE, text=True, check=False, timeout=100
    )
    assert done.returncode == 1
    assert done.stderr == "streamer: standard output is closed\n"
