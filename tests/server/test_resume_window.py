"""What is kept for clients that may come back: for whom, how long and how much."""

from __future__ import annotations

import asyncio

import pytest
from engines import CountingEngine
from server.resuming import AUDIO, back, bearer, drop, suspend, until_told
from servers import (
    client,
    receive,
    receive_all,
    receive_until,
    send,
    serving,
)
from sounds import pcm, silence

from streamer.engines.local import LocalEngine
from streamer.server.server import TranscriptionServer
from streamer.settings import Settings


async def test_a_session_that_nobody_has_is_told_with_what_to_do() -> None:
    async with serving() as address, client(address, back("nobody", 3)) as ws:
        (error,) = await receive_all(ws)
        assert (error["code"], error["fatal"]) == ("unknown_session", True)
        assert "open a new one" in error["message"]
        assert ws.close_code == 1008


async def test_a_session_is_kept_for_its_window_and_no_longer() -> None:
    async with serving(resume_window_s=1.0) as address:
        async with client(address) as ws:
            session = (await receive(ws))["session"]
        await until_told(address, "streamer_suspended 1.0")
        await until_told(address, "streamer_suspended 0.0")
        async with client(address, back(session)) as ws:
            assert (await receive(ws))["code"] == "unknown_session"


async def test_a_window_of_nothing_keeps_nothing() -> None:
    async with serving(resume_window_s=0) as address:
        async with client(address) as ws:
            session = (await receive(ws))["session"]
        async with client(address, back(session)) as ws:
            assert (await receive(ws))["code"] == "unknown_session"


async def test_a_session_that_has_said_all_is_not_kept() -> None:
    async with serving() as address:
        async with client(address) as ws:
            await send(ws, "stop")
            session = (await receive_all(ws))[0]["session"]
        async with client(address, back(session)) as ws:
            assert (await receive(ws))["code"] == "unknown_session"


async def test_only_the_same_key_comes_back() -> None:
    async with serving(api_keys=["a", "b"]) as address:
        async with client(address, **bearer("a")) as ws:
            session = (await receive(ws))["session"]
        async with client(address, back(session), **bearer("b")) as ws:
            assert (await receive(ws))["code"] == "unknown_session"
        async with client(address, back(session), **bearer("a")) as ws:
            assert (await receive(ws))["resumed"]


async def test_no_more_sessions_wait_than_may_run() -> None:
    async with serving(max_sessions=2) as address:
        sessions: list[str] = []
        for _ in range(3):
            async with client(address) as ws:
                sessions.append((await receive(ws))["session"])
        codes: list[str] = []
        for session in sessions:
            async with client(address, back(session, 0)) as ws:
                codes.append((await receive(ws)).get("code", "resumed"))
    assert codes == ["unknown_session", "resumed", "resumed"]


async def test_whoever_drops_again_and_again_does_not_push_out_what_others_left() -> None:
    async with serving(api_keys=["a", "b"], max_sessions=2) as address:
        left = await suspend(address, "a")
        for _ in range(4):
            await suspend(address, "b")
        await until_told(address, "streamer_expired_total 3.0")
        await until_told(address, "streamer_suspended 2.0")
        async with client(address, back(left), **bearer("a")) as ws:
            assert (await receive(ws))["resumed"]


async def test_no_more_sessions_of_a_key_wait_than_it_may_have() -> None:
    async with serving(api_keys=["a"], max_sessions_per_key=1) as address:
        first = await suspend(address, "a")
        await until_told(address, "streamer_suspended 1.0")
        second = await suspend(address, "a")
        await until_told(address, "streamer_expired_total 1.0")
        async with client(address, back(first), **bearer("a")) as ws:
            assert (await receive(ws))["code"] == "unknown_session"
        await until_told(address, "streamer_sessions 0.0")
        async with client(address, back(second), **bearer("a")) as ws:
            assert (await receive(ws))["resumed"]


@pytest.mark.parametrize("code", [1000, 1001])
async def test_a_client_that_says_stop_and_good_bye_is_not_waited_for(code: int) -> None:
    engine = CountingEngine()
    engine.may_run.clear()
    server = TranscriptionServer(Settings(port=0), LocalEngine(engine))
    async with server:
        host, port = server.address
        async with client(f"{host}:{port}", "?partials=false") as ws:
            await ws.send(AUDIO)
            await send(ws, "stop")
            session = (await receive_until(ws, "speech_ended"))[0]["session"]
            await ws.close(code)
        async with client(f"{host}:{port}", back(session)) as ws:
            assert (await receive(ws))["code"] == "unknown_session"
        async with asyncio.timeout(20):
            await server.drain()
        engine.may_run.set()


@pytest.mark.parametrize(("stops", "code"), [(False, 1000), (True, 4000), (True, 1011)])
async def test_one_that_does_not_say_both_may_come_back(stops: bool, code: int) -> None:
    engine = CountingEngine()
    engine.may_run.clear()
    async with serving(engine) as address:
        async with client(address, "?partials=false") as ws:
            await ws.send(AUDIO)
            if stops:
                await send(ws, "stop")
            await receive_until(ws, "speech_ended")
            await ws.close(code)
        await until_told(address, "streamer_suspended 1.0")
        engine.may_run.set()


async def test_a_server_ends_though_somebody_might_still_come_back() -> None:
    async with serving() as address, client(address) as ws:
        await ws.send(pcm(silence(0.5)))
        await receive(ws)
        await drop(ws)
        began = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - began < 5
