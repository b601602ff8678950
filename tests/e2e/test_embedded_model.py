"""The model inside the package, through the whole pipeline."""

from __future__ import annotations

import asyncio
import re

import numpy as np
import pytest
import soundfile
from servers import client, of_type, receive, receive_all, send, serving
from sounds import Samples, click, pcm, room, silence
from synthetic import SAMPLE

from streamer.cli.loading import load_step_engine
from streamer.decoding.step_engine import StepEngine
from streamer.dispatch.dispatcher import Dispatcher
from streamer.engines.local import LocalEngine
from streamer.pipeline.files import offline_settings, transcribe_blocks
from streamer.session.events import Final
from streamer.settings import Settings
from streamer.speech.clip import SAMPLE_RATE


@pytest.fixture(scope="module")
def engine() -> StepEngine:
    return load_step_engine(Settings(threads=1))


def spoken() -> Samples:
    samples, _ = soundfile.read(SAMPLE, dtype="float32")
    return np.asarray(samples, np.float32)


def tone(frequency: float) -> Samples:
    time = np.arange(4 * SAMPLE_RATE) / SAMPLE_RATE
    return (0.3 * np.sin(2 * np.pi * frequency * time)).astype(np.float32)


def words(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())


def word_error_rate(truth: list[str], heard: list[str]) -> float:
    """Edit distance in words over the words that were said."""
    row = np.arange(len(heard) + 1)
    for word in truth:
        last, row = row, row + 1
        for at, other in enumerate(heard):
            row[at + 1] = min(last[at] + (word != other), last[at + 1] + 1, row[at] + 1)
    return int(row[-1]) / len(truth)


async def offline(samples: Samples, engine: StepEngine) -> list[Final]:
    dispatcher = Dispatcher(LocalEngine(engine, 8))
    dispatcher.start()
    blocks = iter(np.array_split(samples, max(1, len(samples) // SAMPLE_RATE)))
    try:
        settings = offline_settings("en")
        news = [item async for item in transcribe_blocks(blocks, settings, dispatcher, 160)]
    finally:
        await dispatcher.close()
    return [item for item in news if isinstance(item, Final)]


async def test_it_knows_the_sentences_of_the_demo(engine: StepEngine) -> None:
    truth = words(SAMPLE.with_suffix(".txt").read_text(encoding="utf-8"))
    finals = await offline(spoken(), engine)
    heard = words(" ".join(final.text for final in finals))
    assert word_error_rate(truth, heard) <= 0.15


async def test_streaming_with_partials_gives_the_finals_of_the_file(engine: StepEngine) -> None:
    files = await offline(spoken(), engine)
    async with serving(engine) as address, client(address) as ws:
        data = pcm(spoken())
        for at in range(0, len(data), 6400):
            await ws.send(data[at : at + 6400])
            await asyncio.sleep(0.03)  # faster than speech, but not too fast for partials
        await send(ws, "stop")
        messages = await receive_all(ws)
    finals = of_type(messages, "final")
    assert [final["text"] for final in finals] == [final.text for final in files]
    assert len(of_type(messages, "partial")) > 0


async def test_ready_says_how_to_get_the_real_model(engine: StepEngine) -> None:
    async with serving(engine) as address, client(address) as ws:
        await send(ws, "start")
        ready = await receive(ws)
    assert ready["demonstration"]
    assert "`streamer models pull moonshine` brings the real one" in ready["advice"]


async def test_ready_advises_nothing_with_any_other_model() -> None:
    async with serving() as address, client(address) as ws:
        await send(ws, "start")
        ready = await receive(ws)
    assert not ready["demonstration"]
    assert "advice" not in ready


@pytest.mark.parametrize(
    "sound",
    [
        pytest.param(silence(4), id="digital silence"),
        pytest.param(room(4, -60), id="quiet room"),
        pytest.param(room(4, -20), id="loud white noise"),
        pytest.param(tone(440), id="tone"),
        pytest.param(tone(1000), id="beep"),
        pytest.param(tone(50) + tone(150) / 3 + tone(250) / 5, id="mains hum"),
        pytest.param(np.tile(click(1.0), 4), id="clicks"),
    ],
)
async def test_what_is_not_speech_gives_no_text(sound: Samples, engine: StepEngine) -> None:
    assert [final.text for final in await offline(sound, engine) if final.text] == []
