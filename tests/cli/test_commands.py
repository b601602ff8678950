"""The commands as a user runs them: output, errors without tracebacks, exit codes."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile
from sounds import two_utterances
from synthetic import SAMPLE, SENTENCES
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import connect

from streamer.cli.demo import sample_path
from streamer.cli.main import main
from streamer.models.assets import find
from streamer.models.catalogue import MOONSHINE
from streamer.models.errors import AssetMissingError


def streamer_command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "streamer", *arguments]


def words(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())


def share_found(spoken: list[str], text: str) -> float:
    """How many of the spoken words were heard, in any order."""
    heard = words(text)
    return sum(word in heard for word in spoken) / len(spoken)


@contextmanager
def serving(*arguments: str) -> Generator[tuple[subprocess.Popen[str], str]]:
    """Run `streamer serve`; yields the process and its address."""
    command = streamer_command("serve", "--port", "0", "--threads", "1", *arguments)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if found := re.search(r"ws://\S+?:\d+", line):
                yield process, found[0]
                break
        else:
            pytest.fail("the server did not start")
    finally:
        process.kill()
        process.communicate()


def demo(model: str) -> str:
    command = streamer_command("demo", "--once", "--model", model)
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "after the last word" in done.stdout
    assert "\x1b" not in done.stdout, "colours only on a terminal"
    return done.stdout


def test_the_demo_shows_the_right_words() -> None:
    try:
        find(MOONSHINE)
    except AssetMissingError as error:
        pytest.skip(str(error))
    told = demo("moonshine")
    spoken = sample_path().with_suffix(".txt").read_text(encoding="utf-8")
    assert share_found(words(spoken), told) > 0.95
    assert "demonstration" not in told


def test_the_demo_of_the_small_model_says_how_to_get_the_real_one() -> None:
    assert "`streamer models pull moonshine` brings the real one" in demo("embedded")


def test_a_file_becomes_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["transcribe", str(SAMPLE)]) == 0
    out = capsys.readouterr().out
    assert share_found(words(" ".join(SENTENCES)), out) > 0.7
    assert len(out.splitlines()) >= len(SENTENCES) - 1


def test_many_files_become_subtitles(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rate = 44_100
    spoken, _ = soundfile.read(SAMPLE, dtype="float32")
    stereo = np.stack([spoken, spoken], axis=1)
    soundfile.write(tmp_path / "a.wav", stereo, 16_000)
    soundfile.write(tmp_path / "b.ogg", np.zeros(rate), rate)
    files = [str(tmp_path / "a.wav"), str(tmp_path / "b.ogg")]
    assert main(["transcribe", *files, "--format", "srt", "--output", str(tmp_path / "out")]) == 0
    assert capsys.readouterr().out == ""
    assert (tmp_path / "out" / "a.srt").read_text().startswith("1\n00:00:")
    assert (tmp_path / "out" / "b.srt").read_text() == ""


def test_an_utterance_each_with_times_and_the_file_it_came_from(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["transcribe", str(SAMPLE), "--format", "jsonl"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(rows) >= len(SENTENCES) - 1
    assert all(row["file"] == str(SAMPLE) and row["start"] < row["end"] for row in rows)
    assert [row["start"] for row in rows] == sorted(row["start"] for row in rows)


def complaints(error: str) -> list[str]:
    """What is told, but that Silero's file is not on this machine."""
    return [line for line in error.splitlines() if not line.startswith("silero is not")]


def test_a_file_that_is_no_audio_is_told_and_the_others_are_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes.txt").write_text("not audio")
    soundfile.write(tmp_path / "quiet.wav", np.zeros(16_000), 16_000)
    files = [str(tmp_path / name) for name in ("notes.txt", "missing.wav", "quiet.wav")]
    assert main(["transcribe", *files]) == 1
    captured = capsys.readouterr()
    error = captured.err
    assert len(complaints(error)) == 2
    assert "not readable as audio" in error
    assert "missing.wav: no such file" in error
    assert "Traceback" not in error
    assert "quiet.wav" in captured.out


def test_what_is_missing_of_a_recording_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "half.flac"
    path.write_bytes(SAMPLE.read_bytes()[:100_000])
    assert main(["transcribe", str(path)]) == 0
    captured = capsys.readouterr()
    assert captured.out
    assert len(complaints(captured.err)) == 1
    assert f"streamer: {path}: broken off after" in captured.err


