"""What can be added without a line changed in the rest of the house but a registry's."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import numpy as np
import pytest
from engines import CountingEngine
from servers import client, of_type, receive_all, receive_until, running, send, serving
from sounds import pcm, silence, voice

from streamer.audio.encodings import Encoding
from streamer.dispatch.dispatcher import Dispatcher
from streamer.dispatch.job import Job
from streamer.engines.local import LocalEngine
from streamer.families import registry as families
from streamer.models.errors import ModelError
from streamer.pipeline.files import transcribe_blocks
from streamer.session.events import Final, SpeechEnded, SpeechStarted
from streamer.session.session import Session
from streamer.session.settings import StreamSettings
from streamer.speech.clip import Clip
from streamer.speech.hypothesis import Hypothesis, Outcome
from streamer.speech.options import DecodeOptions
from streamer.vad.registry import DETECTORS
from tests.toys.detector import LoudnessDetector
from tests.toys.family import MARK, ToyFamily
from tests.toys.option import LoudEngine, LoudSettings
from tests.toys.remote import RemoteEngine


@pytest.fixture
def toy_folder(tmp_path: Path) -> Path:
    (tmp_path / MARK).write_text("q", encoding="utf-8")
    return tmp_path


async def test_a_family_of_another_kind_is_one_entry(
    toy_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ModelError, match=r"no tokens\.txt"):
        families.load_model(toy_folder)
    monkeypatch.setattr(families, "FAMILIES", (ToyFamily(), *families.FAMILIES))
    engine = families.load_model(toy_folder, families=families.FAMILIES)
    async with running(engine) as server:
        host, port = server.address
        async with client(f"{host}:{port}") as ws:
            ready = (await receive_until(ws, "ready"))[-1]
            assert (ready["model"], ready["languages"]) == ("letters", ["eo"])
            assert ready["limits"]["max_utterance_s"] == 9.0
            await ws.send(pcm(np.concatenate([voice(3.0), silence(1.0)])))
            await send(ws, "stop")
            (final,) = of_type(await receive_all(ws), "final")
    assert final["text"] == "q" * int(final["end"] - final["start"])


async def test_a_clip_that_fails_in_a_family_leaves_its_company_alone(toy_folder: Path) -> None:
    engine = LocalEngine(ToyFamily().load(toy_folder, provider="cpu", threads=1))
    dispatcher = Dispatcher(engine)
    dispatcher.start()
    settings = StreamSettings(language="eo", encoding=Encoding.PCM_F32LE, vad="off", partials=False)
    loud, calm = np.ones(32_000, np.float32), np.full(32_000, 0.1, np.float32)

    async def texts(samples: np.ndarray[tuple[int], np.dtype[np.float32]]) -> list[str]:
        blocks = iter([samples])
        news = transcribe_blocks(blocks, settings, dispatcher, 160)
        return [one.text async for one in news if isinstance(one, Final)]

    try:
        failed, heard = await asyncio.gather(texts(loud), texts(calm), return_exceptions=True)
    finally:
        await dispatcher.close()
    assert isinstance(failed, Exception)
    assert "failed twice" in str(failed)
    assert heard == ["qq"]


async def test_an_engine_far_away_carries_two_hundred_sessions_in_its_own_time() -> None:
    """Finals come in the 0.4 s that it takes, and 20 ms; nobody is refused.

    Told by the fastest tenth: the others wait for whatever else this machine does.
    """
    engine, speech = RemoteEngine(), pcm(voice(1.0))
    waits: list[float] = []

    async def one(address: str, start: float) -> None:
        await asyncio.sleep(start)
        async with client(address, "?vad=off&partials=false") as ws:
            for _ in range(2):
                await ws.send(speech)
                await asyncio.sleep(1.0)
                asked = time.monotonic()
                await send(ws, "flush")
                await receive_until(ws, "final")
                waits.append(time.monotonic() - asked)

    async with serving(engine, max_sessions=200) as address, asyncio.TaskGroup() as group:
        for number in range(200):
            group.create_task(one(address, number * 0.02))
    assert len(waits) == 400
    assert engine.most > 20, "many are in flight together"
    assert min(waits) >= 0.4
    assert float(np.percentile(waits, 10)) < 0.42


def test_a_detector_with_frames_of_its_own_is_one_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(DETECTORS, "loudness", LoudnessDetector)
    settings = StreamSettings(language="en", vad="loudness")
    session = Session("s", settings, min_speech_ms=160)
    samples = np.concatenate([silence(1.0), voice(2.0), silence(2.0)])
    outputs: list[object] = []
    for at in range(0, len(samples), 700):
        outputs += session.feed(pcm(samples[at : at + 700]))
    (started,) = [one for one in outputs if isinstance(one, SpeechStarted)]
    (ended,) = [one for one in outputs if isinstance(one, SpeechEnded)]
    assert started.at == pytest.approx(0.7, abs=0.04)
    assert ended.at == pytest.approx(3.08, abs=0.04)
    assert started.at * 16_000 % LoudnessDetector.frame_samples == 0
    assert [one for one in outputs if isinstance(one, Job)]


async def test_an_option_touches_settings_options_and_who_uses_it() -> None:
    for loud, expected in ((False, "word0 word1 word2"), (True, "WORD0 WORD1 WORD2")):
        dispatcher = Dispatcher(LocalEngine(LoudEngine()))
        dispatcher.start()
        settings = LoudSettings(language="en", encoding=Encoding.PCM_F32LE, vad="off", loud=loud)
        news = transcribe_blocks(iter([voice(1.0)]), settings, dispatcher, 160)
        texts = [one.text async for one in news if isinstance(one, Final)]
        await dispatcher.close()
        assert texts == [expected]


async def test_a_clip_that_cannot_join_is_nobody_elses_trouble() -> None:
    class Picky(CountingEngine):
        def join(self, key: int, clip: Clip) -> None:
            if clip.seconds > 1.5:
                raise RuntimeError("too long for me")
            super().join(key, clip)

    engine = Picky(seconds_a_step=0.01)
    local, ended = LocalEngine(engine), asyncio.Queue[Outcome]()
    loop = asyncio.get_running_loop()
    local.start(lambda: None)

    def done(outcome: Outcome) -> None:
        loop.call_soon_threadsafe(ended.put_nowait, outcome)

    for key, seconds in ((1, 1.0), (2, 2.0), (3, 1.0)):
        clip = Clip(np.zeros(round(16_000 * seconds), np.float32), DecodeOptions("en"))
        local.submit(key, clip, done)
    outcomes = [await asyncio.wait_for(ended.get(), 20) for _ in range(3)]
    await local.close()
    assert sum(isinstance(one, Hypothesis) for one in outcomes) == 2
