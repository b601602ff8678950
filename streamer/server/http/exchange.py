"""One request and its answer: whole, or a stream of events; refusals in the client's words."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

from starlette.responses import JSONResponse, Response
from starlette.types import Message, Receive, Send

from streamer.protocols.door import RefusalError
from streamer.protocols.openai_rest import answers

STREAM_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),  # nginx would otherwise keep the events until it has many
]

WARNING_HEADER = "x-streamer-warning"

LINGER_S = 10.0
"""Time that a client has to end a body that is no longer wanted. To close before it does would
reset the connection, and take the answer with it."""


class Exchange:
    """ASGI's messages both ways."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._streaming = False
        self._body_ended = False

    async def receive(self) -> Message:
        """Wait for the next message of the client, and notice the end of its body."""
        message = await self._receive()
        self._body_ended = not message.get("more_body", False)
        return message

    async def whole(self, media_type: str, body: str, warnings: Sequence[str] = ()) -> None:
        """Answer at once; no format has a place for warnings (ASCII), so a header has them."""
        headers = {WARNING_HEADER: "; ".join(warnings)} if warnings else None
        await self._give(Response(body, media_type=media_type, headers=headers))

    async def stream(self, events: bytes, *, last: bool = False) -> None:
        """Send the next events of a stream, which begins with the first."""
        if not self._streaming:
            self._streaming = True
            await self._send(
                {"type": "http.response.start", "status": 200, "headers": STREAM_HEADERS}
            )
        await self._send({"type": "http.response.body", "body": events, "more_body": not last})

    async def refuse(self, refusal: RefusalError) -> None:
        """Say what is wrong, in the middle of a stream if need be."""
        if self._streaming:
            await self.stream(answers.broken(refusal), last=True)
        else:
            await self._give(refusal_response(refusal))

    async def _give(self, response: Response) -> None:
        start: Message = {
            "type": "http.response.start",
            "status": response.status_code,
            "headers": response.raw_headers,
        }
        await self._send(start)
        await self._send(
            {"type": "http.response.body", "body": response.body, "more_body": not self._body_ended}
        )
        if not self._body_ended:
            await self._drop_the_rest()
            await self._send({"type": "http.response.body", "body": b""})

    async def _drop_the_rest(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LINGER_S):
                while not self._body_ended:
                    await self.receive()


def refusal_response(refusal: RefusalError) -> JSONResponse:
    """Write a refusal as OpenAI does."""
    return JSONResponse(answers.error(refusal), refusal.status, refusal.headers)
