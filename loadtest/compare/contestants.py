"""Everyone who is measured: what each does with the utterances, as fast as it can and one alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import uvloop
from numpy.typing import NDArray

from loadtest.bare_loop import BareLoop
from loadtest.clients import transcribe_file
from loadtest.compare.sherpa import sherpa_connection
from loadtest.compare.torch_model import TorchModel
from loadtest.compare.torch_moonshine import TorchMoonshine
from loadtest.run.files import FILES_AT_ONCE
from streamer.audio.encodings import Encoding
from streamer.speech.clip import Clip

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Contestant:
    """`everything` does all the audio and returns its texts, in order; `alone` does one clip."""

    peer: str
    variant: str
    everything: Callable[[], list[str]]
    alone: Callable[[Clip], str]


def bare_loop(loop: BareLoop, clips: Sequence[Clip], batch: int) -> Contestant:
    """Our graphs without a server."""
    return Contestant(
        "bare loop",
        f"batch {batch}",
        lambda: loop.transcribe(clips, batch),
        lambda clip: loop.transcribe([clip], batch)[0],
    )


def torch_model(
    model: TorchModel | TorchMoonshine, clips: Sequence[Clip], batch: int
) -> Contestant:
    """transformers."""
    return Contestant(
        "transformers",
        f"batch {batch}",
        lambda: model.transcribe(clips, batch),
        lambda clip: model.transcribe([clip], 1)[0],
    )


def sherpa(name: str, url: str, variant: str, clips: Sequence[Clip]) -> Contestant:
    """sherpa-onnx, given whole utterances, so that it needs no endpointing of its own."""

    async def everything() -> list[str]:
        waiting = iter(list(enumerate(clips)))
        texts = [""] * len(clips)

        async def work() -> None:
            async with sherpa_connection(url) as connection:
                for i, clip in waiting:
                    texts[i] = await connection.transcribe(clip)

        await asyncio.gather(*(work() for _ in range(FILES_AT_ONCE)))
        return texts

    async def alone(clip: Clip) -> str:
        async with sherpa_connection(url) as connection:
            return await connection.transcribe(clip)

    return Contestant(name, variant, lambda: _run(everything()), lambda clip: _run(alone(clip)))


def our_server(name: str, url: str, recordings: Sequence[NDArray[np.float32]]) -> Contestant:
    """Our server, given whole recordings: it does the endpointing itself."""

    async def finals(samples: NDArray[np.float32]) -> list[str]:
        data = samples.astype("<f4").tobytes()
        heard = await transcribe_file(url, data, Encoding.PCM_F32LE)
        return [one.text for one in heard]

    async def everything() -> list[str]:
        turn = asyncio.Semaphore(FILES_AT_ONCE)

        async def one(samples: NDArray[np.float32]) -> list[str]:
            async with turn:
                return await finals(samples)

        files = await asyncio.gather(*map(one, recordings))
        return [text for texts in files for text in texts]

    def alone(clip: Clip) -> str:
        return " ".join(_run(finals(clip.samples)))

    return Contestant(name, "server", lambda: _run(everything()), alone)


def _run(work: Coroutine[None, None, Result]) -> Result:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)
