"""A client of the native protocol: audio in, typed messages out."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    ConnectionClosedOK,
    InvalidHandshake,
    InvalidStatus,
    InvalidURI,
)

from streamer.wire.native.messages import ServerMessage, server_messages

STREAM_PATH = "/v1/stream"


class StreamError(Exception):
    """The server could not be reached, refused the stream, or broke it off."""


class Stream:
    """An open stream. Iterating ends after `done`, when the server closes."""

    def __init__(self, ws: ClientConnection) -> None:
        self._ws = ws

    async def send(self, audio: bytes) -> None:
        """Send audio in the encoding that was agreed; waits while the server's buffers are full.

        Raises StreamError when the connection is gone.
        """
        await self._send(audio)

    async def flush(self, flush_id: str) -> None:
        """Ask for the open utterance to be closed now; answered by `Flushed`."""
        await self._send(json.dumps({"type": "flush", "id": flush_id}))

    async def configure(self, **changes: object) -> None:
        """Change settings from the next utterance on."""
        await self._send(json.dumps({"type": "configure", **changes}))

    async def keepalive(self) -> None:
        """Keep an idle stream open."""
        await self._send('{"type":"keepalive"}')

    async def stop(self) -> None:
        """Say that no more audio comes; the last message will be `Done`."""
        await self._send('{"type":"stop"}')

    async def __aiter__(self) -> AsyncIterator[ServerMessage]:
        """Yield the server's messages; raises StreamError when the connection breaks."""
        try:
            while True:
                yield server_messages.validate_json(await self._ws.recv())
        except ConnectionClosedOK:
            return
        except ConnectionClosed as error:
            raise StreamError(f"the connection was closed: {error}") from error

    async def _send(self, data: bytes | str) -> None:
        try:
            await self._ws.send(data)
        except ConnectionClosed as error:
            raise StreamError(f"the connection was closed: {error}") from error


@asynccontextmanager
async def open_stream(
    url: str, *, api_key: str | None = None, **settings: object
) -> AsyncGenerator[Stream]:
    """Connect to a server at `url` (ws:// or wss://, a path is optional) and send the settings.

    Raises StreamError in words that tell what to mend.
    """
    headers = {"Authorization": f"Bearer {api_key}"} if api_key else None
    try:
        ws = await connect(
            _stream_url(url), additional_headers=headers, compression=None, max_size=None
        )
    except InvalidStatus as error:
        raise StreamError(f"{url}: {_refusal(error)}") from error
    except InvalidURI as error:
        raise StreamError(f"{url}: not a ws:// or wss:// address") from error
    except (OSError, TimeoutError, InvalidHandshake) as error:
        raise StreamError(f"{url}: no server answers: {error}") from error
    async with ws:
        stream = Stream(ws)
        await ws.send(json.dumps({"type": "start", **settings}))
        yield stream


def _stream_url(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=parts.path if len(parts.path) > 1 else STREAM_PATH))


def _refusal(error: InvalidStatus) -> str:
    """Say what the server said, in its own words where it used ours."""
    status = f"refused with HTTP {error.response.status_code}"
    try:
        return f"{status}: {json.loads(error.response.body)['message']}"
    except (ValueError, TypeError, KeyError):
        return status
