"""/readyz tells whether new streams are welcome, /healthz whether a restart would help."""

from __future__ import annotations

import asyncio
import threading

import pytest
from engines import CountingEngine
from servers import client, get, receive_until, running, send
from sounds import pcm, voice

from streamer.server.listeners.addresses import ListenError
from streamer.server.listeners.startup import StartupServer


async def states(address: str) -> tuple[tuple[int, bytes], tuple[int, bytes]]:
    """What /healthz and /readyz say."""
    alive, ready = await asyncio.gather(get(address, "/healthz"), get(address, "/readyz"))
    return (alive[0], alive[2]), (ready[0], ready[2])


async def test_while_the_model_loads_the_server_is_alive_but_not_ready() -> None:
    async with StartupServer("127.0.0.1", 0, None) as lobby:
        address = f"127.0.0.1:{lobby.port}"
        assert await states(address) == ((200, b"ok\n"), (503, b"loading\n"))
        status, headers, _ = await get(address, "/v1/stream")
        assert (status, headers["Retry-After"]) == (503, "5")
        with pytest.raises(ListenError, match=f"cannot listen on 127.0.0.1:{lobby.port}"):
            await StartupServer("127.0.0.1", lobby.port, None).__aenter__()
        port = lobby.port
    async with StartupServer("127.0.0.1", port, None):
        pass  # the port is free again


@pytest.mark.parametrize("request_", [b"", b"nonsense\r\n\r\n", b"x" * 100_000])
async def test_nonsense_during_loading_is_hung_up_on(request_: bytes) -> None:
    async with StartupServer("127.0.0.1", 0, None) as lobby:
        reader, writer = await asyncio.open_connection("127.0.0.1", lobby.port)
        writer.write(request_)
        if not request_:
            writer.write_eof()
        async with asyncio.timeout(20):
            answer = await reader.read()
        assert b"200" not in answer
        writer.close()


async def test_a_serving_server_is_ready_and_a_draining_one_is_not() -> None:
    async with running(drain_timeout_s=5) as server:
        host, port = server.address
        address = f"{host}:{port}"
        assert await states(address) == ((200, b"ok\n"), (200, b"ready\n"))
        assert b"streamer_ready 1.0" in (await get(address, "/metrics"))[2]
        async with client(address) as ws:
            await receive_until(ws, "ready")
            drain = asyncio.create_task(server.drain())
            await asyncio.sleep(0.05)
            assert await states(address) == ((200, b"ok\n"), (503, b"draining\n"))
            assert b"streamer_ready 0.0" in (await get(address, "/metrics"))[2]
            await send(ws, "stop")
            await receive_until(ws, "done")
        await drain


async def test_a_stuck_engine_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamer.engines.health.STUCK_S", 0.05)
    engine = CountingEngine()
    engine.may_run.clear()
    async with running(engine) as server:
        host, port = server.address
        address = f"{host}:{port}"
        async with client(address) as ws:
            await ws.send(pcm(voice(1.0)))
            await send(ws, "flush", id="x")
            await asyncio.sleep(0.2)
            assert await states(address) == ((200, b"ok\n"), (503, b"engine stuck\n"))
            engine.may_run.set()
            await receive_until(ws, "flushed")
            assert (await states(address))[1] == (200, b"ready\n")


def unheeded(_: threading.ExceptHookArgs) -> None: ...


async def test_a_dead_engine_is_neither_ready_nor_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "excepthook", unheeded)
    engine = CountingEngine()
    engine.failures = 1

    def reset() -> None:
        raise RuntimeError("the device is gone")

    engine.reset = reset
    async with running(engine) as server:
        host, port = server.address
        address = f"{host}:{port}"
        async with client(address) as ws:
            await ws.send(pcm(voice(1.0)))
            await send(ws, "flush", id="x")
            await asyncio.sleep(0.3)
            dead = (503, b"engine dead\n")
            assert await states(address) == (dead, dead)
