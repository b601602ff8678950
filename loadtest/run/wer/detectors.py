"""Which voice detectors a server has, and which of them a client gets that asks for none."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from streamer.client import StreamError, open_stream
from streamer.protocols.native.messages import Ready
from streamer.vad.registry import DETECTORS


async def detectors_of(url: str) -> Sequence[str]:
    """Return the names of those that it takes, its default first."""
    found = [await _detector(url)]
    for name in DETECTORS:
        with contextlib.suppress(StreamError):  # the server closes where it has none such
            found.append(await _detector(url, name))
    return list(dict.fromkeys(found))


async def _detector(url: str, asked: str | None = None) -> str:
    """The one that a stream gets, which may ask for one; raises StreamError."""
    async with open_stream(url) if asked is None else open_stream(url, vad=asked) as stream:
        await stream.stop()
        found = [message.settings["vad"] async for message in stream if isinstance(message, Ready)]
    if not found:
        raise StreamError(f"{url} has no detector {asked}")
    return str(found[0])
