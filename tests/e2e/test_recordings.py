"""Recordings made by the formats' own tools, at the command line, by REST and live."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest
from e2e.clients.speech import is_heard
from servers import client, of_type, receive_all, running, send, serving
from synthetic import SAMPLE

from streamer.cli.loading import load_step_engine
from streamer.cli.main import main
from streamer.decoding.step_engine import StepEngine
from streamer.settings import Settings

VIDEO = "-f lavfi -i testsrc=size=64x64:rate=10:duration=5"

FFMPEG = {
    "memo.m4a": "-c:a aac",
    "memo-fast.m4a": "-c:a aac -movflags faststart",
    "lossless.m4a": "-c:a alac",
    "note.webm": "-c:a libopus",
    "vorbis.webm": "-c:a libvorbis",
    "safari.mp4": "-c:a aac -movflags frag_keyframe+empty_moov+default_base_moof",
    "voice.ogg": "-c:a libopus",
    "vorbis.ogg": "-c:a libvorbis",
    "flac.oga": "-c:a flac",
    "stream.aac": "-c:a aac",
    "talk.mp3": "-c:a libmp3lame",
    "talk.mp2": "-c:a mp2",
    "talk.wma": "-c:a wmav2",
    "talk.mkv": "-c:a flac",
    "mulaw.wav": "-c:a pcm_mulaw -ar 8000",
    "adpcm.wav": "-c:a adpcm_ms",
    "deep.wav": "-c:a pcm_s24le -ar 48000 -ac 2",
    "talk.caf": "-c:a pcm_s16be",
    "film.mp4": "-c:v mpeg4 -c:a aac",
    "film.mov": "-c:v mjpeg -c:a aac",
    "film.webm": "-c:v libvpx -c:a libopus",
    "film.avi": "-c:v mpeg4 -c:a libmp3lame",
    "film.ts": "-c:v mpeg2video -r 25 -c:a aac",
    "film.wmv": "-c:v wmv2 -c:a wmav2",
}
SOX = {
    "sox.wav": "-e ima-adpcm",
    "sox.aiff": "",
    "sox.au": "",
    "sox.flac": "-b 24 -r 44100",
    "sox.sph": "",
    "sox.voc": "-r 8000",
}
LIVE = [
    *("memo-fast.m4a", "note.webm", "vorbis.webm", "safari.mp4", "voice.ogg", "vorbis.ogg"),
    *("flac.oga", "stream.aac", "talk.mp3", "talk.mkv", "mulaw.wav", "deep.wav", "film.webm"),
    "sox.flac",
]
"""Streams as they come; the others have their index at the end, or no demuxer of ours."""


@pytest.fixture(scope="module")
def engine() -> StepEngine:
    return load_step_engine(Settings(threads=1))


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The sample's first utterance in every format that the tools here write."""
    folder = tmp_path_factory.mktemp("recordings")
    made: dict[str, Path] = {}
    if shutil.which("ffmpeg") is not None:
        for name, options in FFMPEG.items():
            video = VIDEO.split() if name.startswith("film") else []
            sound = ["-t", "5", "-i", str(SAMPLE)]
            command = ["ffmpeg", "-v", "error", "-y", *video, *sound, *options.split(), name]
            subprocess.run(command, cwd=folder, check=True)
            made[name] = folder / name
    if shutil.which("sox") is not None:
        for name, options in SOX.items():
            command = ["sox", str(SAMPLE), *options.split(), name, "trim", "0", "5"]
            subprocess.run(command, cwd=folder, check=True)
            made[name] = folder / name
    if not made:
        pytest.skip("needs ffmpeg or sox: apt-get install ffmpeg sox")
    return made


def test_the_command_line_reads_them_all_and_says_nothing_of_them(
    recordings: dict[str, Path], capfd: pytest.CaptureFixture[str]
) -> None:
    files = [str(path) for path in recordings.values()]
    assert main(["transcribe", "--model", "embedded", "--format", "jsonl", *files]) == 0
    captured = capfd.readouterr()
    heard: dict[str, list[str]] = {}
    for line in captured.out.splitlines():
        row = json.loads(line)
        heard.setdefault(Path(row["file"]).name, []).append(row["text"])
    missed = [name for name in recordings if not is_heard(" ".join(heard.get(name, [])))]
    assert missed == []
    assert not [line for line in captured.err.splitlines() if any(n in line for n in recordings)]


async def test_rest_reads_them_all(recordings: dict[str, Path], engine: StepEngine) -> None:
    async with running(engine, rest_port=0) as server, httpx.AsyncClient(timeout=60) as http:
        assert server.rest_address is not None
        host, port = server.rest_address
        missed: list[str] = []
        for name, path in recordings.items():
            answer = await http.post(
                f"http://{host}:{port}/v1/audio/transcriptions",
                files={"file": (name, path.read_bytes())},
                data={"model": "any"},
            )
            if answer.status_code != 200 or not is_heard(answer.json()["text"]):
                missed.append(f"{name}: {answer.text}")
            assert "x-streamer-warning" not in answer.headers, name
        assert missed == []


async def test_live_streams_are_read_as_they_come(
    recordings: dict[str, Path], engine: StepEngine
) -> None:
    missed: list[str] = []
    async with serving(engine=engine) as address:
        for name in LIVE:
            if name not in recordings:
                continue
            query = "?encoding=container&partials=false"
            async with client(address, query) as ws:
                data = recordings[name].read_bytes()
                for at in range(0, len(data), 3000):
                    await ws.send(data[at : at + 3000])
                await send(ws, "stop")
                messages = await receive_all(ws)
            text = " ".join(one["text"] for one in of_type(messages, "final"))
            if not is_heard(text) or of_type(messages, "warning"):
                missed.append(f"{name}: {text} {of_type(messages, 'warning')}")
    assert missed == []
