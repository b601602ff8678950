"""A server with vLLM's answers, as they were measured, and with faults on demand.

Its queue is without bounds, as vLLM's is: whoever asks for too much at a time only waits longer.
"""

from __future__ import annotations

import asyncio
import json
import wave
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from io import BytesIO

import numpy as np
from engines import words_of

from streamer.speech.clip import Clip
from streamer.speech.options import DecodeOptions
from streamer.speech.pcm16 import from_pcm16

WHISPERS = ("en", "de", "ru", "ja", "fr")
"""Of the codes that it takes, whatever its model knows."""

INTERNAL = b'{"error":{"message":"boom","type":"InternalServerError","param":null,"code":500}}'


@dataclass
class FakeUpstream:
    """`faults` are for the next posts, one each; `delay_s` is for all."""

    models: tuple[str, ...] = ("tiny-cohere",)
    key: str = ""
    delay_s: float = 0.0
    faults: deque[str] = field(default_factory=deque[str])
    forms: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    in_flight: int = 0
    most_in_flight: int = 0
    cancelled: int = 0
    url: str = ""
    _writers: set[asyncio.StreamWriter] = field(default_factory=set[asyncio.StreamWriter])
    _server: asyncio.Server | None = None

    async def start(self, port: int = 0) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/v1"

    async def kill(self) -> None:
        """End as a process that is killed does: every connection is reset."""
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0)

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1].partition("/")[0])

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while (head := await reader.readuntil(b"\r\n\r\n")) != b"":
                start, _, rest = head.partition(b"\r\n")
                headers = message_from_bytes(rest)
                body = await reader.readexactly(int(headers.get("Content-Length", "0")))
                method, path, _ = start.decode().split()
                if self.key and headers.get("Authorization") != f"Bearer {self.key}":
                    await self._say(writer, 401, b'{"error":"Unauthorized"}')  # a string
                elif method == "GET":
                    told = [
                        {"id": one, "object": "model", "owned_by": "vllm"} for one in self.models
                    ]
                    found = json.dumps({"object": "list", "data": told}).encode()
                    await self._say(writer, 200 if path == "/v1/models" else 404, found)
                else:
                    kind = f"Content-Type: {headers['Content-Type']}\r\n\r\n".encode()
                    await self._transcribe(kind + body, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _transcribe(
        self, upload: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        fields, clip = _parsed(upload)
        self.forms.append(fields)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            fault = self.faults.popleft() if self.faults else ""
            gone = asyncio.create_task(reader.read(1))  # nothing comes but the end
            took = 3600.0 if fault == "hang" else self.delay_s
            done, _ = await asyncio.wait({gone}, timeout=took) if took else (set(), None)
            gone.cancel()
            await asyncio.wait({gone})  # two may not read at a time
            if done:
                self.cancelled += 1
                raise ConnectionResetError
            await self._answer(fault, fields, clip, writer)
        finally:
            self.in_flight -= 1

    async def _answer(
        self, fault: str, fields: dict[str, str], clip: Clip, writer: asyncio.StreamWriter
    ) -> None:
        language = fields.get("language", "en")
        match fault:
            case "reset":
                raise ConnectionResetError
            case "cut":
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n" + b'{"text": "wo')
                await writer.drain()
                raise ConnectionResetError
            case "nonsense":
                await self._say(writer, 200, b'{"text": ["no", 3')
            case "endless":
                await self._say(writer, 200, b"x" * (2 << 20))
            case "500":
                await self._say(writer, 500, INTERNAL)
            case "429":
                await self._say(writer, 429, b"{}", b"Retry-After: 0\r\n")
            case _ if language not in WHISPERS:
                told = {"message": f"Unsupported language: {language}", "code": 400, "param": None}
                await self._say(writer, 400, json.dumps({"error": told}).encode())
            case _:
                text = words_of(clip).text
                usage = {"type": "duration", "seconds": -int(-clip.seconds // 1)}
                await self._say(writer, 200, json.dumps({"text": text, "usage": usage}).encode())

    async def _say(
        self, writer: asyncio.StreamWriter, status: int, body: bytes, more: bytes = b""
    ) -> None:
        head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n".encode()
        writer.write(head + b"Content-Type: application/json\r\n" + more + b"\r\n" + body)
        await writer.drain()


def _parsed(upload: bytes) -> tuple[dict[str, str], Clip]:
    fields: dict[str, str] = {}
    samples = b""
    for part in message_from_bytes(upload, policy=policy.HTTP).iter_parts():
        name = part.get_param("name", header="Content-Disposition")
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        if name == "file":
            with wave.open(BytesIO(content)) as sound:
                assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (
                    16_000,
                    1,
                    2,
                )
                samples = sound.readframes(sound.getnframes())
        else:
            fields[str(name)] = content.decode()
    clip = Clip(from_pcm16(np.frombuffer(samples, "<i2")), DecodeOptions("en"))
    return fields, clip


@asynccontextmanager
async def upstream(fake: FakeUpstream | None = None) -> AsyncGenerator[FakeUpstream]:
    fake = fake or FakeUpstream()
    await fake.start()
    try:
        yield fake
    finally:
        await fake.kill()
