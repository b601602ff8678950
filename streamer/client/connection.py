"""One connection of the native protocol: audio in, typed messages out."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    ConnectionClosedOK,
    InvalidHandshake,
    InvalidStatus,
    InvalidURI,
)

from streamer.protocols.native.messages import ServerMessage, server_messages

STREAM_PATH = "/v1/stream"


class StreamError(Exception):
    """The server could not be reached, refused the stream, or broke it off.

    `passing` tells whether another attempt may go well.
    """

    def __init__(self, message: str, *, passing: bool = False) -> None:
        super().__init__(message)
        self.passing = passing


@dataclass(frozen=True, slots=True)
class Resumed:
    """The session to go on with, and the last message of it that has come."""

    session: str
    last_seq: int


class Stream:
    """An open stream. Iterating ends after `done`, when the server closes."""

    def __init__(self, ws: ClientConnection) -> None:
        self._ws = ws

    async def send(self, data: bytes | str) -> None:
        """Send audio in the encoding that was agreed, or a message as JSON.

        Waits while the server's buffers are full. Raises StreamError when the connection is gone.
        """
        try:
            await self._ws.send(data)
        except ConnectionClosed as error:
            raise _closed(error) from error

    async def flush(self, flush_id: str) -> None:
        """Ask for the open utterance to be closed now; answered by `Flushed`."""
        await self.send(json.dumps({"type": "flush", "id": flush_id}))

    async def configure(self, **changes: object) -> None:
        """Change settings from the next utterance on."""
        await self.send(json.dumps({"type": "configure", **changes}))

    async def keepalive(self, last_seq: int | None = None) -> None:
        """Keep an idle stream open; and say which messages need not be kept for a resumption."""
        known = {} if last_seq is None else {"last_seq": last_seq}
        await self.send(json.dumps({"type": "keepalive", **known}))

    async def stop(self) -> None:
        """Say that no more audio comes; the last message will be `Done`."""
        await self.send('{"type":"stop"}')

    async def receive(self) -> ServerMessage | None:
        """Return the server's next message; None once it has closed in good order.

        Raises StreamError when the connection breaks.
        """
        try:
            return server_messages.validate_json(await self._ws.recv())
        except ConnectionClosedOK:
            return None
        except ConnectionClosed as error:
            raise _closed(error) from error

    async def __aiter__(self) -> AsyncIterator[ServerMessage]:
        """Yield the server's messages; raises StreamError when the connection breaks."""
        while (message := await self.receive()) is not None:
            yield message

    def abort(self) -> None:
        """Cut the connection: nobody is there to close it with."""
        self._ws.transport.abort()


@asynccontextmanager
async def open_stream(
    url: str, *, api_key: str | None = None, resume: Resumed | None = None, **settings: object
) -> AsyncGenerator[Stream]:
    """Connect to a server at `url` (ws:// or wss://, a path is optional) and send the settings.

    Raises StreamError in words that tell what to mend.
    """
    headers = {"Authorization": f"Bearer {api_key}"} if api_key else None
    try:
        ws = await connect(
            _stream_url(url, resume),
            additional_headers=headers,
            compression=None,
            max_size=None,
            # A pong waits behind audio that a busy server does not read yet.
            ping_timeout=None,
        )
    except InvalidStatus as error:
        status = error.response.status_code
        passing = status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == (
            HTTPStatus.TOO_MANY_REQUESTS
        )
        raise StreamError(f"{url}: {_refusal(error)}", passing=passing) from error
    except InvalidURI as error:
        raise StreamError(f"{url}: not a ws:// or wss:// address") from error
    except (OSError, TimeoutError, InvalidHandshake) as error:
        raise StreamError(f"{url}: no server answers: {error}", passing=True) from error
    async with ws:
        stream = Stream(ws)
        await stream.send(json.dumps({"type": "start", **settings}))
        yield stream


def _stream_url(url: str, resume: Resumed | None) -> str:
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    if resume is not None:
        # In the query, since a server that takes no new streams must know it before the upgrade.
        query += [("resume", resume.session), ("last_seq", str(resume.last_seq))]
    path = parts.path if len(parts.path) > 1 else STREAM_PATH
    return urlunsplit(parts._replace(path=path, query=urlencode(query)))


def _closed(error: ConnectionClosed) -> StreamError:
    return StreamError(f"the connection was closed: {error}", passing=True)


def _refusal(error: InvalidStatus) -> str:
    """Say what the server said, in its own words where it used ours."""
    status = f"refused with HTTP {error.response.status_code}"
    try:
        return f"{status}: {json.loads(error.response.body)['message']}"
    except (ValueError, TypeError, KeyError):
        return status
