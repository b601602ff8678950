"""One timer tells all streams that time passes, and none of it is the event loop's own."""

from __future__ import annotations

import asyncio
import socket
import time

from server.stand_ins import Clock

from streamer.server.connection.ticker import READ_TURNS, TICK_S, Ticker


def test_everybody_who_waits_is_told_by_one_timer() -> None:
    clock = Clock()
    ticker, told = Ticker(clock), list[tuple[str, float]]()
    for name in ("a", "b"):
        ticker.add(name, lambda now, name=name: told.append((name, round(now, 6))))
    clock.pass_time(0.25)
    assert told == [("a", 0.1), ("b", 0.1), ("a", 0.2), ("b", 0.2)]
    assert len(clock.timers) == 1


def test_while_nobody_waits_there_is_no_timer() -> None:
    clock = Clock()
    ticker = Ticker(clock)
    clock.pass_time(10)
    ticker.add("a", lambda now: ticker.remove("a"))
    clock.pass_time(10)
    assert clock.timers == []
    assert clock.made == 1 + READ_TURNS


def test_who_was_never_added_can_be_removed() -> None:
    Ticker(Clock()).remove("a")


async def test_what_came_while_the_event_loop_was_busy_is_read_first() -> None:
    """A tick and bytes that are due together: the bytes are with the session before the tick."""
    told: list[str] = []
    ticker, done = Ticker(), asyncio.Event()
    ours, theirs = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=ours)

    async def read() -> None:
        await reader.read(1)
        told.append("audio")

    def tick(now: float) -> None:
        told.append("tick")
        ticker.remove("a")
        done.set()

    reading = asyncio.create_task(read())
    await asyncio.sleep(0)
    ticker.add("a", tick)
    theirs.send(b"x")
    time.sleep(2 * TICK_S)  # noqa: ASYNC251 - the loop is busy
    await done.wait()
    await reading
    writer.close()
    theirs.close()
    assert told == ["audio", "tick"]
