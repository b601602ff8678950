"""Each fault that `loadtest soak faults` measures on a server, as a promise: others lose nothing.

What floods do to the event loop, and readers that never read, is in `test_hostile_clients`; a line
that hangs and a server that is killed in `tests/client`.
"""

from __future__ import annotations

import asyncio
import errno
import time
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from engines import CountingEngine
from servers import client, get, receive_all, send, serving
from sounds import pcm, silence, voice

from loadtest.attack import attackers
from loadtest.attack.attackers import Attack, during, flood
from loadtest.attack.raw import Target
from loadtest.clients import Speech
from loadtest.oracle import History
from streamer.client import transcribe
from streamer.engines.local import LocalEngine
from streamer.server.server import TranscriptionServer
from streamer.settings import Settings

SPEECH = Speech("x", pcm(np.concatenate([silence(0.3), *[voice(0.9), silence(0.8)] * 3])))


async def other(address: str) -> History:
    """Somebody who has nothing to do with it, five times as fast as life."""
    history = History()

    async def audio() -> AsyncIterator[bytes]:
        for at in range(0, len(SPEECH.data), 3200):
            history.accepted_s += len(SPEECH.data[at : at + 3200]) / 32_000
            yield SPEECH.data[at : at + 3200]
            await asyncio.sleep(0.02)

    async for message in transcribe(audio(), f"ws://{address}"):
        history.told(time.monotonic(), message)
    return history


def target(address: str) -> Target:
    return Target.of(f"ws://{address}")


@pytest.mark.parametrize(
    "attack",
    [
        pytest.param(attackers.slow_loris, id="slow-loris"),
        pytest.param(attackers.reset, id="RST in mid-utterance"),
        pytest.param(flood(attackers.fragments()), id="fragments"),
        pytest.param(flood(attackers.bomb()), id="deflate bomb"),
        pytest.param(flood(attackers.oversized()), id="oversized frame"),
        pytest.param(flood(attackers.garbage()), id="garbage"),
    ],
)
async def test_nobody_else_loses_anything_by_it(attack: Attack) -> None:
    async with serving() as address:
        due = await other(address)
        attacking = asyncio.create_task(asyncio.to_thread(during, attack, target(address), 1.0))
        history = await other(address)
        await attacking
        again = await other(address)
    assert len(due.finals) == 3
    assert history.problems(due.finals) == []
    assert again.problems(due.finals) == []


async def test_a_frame_that_says_it_is_endless_is_refused_before_it_is_read() -> None:
    async with serving() as address:
        with await asyncio.to_thread(target(address).upgraded) as raw:
            raw.settimeout(5)
            await asyncio.to_thread(raw.sendall, attackers.oversized()[:14])
            answer = await asyncio.to_thread(raw.recv, 4096)
    assert answer[:4] == b"\x88" + bytes([len(answer) - 2]) + (1009).to_bytes(2)


@pytest.mark.parametrize("fault", [RuntimeError("broken"), MemoryError()])
async def test_an_engine_that_fails_once_costs_nobody_anything(
    fault: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = CountingEngine()
    step, faults = engine.step, [fault]

    def failing() -> list[tuple[int, object]]:
        if faults:
            raise faults.pop()
        return step()  # pyright: ignore[reportReturnType]

    async with serving(engine) as address:
        due = await other(address)
        monkeypatch.setattr(engine, "step", failing)
        histories = await asyncio.gather(*(other(address) for _ in range(3)))
    assert not faults
    assert [one.problems(due.finals) for one in histories] == [[]] * 3


async def test_an_engine_that_hangs_for_a_while_loses_nothing() -> None:
    engine = CountingEngine()
    async with serving(engine) as address:
        due = await other(address)
        speaking = asyncio.create_task(other(address))
        await asyncio.sleep(0.2)
        engine.may_run.clear()
        await asyncio.sleep(1.0)
        engine.may_run.set()
        assert (await speaking).problems(due.finals) == []


async def test_a_wall_clock_that_is_set_back_is_not_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = time.time
    async with serving() as address:
        due = await other(address)
        speaking = asyncio.create_task(other(address))
        await asyncio.sleep(0.2)
        monkeypatch.setattr(time, "time", lambda: now() - 86_400)
        assert (await speaking).problems(due.finals) == []


async def test_a_full_disk_costs_the_recording_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """(Log lines that find no room: see `test_logs`.)"""

    def no_room(_: object) -> bytes:
        raise OSError(errno.ENOSPC, "No space left on device")

    async with serving(record=tmp_path) as address:
        due = await other(address)
        await until_counted(address, 'streamer_recordings_total{outcome="complete"} 1.0')
        monkeypatch.setattr("streamer.recording.writer.entry_line", no_room)
        assert (await other(address)).problems(due.finals) == []
        await until_counted(address, 'streamer_recordings_total{outcome="lost"} 1.0')
    assert len(list(tmp_path.iterdir())) == 1, "the one from before"


async def until_counted(address: str, line: str) -> None:
    async with asyncio.timeout(10):
        while True:
            if line in (await get(address, "/metrics"))[2].decode():
                return
            await asyncio.sleep(0.05)


async def test_all_that_was_begun_is_ended_when_the_server_is_told_to_stop() -> None:
    server = TranscriptionServer(Settings(port=0), LocalEngine(CountingEngine(seconds_a_step=0.01)))
    async with server:
        address = f"127.0.0.1:{server.address[1]}"
        due = await other(address)
        speaking = [asyncio.create_task(other(address)) for _ in range(8)]
        await asyncio.sleep(0.3)
        await server.drain()
        histories = await asyncio.gather(*speaking)
    assert [one.problems(due.finals) for one in histories] == [[]] * 8


async def test_more_work_than_the_engine_can_do_is_done_all_the_same() -> None:
    async with serving(CountingEngine(seconds_a_step=0.02, capacity=2)) as address:
        due = await other(address)

        async def file() -> int:
            async with client(address, "?partials=false") as ws:
                await ws.send(SPEECH.data)
                await send(ws, "stop")
                return sum(one["type"] == "final" for one in await receive_all(ws))

        files = [asyncio.create_task(file()) for _ in range(12)]
        assert (await other(address)).problems(due.finals) == []
        assert await asyncio.gather(*files) == [3] * 12
