"""Metrics and recordings see an upload as they see a stream."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import soundfile
from engines import CountingEngine
from openai import AsyncOpenAI
from servers import client, receive_all, running, send
from sounds import pcm, two_utterances

from streamer.recording.entries import Ended, Gave, Took
from streamer.recording.lines import read_recording
from streamer.recording.replay import Replay
from streamer.server.server import TranscriptionServer
from streamer.session.events import Done, Final


async def metrics_of(server: TranscriptionServer) -> dict[str, float]:
    """What Prometheus is told."""
    host, port = server.address
    text = await asyncio.to_thread(lambda: urlopen(f"http://{host}:{port}/metrics").read().decode())
    lines = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


@asynccontextmanager
async def uploaded(**settings: Any) -> AsyncGenerator[TranscriptionServer]:
    """A server that has transcribed a file of two utterances."""
    file = io.BytesIO()
    soundfile.write(file, two_utterances(), 16_000, format="WAV")
    async with running(**settings) as server:
        host, port = server.address
        url = f"http://{host}:{port}/v1"
        async with AsyncOpenAI(base_url=url, api_key="none", max_retries=0) as rest:
            name_and_data = ("a.wav", file.getvalue())
            await rest.audio.transcriptions.create(model="m", file=name_and_data)
        yield server


async def test_an_upload_is_counted() -> None:
    async with uploaded() as server:
        told = await metrics_of(server)
    assert told["streamer_audio_seconds_total"] == 5.3
    assert sum(n for name, n in told.items() if name.startswith("streamer_utterances_total")) == 2
    assert told["streamer_final_seconds_count"] == 2
    assert told["streamer_final_characters_total"] > 0


async def test_an_upload_and_a_stream_of_the_same_audio_count_the_same() -> None:
    async with uploaded() as server:
        counted = await metrics_of(server)
    async with running() as server:
        host, port = server.address
        async with client(f"{host}:{port}") as ws:
            await send(ws, "start", partials=False)
            await ws.send(pcm(two_utterances()))
            await send(ws, "stop")
            await receive_all(ws)
        streamed = await metrics_of(server)
    for name in ("audio_seconds_total", "final_characters_total", "final_seconds_count"):
        assert counted[f"streamer_{name}"] == streamed[f"streamer_{name}"], name
    reasons = [name for name in streamed if name.startswith("streamer_utterances_total")]
    assert [counted[name] for name in reasons] == [streamed[name] for name in reasons]


async def test_an_upload_is_recorded_and_its_recording_can_be_run_again(tmp_path: Path) -> None:
    async with uploaded(record=tmp_path):
        pass
    (file,) = tmp_path.iterdir()
    with read_recording(file) as (header, entries):
        found = [entry for _, entry in entries]
    assert header.settings.encoding == "pcm_f32le"
    assert isinstance(found[0], Took)
    assert isinstance(found[-1], Ended)
    events = [entry.event for entry in found if isinstance(entry, Gave)]
    assert len([event for event in events if isinstance(event, Final)]) == 2
    assert isinstance(events[-1], Done)
    with read_recording(file) as (header, entries):
        assert Replay(header, CountingEngine(), 8).run(entries) is None


async def test_an_upload_and_a_stream_are_written_down_for_billing(tmp_path: Path) -> None:
    file = tmp_path / "usage.jsonl"
    async with uploaded(usage_log=file):
        pass
    async with running(usage_log=file, api_keys=["secret"]) as server:
        host, port = server.address
        bearer = {"Authorization": "Bearer secret"}
        async with client(f"{host}:{port}", additional_headers=bearer) as ws:
            await send(ws, "start", partials=False)
            await ws.send(pcm(two_utterances()))
            await send(ws, "stop")
            told = await receive_all(ws)
        counted = await metrics_of(server)
    upload, stream = (json.loads(line) for line in file.read_text().splitlines())
    charged = [one["usage_s"] for one in told if one["type"] == "final"]
    assert charged == [one["end"] - one["start"] for one in told if one["type"] == "final"]
    assert told[-1]["usage_s"] == stream["usage_s"] == round(sum(charged), 3)
    assert counted['streamer_usage_seconds_total{key="setting 1"}'] == sum(charged)
    assert (upload["key"], stream["key"]) == (None, "setting 1")
    same = ("audio_s", "usage_s", "finals", "language", "model", "channels")
    assert [upload[name] for name in same] == [stream[name] for name in same]


async def test_what_masks_is_not_recorded(tmp_path: Path) -> None:
    async with uploaded(record=tmp_path, redact=["numbers"]):
        pass
    assert not list(tmp_path.iterdir())
