"""The programs that the page offers, run as they are against a real server."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import wave
from pathlib import Path

import pytest
from e2e.clients.speech import is_heard, speech
from servers import serving
from sounds import pcm

from streamer.decoding.step_engine import StepEngine

WEB = Path(__file__).parents[3] / "web"
NODE = shutil.which("node")
WRITE = """
import { SNIPPETS } from "./page/snippets.js";
const [name, place] = process.argv.slice(1);
process.stdout.write(SNIPPETS[name](JSON.parse(place)));
"""
SETTINGS = {"language": "en", "partials": False, "endpoint_silence_ms": 500}
KEY = "it's secret"
RUN = {
    "Python": [sys.executable, "-W", "error", "-c"],
    # Node 20 has WebSockets behind a flag that newer ones take, too.
    "JavaScript": ["node", "--experimental-websocket", "--input-type=module", "-e"],
    "curl": ["sh", "-c"],
    "Deepgram": [sys.executable, "-c"],
    "OpenAI": [sys.executable, "-c"],
}


async def output(*command: str, folder: Path) -> str:
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    told, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return told.decode()


@pytest.mark.skipif(NODE is None, reason="needs Node")
@pytest.mark.parametrize("name", RUN)
async def test_each_program_prints_what_was_said(
    engine: StepEngine, tmp_path: Path, name: str
) -> None:
    if shutil.which(RUN[name][0]) is None:
        pytest.skip(f"needs {RUN[name][0]}")
    with wave.open(str(tmp_path / "speech.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(pcm(speech()))
    async with serving(engine, api_keys=[KEY]) as address:
        place = json.dumps({"address": f"http://{address}/", "key": KEY, "settings": SETTINGS})
        write = ["node", "--input-type=module", "-e", WRITE, name, place]
        program = await output(*write, folder=WEB)
        said = await output(*RUN[name], program, folder=tmp_path)
    assert is_heard(said), said
