"""Files through the pipeline without a socket."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile
from engines import CountingEngine
from sounds import Samples, silence, two_utterances, voice

from streamer.audio.files import AudioFile, AudioFileError
from streamer.dispatch.dispatcher import Dispatcher
from streamer.engines.local import LocalEngine
from streamer.pipeline.files import (
    EngineFailedError,
    in_thread,
    offline_settings,
    transcribe_blocks,
)
from streamer.session.events import Final


async def transcribe(samples: Samples, engine: CountingEngine) -> list[Final | float]:
    dispatcher = Dispatcher(LocalEngine(engine, 4))
    dispatcher.start()
    blocks = iter(np.array_split(samples, max(1, len(samples) // 16_000)))
    try:
        settings = offline_settings("en")
        return [news async for news in transcribe_blocks(blocks, settings, dispatcher, 160)]
    finally:
        await dispatcher.close()


async def test_a_file_is_its_utterances_and_progress_between() -> None:
    news = await transcribe(two_utterances(), CountingEngine())
    finals = [item for item in news if isinstance(item, Final)]
    progress = [item for item in news if isinstance(item, float)]
    assert [final.utterance for final in finals] == [0, 1]
    assert progress == sorted(progress)
    assert progress[-1] == pytest.approx(5.3)


async def test_a_long_file_waits_for_its_finals_and_loses_none() -> None:
    samples = np.tile(np.concatenate([voice(4.0), silence(1.0)]), 40)
    engine = CountingEngine(seconds_a_step=0.001)
    news = await transcribe(samples, engine)
    assert len([item for item in news if isinstance(item, Final)]) == 40
    assert max(engine.steps) > 1, "the queue is kept full"


async def test_a_broken_engine_ends_the_file() -> None:
    engine = CountingEngine()
    engine.failures = 2
    with pytest.raises(EngineFailedError, match="twice"):
        await transcribe(two_utterances(), engine)


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (44_100, 2), (96_000, 6)])
def test_any_file_is_read_as_mono_at_the_models_rate(
    tmp_path: Path, rate: int, channels: int
) -> None:
    time = np.arange(rate) / rate
    wave = np.stack([0.5 * np.sin(2 * np.pi * 300 * time)] * channels, axis=1)
    soundfile.write(tmp_path / "a.wav", wave, rate)
    audio = AudioFile(tmp_path / "a.wav", 16_000)
    samples = np.concatenate(list(audio.blocks(0.3)))
    assert audio.seconds == 1.0
    assert abs(len(samples) - 16_000) <= 1
    assert np.max(np.abs(samples[2000:14_000])) == pytest.approx(0.5, abs=0.01)


def test_channels_may_be_kept_apart(tmp_path: Path) -> None:
    wave = np.stack([np.full(8000, 0.5), np.full(8000, -0.25)], axis=1)
    soundfile.write(tmp_path / "a.wav", wave, 8000)
    audio = AudioFile(tmp_path / "a.wav", 16_000)
    samples = np.concatenate(list(audio.blocks(0.3, mixed=False)))
    assert audio.channels == samples.shape[1] == 2
    assert abs(len(samples) - 16_000) <= 1
    assert samples[8000] == pytest.approx([0.5, -0.25], abs=0.01)


def test_what_is_no_audio_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("words")
    with pytest.raises(AudioFileError, match=r"a\.txt: not readable as audio"):
        AudioFile(tmp_path / "a.txt", 16_000)


async def test_what_a_thread_has_begun_is_waited_for_however_often_it_is_cancelled() -> None:
    may_end, ended = threading.Event(), threading.Event()

    def read() -> None:
        assert may_end.wait(20)
        ended.set()

    reading = asyncio.create_task(in_thread(read))
    for _ in range(3):
        await asyncio.sleep(0.01)
        reading.cancel()
    await asyncio.sleep(0.01)
    assert not reading.done(), "what it reads may not be closed yet"
    may_end.set()
    await asyncio.wait([reading])
    assert reading.cancelled()
    assert ended.is_set()
