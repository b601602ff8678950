"""Recordings for tests, made the way a server makes them."""

from __future__ import annotations

import asyncio
from pathlib import Path

from engines import CountingEngine
from sounds import pcm, two_utterances

from streamer.dispatch.dispatcher import Dispatcher
from streamer.engines.local import LocalEngine
from streamer.pipeline.runner import SessionRunner
from streamer.recording.recorder import Recorder
from streamer.recording.writer import Outcome
from streamer.session.events import Done, Event
from streamer.session.session import Session
from streamer.session.settings import StreamSettings


async def record_one(
    recorder: Recorder,
    dispatcher: Dispatcher,
    *,
    name: str = "s",
    audio: bytes | None = None,
    **settings: object,
) -> list[Event]:
    """Run a session to its end with a witness that records it; returns its events."""
    chosen = StreamSettings.model_validate({"language": "en", **settings})
    session = Session(name, chosen, min_speech_ms=160)
    events: list[Event] = []
    ended = asyncio.Event()

    def emit(event: Event) -> None:
        events.append(event)
        if isinstance(event, Done):
            ended.set()

    witness = recorder.record(session, dispatcher.info)
    live = SessionRunner(session, dispatcher, emit, [witness])
    data = pcm(two_utterances()) if audio is None else audio
    for at in range(0, len(data), 3200):
        live.feed(data[at : at + 3200])
        await asyncio.sleep(0.002)
        if at == 32_000:
            live.flush("here")
        if at == 64_000:
            live.configure(chosen.model_copy(update={"punctuation": False}))
    live.stop()
    async with asyncio.timeout(10):
        await ended.wait()
    live.close()
    return events


async def record_into(folder: Path, engine: CountingEngine) -> tuple[Path, list[Event]]:
    """Record one session into a folder; returns the file and what the client was told."""
    outcomes: list[Outcome] = []
    recorder = Recorder(folder, 1 << 24, outcomes.append)
    dispatcher = Dispatcher(LocalEngine(engine, 8))
    dispatcher.start()
    recorder.start()
    events = await record_one(recorder, dispatcher)
    await dispatcher.close()
    await recorder.close()
    assert outcomes == [Outcome.COMPLETE]
    (file,) = folder.iterdir()
    return file, events