@pytest.mark.parametrize(
    ("argv", "code", "message"),
    [
        (["transcribe", "a.wav", "b.wav", "--format", "srt"], 2, "--output"),
        (["transcribe", "a/x.wav", "b/x.wav", "--output", "out"], 2, "one name"),
        (["transcribe", "a.wav", "--model", "/nowhere"], 1, "/nowhere"),
        (["transcribe", "a.wav", "--language", "xx"], 2, "language"),
        (["serve", "--model", "cohere-int8"], 1, "streamer models pull"),
        (["serve", "--port", "99999"], 2, "--port"),
        (["models", "pull", "cohere-int8", "--from", "/nowhere"], 1, "/nowhere"),
        (["export", "/nowhere", "out"], 1, "/nowhere is not a folder"),
    ],
)
def test_mistakes_are_told_in_a_line(
    argv: list[str],
    code: int,
    message: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert main(argv) == code
    *told_before, error = capsys.readouterr().err.splitlines()
    assert error.startswith("streamer: ")
    assert message in error
    assert all("silero" in line for line in told_before)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shells_completion_knows_commands_and_options(
    shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert "transcribe" in script
    assert "max-lateness-s" in script.replace("_", "-")


def test_a_format_that_is_none_is_told_the_choices(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["transcribe", "a.wav", "--format", "xml"])
    error = capsys.readouterr().err
    assert all(choice in error.splitlines()[-1] for choice in ("txt", "jsonl", "srt", "vtt"))


@pytest.mark.parametrize("argv", [[], ["sing"], ["transcribe"], ["models", "pull", "gpt"]])
def test_wrong_usage_exits_with_2(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(argv)
    assert caught.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    out = capsys.readouterr().out
    for command in ("serve", "demo", "transcribe", "models", "export"):
        assert command in out


def test_a_file_through_a_running_server(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["transcribe", str(SAMPLE), "--format", "srt"]
    with serving("--api-keys", "secret") as (_, url):
        assert main([*arguments, "--url", url, "--api-key", "secret"]) == 0
        heard = capsys.readouterr().out
        assert main([*arguments, "--url", url]) == 1
        assert "401" in capsys.readouterr().err
    assert main(arguments) == 0
    assert capsys.readouterr().out == heard, "the socket changes nothing, nor when words were said"


def test_channels_through_a_running_server(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spoken, rate = soundfile.read(SAMPLE, dtype="float32")
    half = len(spoken) // 2
    stereo = np.stack([spoken[:half], np.roll(spoken, -half)[:half]], axis=1)
    soundfile.write(tmp_path / "call.wav", stereo, rate, subtype="PCM_16")
    arguments = ["transcribe", str(tmp_path / "call.wav"), "--channels", "agent,customer"]
    with serving() as (_, url):
        assert main([*arguments, "--url", url]) == 0
    heard = capsys.readouterr().out
    assert re.findall(r"^(\w+): ", heard, re.MULTILINE).count("agent") >= 2
    assert main(arguments) == 0
    assert capsys.readouterr().out == heard, "the socket changes nothing"


def test_no_server_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["transcribe", str(SAMPLE), "--url", "ws://127.0.0.1:9"]) == 1
    assert "no server answers" in " ".join(capsys.readouterr().err.split())


def test_a_taken_port_is_told() -> None:
    with serving() as (_, url):
        port = url.rsplit(":", 1)[1]
        done = subprocess.run(
            streamer_command("serve", "--port", port),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in done.stderr
    assert "Traceback" not in done.stderr


def test_sigterm_lets_running_sessions_end_and_takes_no_new_ones() -> None:
    spoken, _ = soundfile.read(SAMPLE, dtype="int16")
    with serving() as (process, url), connect(f"{url}/v1/stream", compression=None) as ws:
        ws.send(spoken[: 16_000 * 4].tobytes())
        assert json.loads(ws.recv(timeout=10))["type"] == "ready"
        os.kill(process.pid, signal.SIGTERM)
        time.sleep(0.3)
        with pytest.raises(InvalidStatus, match="503"), connect(f"{url}/v1/stream"):
            pass
        ws.send(spoken[16_000 * 4 : 16_000 * 6].tobytes())
        ws.send('{"type":"stop"}')
        messages = [json.loads(message) for message in ws]
        assert messages[-1]["type"] == "done"
        assert any(message["type"] == "final" and message["text"] for message in messages)
        assert process.wait(timeout=20) == 0


def test_sessions_that_outlast_the_drain_get_their_finals_and_1012() -> None:
    with serving("--drain-timeout-s", "0.2") as (process, url):
        with connect(f"{url}/v1/stream?vad=off", compression=None) as ws:
            ws.send((two_utterances() * 32767).astype("<i2").tobytes())
            assert json.loads(ws.recv(timeout=10))["type"] == "ready"
            os.kill(process.pid, signal.SIGTERM)
            kinds: list[str] = []
            with contextlib.suppress(ConnectionClosedError):
                kinds += (json.loads(message)["type"] for message in ws)
            assert ws.close_code == 1012
            assert kinds[-2:] == ["final", "done"]
        assert process.wait(timeout=20) == 0
