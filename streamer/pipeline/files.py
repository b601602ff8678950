"""Files through the server's own pipeline, without a socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from itertools import count
from typing import TypeVar, TypeVarTuple

import numpy as np
from numpy.typing import NDArray

from streamer.audio.encodings import Encoding
from streamer.dispatch.dispatcher import Dispatcher
from streamer.pipeline.detection import VoiceDetection
from streamer.pipeline.memory_budget import MemoryBudget
from streamer.pipeline.observers import SessionObserver
from streamer.pipeline.runner import SessionRunner
from streamer.session.events import Done, EngineFailed, Event, Final
from streamer.session.inputs import Audio, Stop
from streamer.session.session import Session
from streamer.session.settings import StreamSettings
from streamer.vad.registry import WEBRTC

Args = TypeVarTuple("Args")
Result = TypeVar("Result")

BLOCK_S = 1.0
"""Audio read at a time: short enough for the event loop to stay responsive."""

_session_ids = count()


class EngineFailedError(Exception):
    """The engine could not transcribe a part of the audio."""


def offline_settings(
    language: str, punctuation: bool = True, channels: int = 1, vad: str = WEBRTC
) -> StreamSettings:
    """Return the settings of a file at the model's rate: no partials, the usual endpoints."""
    return StreamSettings(
        language=language,
        punctuation=punctuation,
        partials=False,
        encoding=Encoding.PCM_F32LE,
        channels=channels,
        vad=vad,
    )


def _unobserved(_: Session) -> Sequence[SessionObserver]:
    return ()


async def transcribe_blocks(
    blocks: Iterator[NDArray[np.float32]],
    settings: StreamSettings,
    dispatcher: Dispatcher,
    min_speech_ms: int,
    turn: AbstractAsyncContextManager[object] | None = None,
    observe: Callable[[Session], Sequence[SessionObserver]] = _unobserved,
    detection: VoiceDetection | None = None,
    memory: MemoryBudget | None = None,
) -> AsyncGenerator[Final | float]:
    """Yield the finals of a file as they come, and between them how many seconds have been read.

    `observe` names who looks on at its session, as at a stream's; `detection` is for settings whose
    detector judges outside the session, and `memory` what it shares with others. Blocks are read in
    a thread, each in a `turn`, and no faster than finals come back; nobody reads any more once this
    has ended, in whatever way. Raises what reading raises, and EngineFailedError.
    """
    turn = turn or nullcontext()
    events: asyncio.Queue[Event] = asyncio.Queue()  # bounded by what a session may owe
    longest = min(settings.max_utterance_s, dispatcher.info.max_seconds)
    settings = settings.model_copy(update={"max_utterance_s": longest})
    session = Session(f"file-{next(_session_ids)}", settings, min_speech_ms)
    runner = SessionRunner(
        session, dispatcher, events.put_nowait, observe(session), detection, memory=memory
    )
    try:
        while True:
            async with turn:
                block = await in_thread(next, blocks, None)
                if block is None:
                    break
                runner.handle(Audio(block.tobytes()))
            while not events.empty():
                if (final := _final(events.get_nowait())) is not None:
                    yield final
            yield session.audio_s
            await runner.wait_writable()
        runner.handle(Stop())
        while not isinstance(event := await events.get(), Done):
            if (final := _final(event)) is not None:
                yield final
    finally:
        runner.close()


async def in_thread(function: Callable[[*Args], Result], *args: *Args) -> Result:
    """Call in a thread; a call that has begun is waited for, however often that is cancelled."""
    call = asyncio.ensure_future(asyncio.to_thread(function, *args))
    try:
        return await asyncio.shield(call)
    except asyncio.CancelledError:
        while not call.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([call])
        raise


def _final(event: Event) -> Final | None:
    """Return the event if it is a final; raises EngineFailedError for one that is none."""
    if isinstance(event, EngineFailed):
        raise EngineFailedError(event.message)
    return event if isinstance(event, Final) else None
