"""A refusal is counted, logged and paced in one place, whichever door it is at."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest
from servers import client, get, receive, running
from websockets.exceptions import InvalidStatus
from wyoming.client import AsyncClient
from wyoming.error import Error

from streamer.protocols.door import RefusalError
from streamer.server.admission import refusals as module
from streamer.server.admission.refusals import BURST, LONGEST_S, PER_SECOND, Refusals
from streamer.server.server import TranscriptionServer

FORM = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n0\r\n--x--\r\n'


def at(address: tuple[str, int] | None) -> str:
    assert address is not None
    return f"{address[0]}:{address[1]}"


async def by_websocket(server: TranscriptionServer) -> str:
    with pytest.raises(InvalidStatus) as refused:
        async with client(at(server.address)):
            pass
    assert refused.value.response.status_code == 503
    return "overloaded"


async def by_rest(server: TranscriptionServer) -> str:
    reader, writer = await asyncio.open_connection(*server.address)
    head = "POST /v1/audio/transcriptions HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    kind = f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {len(FORM)}\r\n\r\n"
    writer.write((head + kind).encode() + FORM)
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    assert answer.startswith(b"HTTP/1.1 503")
    return "overloaded"


async def by_wyoming(server: TranscriptionServer) -> str:
    uri = f"tcp://{at(server.wyoming_address)}"
    async with AsyncClient.from_uri(uri, read_timeout=10) as knocking:
        event = await knocking.read_event()
    assert event is not None
    assert Error.from_event(event).code == "overloaded"
    return "overloaded"


async def by_audiosocket(server: TranscriptionServer) -> str:
    assert server.audiosocket_address is not None
    reader, writer = await asyncio.open_connection(*server.audiosocket_address)
    assert await asyncio.wait_for(reader.read(), 10) == b"\0\0\0", "it has no words"
    writer.close()
    return "overloaded"


async def by_key(server: TranscriptionServer) -> str:
    """The REST API tells of its models only who is known."""
    status, _, _ = await get(at(server.address), "/v1/models", Origin="https://evil.example")
    assert status == 403
    return "forbidden_origin"


EVERY_DOOR = [by_websocket, by_rest, by_wyoming, by_audiosocket, by_key]


@pytest.mark.parametrize("knock", EVERY_DOOR)
async def test_it_is_counted_logged_and_paced(
    knock: Callable[[TranscriptionServer], Awaitable[str]],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, logger=module.__name__)
    monkeypatch.setattr(module, "BURST", 1.0)
    monkeypatch.setattr(module, "PER_SECOND", 2.0)
    full = running(wyoming_port=0, audiosocket_port=0, max_sessions=1)
    async with full as server, client(at(server.address)) as ws:
        await receive(ws)
        await by_websocket(server)
        began = time.monotonic()
        code = await knock(server)
        assert time.monotonic() - began > 0.4, "the first of whichever door was told at once"
        metrics = (await get(at(server.address), "/metrics"))[2].decode()
    told = Counter(["overloaded", code])
    for reason, times in told.items():
        assert f'streamer_refused_total{{reason="{reason}"}} {times}.0' in metrics
    lines = [one.getMessage() for one in caplog.records if one.name == module.__name__]
    assert [line.rpartition(": ")[2] for line in lines] == ["overloaded", code]
    assert all("127.0.0.1" in line for line in lines)


def test_all_are_counted_and_told_at_the_rate() -> None:
    counted: list[str] = []
    refusals = Refusals(counted.append, lambda: 7.0)
    refusal = RefusalError(503, "overloaded", "no room")
    waits = [refusals.note(refusal, "somebody") for _ in range(1000)]
    assert counted == ["overloaded"] * 1000
    assert waits[: int(BURST)] == [0.0] * int(BURST)
    assert waits[int(BURST)] == pytest.approx(1 / PER_SECOND)
    assert max(waits) == LONGEST_S


def test_of_a_flood_some_lines_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger=module.__name__)
    now = 0.0
    refusals = Refusals(lambda _: None, lambda: now)
    for _ in range(1000):
        refusals.note(RefusalError(503, "overloaded", "no room"), "somebody")
    assert len(caplog.records) == module.LOGGED_PER_SECOND
    now = 1.0
    refusals.note(RefusalError(503, "overloaded", "no room"), "somebody")
    assert len(caplog.records) == module.LOGGED_PER_SECOND + 1
