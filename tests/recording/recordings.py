"""Recordings for tests, made the way a server makes them."""

from __future__ import annotations

import asyncio
from pathlib import Path

from engines import CountingEngine
from sounds import pcm, two_utterances

from streamer.dispatch.dispatcher import Dispatcher
from streamer.engines.local import LocalEngine
from streamer.pipeline.detection import VoiceDetection
from streamer.pipeline.runner import SessionRunner
from streamer.recording.recorder import Recorder
from streamer.recording.writer import Outcome
from streamer.session.events import Done, Event
from streamer.session.inputs import Audio, Configure, Flush, Stop
from streamer.session.session import Session
from streamer.session.settings import StreamSettings
from streamer.vad.silero import Network


async def record_one(
    recorder: Recorder,
    dispatcher: Dispatcher,
    *,
    name: str = "s",
    audio: bytes | None = None,
    detection: VoiceDetection | None = None,
    **settings: object,
) -> list[Event]:
    """Run a session to its end with an observer that records it; returns its events."""
    chosen = StreamSettings.model_validate({"language": "en", **settings})
    session = Session(name, chosen, min_speech_ms=160)
    events: list[Event] = []
    ended = asyncio.Event()

    def emit(event: Event) -> None:
        events.append(event)
        if isinstance(event, Done):
            ended.set()

    observer = recorder.record(session, dispatcher.info)
    runner = SessionRunner(session, dispatcher, emit, [observer], detection)
    data = pcm(two_utterances()) if audio is None else audio
    for at in range(0, len(data), 3200):
        runner.handle(Audio(data[at : at + 3200]))
        await asyncio.sleep(0.002)
        if at == 32_000:
            runner.handle(Flush("here"))
        if at == 64_000:
            runner.handle(Configure(chosen.model_copy(update={"punctuation": False})))
    runner.handle(Stop())
    async with asyncio.timeout(10):
        await ended.wait()
    runner.close()
    return events


async def record_into(
    folder: Path, engine: CountingEngine, network: Network | None = None
) -> tuple[Path, list[Event]]:
    """Record one session into a folder; returns the file and what the client was told.

    With a network it is that which hears whether somebody speaks.
    """
    outcomes: list[Outcome] = []
    recorder = Recorder(folder, 1 << 24, outcomes.append)
    dispatcher = Dispatcher(LocalEngine(engine, 8))
    dispatcher.start()
    recorder.start()
    detection = VoiceDetection(network) if network else None
    if detection is not None:
        detection.start()
    vad = "silero" if network else "webrtc"
    events = await record_one(recorder, dispatcher, detection=detection, vad=vad)
    if detection is not None:
        await detection.close()
    await dispatcher.close()
    await recorder.close()
    assert outcomes == [Outcome.COMPLETE]
    (file,) = folder.iterdir()
    return file, events
