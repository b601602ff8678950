"""One port: a connection carries requests of any kind, and each gets a proper answer."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from server.upgrade import UPGRADE
from servers import get, running, serving

from streamer.server.listeners import http
from streamer.server.server import TranscriptionServer

MASKED_STOP = b"\x81\x8f\0\0\0\0" + b'{"type":"stop"}'


@asynccontextmanager
async def connected(
    server: TranscriptionServer,
) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection(*server.address)
    async with asyncio.timeout(10):
        yield reader, writer
    writer.close()


def request(first: str, headers: dict[str, str] | None = None, body: bytes = b"") -> bytes:
    lines = [f"{first} HTTP/1.1", "Host: x", *(f"{k}: {v}" for k, v in (headers or {}).items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    """Read one answer of a connection that goes on."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (h.partition(":") for h in head)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return int(head[0].split()[1]), headers, body


async def test_a_connection_that_carried_requests_becomes_a_websocket() -> None:
    async with running() as server, connected(server) as (reader, writer):
        for path, status in (("/healthz", 200), ("/v1/models", 200), ("/nowhere", 404)):
            writer.write(request(f"GET {path}"))
            assert (await answer(reader))[0] == status
        writer.write(request("GET /v1/stream", UPGRADE))
        assert (await answer(reader))[0] == 101
        writer.write(MASKED_STOP)
        said = await reader.read()
    assert b'"type":"ready"' in said
    assert b'"type":"done"' in said


async def test_requests_in_one_packet_are_answered_in_turn_and_frames_behind_an_upgrade_heard() -> (
    None
):
    async with running() as server, connected(server) as (reader, writer):
        plain = request("GET /healthz") * 3
        writer.write(plain + request("GET /v1/stream", UPGRADE) + MASKED_STOP)
        assert [(await answer(reader))[0] for _ in range(4)] == [200, 200, 200, 101]
        assert b'"type":"done"' in await reader.read()


async def test_an_upgrade_is_put_together_from_any_pieces() -> None:
    async with running() as server, connected(server) as (reader, writer):
        for byte in request("GET /v1/stream", UPGRADE) + MASKED_STOP:
            writer.write(bytes([byte]))
            await asyncio.sleep(0)
        assert (await answer(reader))[0] == 101
        assert b'"type":"done"' in await reader.read()


@pytest.mark.parametrize(
    ("first", "status", "header"),
    [
        ("GET /nowhere", 404, None),
        ("DELETE /nowhere", 404, None),
        ("POST /v1/stream", 405, ("allow", "GET")),
        ("GET /v1/stream", 426, ("upgrade", "websocket")),
        ("GET /v1/calls/CA1", 426, ("upgrade", "websocket")),
        ("GET /v1/audio/transcriptions", 405, ("allow", "POST")),
        ("DELETE /v1/models", 405, ("allow", "GET")),
        ("BREW /", 405, ("allow", "GET")),
        ("POST /v1/audio/transcriptions", 411, None),
        ("GET /healthz/", 404, None),
    ],
)
async def test_what_is_not_served_is_told_in_words_and_the_connection_goes_on(
    first: str, status: int, header: tuple[str, str] | None
) -> None:
    async with running() as server, connected(server) as (reader, writer):
        writer.write(request(first))
        told, headers, body = await answer(reader)
        writer.write(request("GET /healthz"))
        assert (await answer(reader))[0] == 200
    assert told == status
    words = json.loads(body)
    assert words.get("error", words)["message"]
    if header is not None:
        assert header[1] in headers[header[0]]


async def test_a_head_has_no_body_and_another_upgrade_is_passed_over() -> None:
    async with running() as server, connected(server) as (reader, writer):
        writer.write(request("HEAD /"))
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        assert head.startswith(b"http/1.1 200")
        assert b"content-length: " in head
        h2c = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": ""}
        writer.write(request("GET /healthz", h2c))
        assert await answer(reader) == (200, *(await again(server, "/healthz"))[1:])


async def again(server: TranscriptionServer, path: str) -> tuple[int, dict[str, str], bytes]:
    async with connected(server) as (reader, writer):
        writer.write(request(f"GET {path}"))
        return await answer(reader)


@pytest.mark.parametrize(
    "nonsense",
    [b"\0\1\2 nonsense\r\n\r\n", b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\r\n", b"GET\r\n\r\n"],
)
async def test_what_is_no_http_is_told_without_a_word_in_the_log(
    nonsense: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with running() as server, connected(server) as (reader, writer):
        writer.write(nonsense)
        assert (await reader.read()).startswith(b"HTTP/1.1 400")
    assert caplog.records == []


async def test_nonsense_in_a_body_that_is_not_wanted_ends_the_connection_quietly(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with running(api_keys=["k"]) as server, connected(server) as (reader, writer):
        chunked = {"Transfer-Encoding": "chunked", "Content-Type": "multipart/form-data"}
        writer.write(request("POST /v1/audio/transcriptions", chunked))
        assert b"401" in await reader.readline()
        writer.write(b"no chunk at all\r\n\r\n")
        await reader.read()
    assert [one for one in caplog.records if one.levelno >= logging.WARNING] == []


async def test_who_asks_slowly_or_takes_no_answer_is_cut_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http, "HEAD_S", 0.2)
    monkeypatch.setattr(http, "BURST", 1000.0)
    async with running(send_timeout_s=0.2) as server:
        async with connected(server) as (reader, writer):
            writer.write(b"GET / HTTP/1.1\r\nHost: ")
            assert await reader.read() == b""
        async with connected(server) as (reader, writer):
            with pytest.raises(ConnectionError):
                await ask_for_ever(writer)


async def test_who_asks_too_often_waits_and_nobody_else_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http, "BURST", 3.0)
    monkeypatch.setattr(http, "PER_SECOND", 0.01)
    async with running() as server, connected(server) as (reader, writer):
        writer.write(request("GET /healthz") * 5)
        assert [(await answer(reader))[0] for _ in range(3)] == [200, 200, 200]
        assert (await again(server, "/healthz"))[0] == 200
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.2)


async def ask_for_ever(writer: asyncio.StreamWriter) -> None:
    """The kernel's buffers hold some answers."""
    while True:
        writer.write(request("GET /sample/sample.flac"))
        await writer.drain()
        await asyncio.sleep(0.001)


async def test_pages_of_other_origins_may_read_what_the_settings_say() -> None:
    async with serving(allowed_origins=["https://a.example"]) as address:
        _, headers, _ = await get(address, "/v1/models", Origin="https://a.example")
        assert headers["access-control-allow-origin"] == "https://a.example"
        status, _, _ = await get(address, "/v1/models", Origin="https://b.example")
        assert status == 403
