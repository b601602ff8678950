"""One continuous transcript, whatever happens to connections and servers."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from typing import Any

import numpy as np
import pytest
from engines import CountingEngine
from servers import serving
from sounds import pcm, silence, voice

from loadtest.oracle import History
from loadtest.tcp_proxy import tcp_proxy
from streamer.client import Configure, Flush, StreamError, transcribe, transcribing
from streamer.engines.local import LocalEngine
from streamer.protocols.native.messages import Final, Ready
from streamer.server.server import TranscriptionServer
from streamer.settings import Settings

SPEECH = pcm(np.concatenate([silence(0.5), *[voice(0.9), silence(0.8)] * 4]))
PIECE = 3200


async def source(
    history: History, parts: Sequence[bytes | Flush | Configure], pace_s: float = 0.004
) -> AsyncIterator[bytes | Flush | Configure]:
    """Yield audio in pieces of 100 ms, faster than life; what is taken is accepted."""
    for part in parts:
        if isinstance(part, Flush):
            history.flushes.append(part.id)
        if not isinstance(part, bytes):
            yield part
            continue
        for at in range(0, len(part), PIECE):
            piece = part[at : at + PIECE]
            history.accepted_s += len(piece) / 32_000
            yield piece
            await asyncio.sleep(pace_s)


def host_and_port(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host, int(port)


async def heard(url: str, *parts: bytes | Flush | Configure, **settings: Any) -> History:
    history = History()
    async for message in transcribe(source(history, parts), url, **settings):
        history.messages.append(message)
    return history


async def test_audio_goes_in_and_one_transcript_comes_out() -> None:
    async with serving() as address:
        history = await heard(
            f"ws://{address}", SPEECH, Flush(id="x"), Configure.model_validate({"language": "de"}),
            SPEECH,
        )  # fmt: skip
    assert history.problems() == []
    assert [final.language for final in history.finals] == ["en"] * 4 + ["de"] * 4


async def test_what_is_accepted_is_told_with_what_was_refused() -> None:
    async with serving() as address:
        with pytest.raises(StreamError, match=r"language: is not a .*; accepted: en, de"):
            await heard(f"ws://{address}", SPEECH, language="xx")


@pytest.mark.parametrize("seed", range(4))
async def test_a_line_that_drops_again_and_again_changes_nothing(seed: int) -> None:
    parts = [SPEECH[:50_001], Flush(id="a"), SPEECH[50_001:], Flush(id=None), SPEECH]
    async with serving() as address, tcp_proxy(*host_and_port(address)) as relay:
        due = await heard(f"ws://{address}", *parts)
        stream = asyncio.create_task(heard(relay.url, *parts))
        chance = random.Random(seed)
        while not stream.done():
            await asyncio.wait([stream], timeout=chance.uniform(0.05, 0.4))
            relay.cut()
        history = await stream
    assert history.sessions == 1
    assert history.resumptions > 0
    assert history.problems(due.finals) == []


async def test_a_line_that_hangs_is_left_for_a_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamer.client.transcribing.KEEPALIVE_S", 0.05)
    monkeypatch.setattr("streamer.client.transcribing.SILENT_LINE_S", 0.4)
    async with serving() as address, tcp_proxy(*host_and_port(address)) as relay:
        due = await heard(f"ws://{address}", SPEECH)
        stream = asyncio.create_task(heard(relay.url, SPEECH, SPEECH))
        await asyncio.sleep(0.3)
        relay.hang()
        history = await stream
    assert history.resumptions > 0
    assert history.problems() == []
    assert [final.text for final in history.finals[:4]] == [final.text for final in due.finals]


async def test_a_server_that_is_killed_and_started_again_costs_nothing() -> None:
    async with serving() as address:
        due = await heard(f"ws://{address}", SPEECH, SPEECH)
        async with tcp_proxy(*host_and_port(address)) as relay:
            stream = asyncio.create_task(heard(relay.url, SPEECH, SPEECH))
            await asyncio.sleep(0.25)
            async with serving() as other:
                relay.cut()
                relay.port = int(other.rpartition(":")[2])
                history = await stream
    assert history.sessions == 2
    assert history.problems(due.finals) == []
    assert words(history) == words(due)


def words(history: History) -> list[str]:
    return " ".join(final.text for final in history.finals).split()


async def test_a_server_that_drains_hands_over_to_the_next() -> None:
    async with serving() as other:
        due = await heard(f"ws://{other}", SPEECH, SPEECH)
        draining = TranscriptionServer(
            Settings(port=0, drain_timeout_s=0), LocalEngine(CountingEngine())
        )
        async with draining, tcp_proxy(*draining.address) as relay:
            stream = asyncio.create_task(heard(relay.url, SPEECH, SPEECH))
            await asyncio.sleep(0.25)
            relay.port = int(other.rpartition(":")[2])
            await draining.drain()
            history = await stream
    assert history.sessions == 2
    assert history.problems() == []
    assert len(history.finals) >= len(due.finals)


async def test_an_expired_session_is_begun_anew_without_loss() -> None:
    async with serving(resume_window_s=0) as address, tcp_proxy(*host_and_port(address)) as relay:
        due = await heard(f"ws://{address}", SPEECH)
        stream = asyncio.create_task(heard(relay.url, SPEECH))
        await asyncio.sleep(0.15)
        relay.cut()
        history = await stream
    assert history.sessions == 2
    assert history.problems(due.finals) == []


async def test_a_source_is_held_back_while_nobody_takes_its_audio(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("streamer.client.transcribing.KEPT_S", 20.0)
    engine = CountingEngine()
    engine.may_run.clear()
    history = History()
    async with serving(engine) as address:
        audio = source(history, [SPEECH] * 4, pace_s=0)
        messages = transcribe(audio, f"ws://{address}", partials=False)
        reading = asyncio.create_task(_gather(history, messages))
        await asyncio.sleep(0.5)
        assert history.accepted_s < 20.5
        engine.may_run.set()
        await reading
    assert history.problems() == []


async def _gather(history: History, messages: AsyncIterator[object]) -> None:
    async for message in messages:
        history.messages.append(message)  # pyright: ignore[reportArgumentType]


async def test_what_another_attempt_cannot_mend_is_raised_at_once() -> None:
    async with serving(api_keys=["k"]) as address:
        with pytest.raises(StreamError, match="HTTP 401"):
            await heard(f"ws://{address}", SPEECH)
        with pytest.raises(StreamError, match="language"):
            await heard(f"ws://{address}", SPEECH, api_key="k", language="tlh")
    with pytest.raises(StreamError, match="no server answers"):
        await heard(f"ws://{address}", SPEECH)


async def test_patience_has_an_end() -> None:
    async with serving() as address, tcp_proxy(*host_and_port(address)) as relay:
        stream = asyncio.create_task(heard(relay.url, SPEECH, SPEECH, patience_s=0.2))
        await asyncio.sleep(0.2)
        relay.port = 1
        relay.cut()
        with pytest.raises(StreamError):
            await stream


async def test_a_source_that_fails_tells_its_own_error() -> None:
    async def failing() -> AsyncIterator[bytes]:
        yield SPEECH
        raise RuntimeError("the microphone is gone")

    async with serving() as address:
        with pytest.raises(RuntimeError, match="microphone"):
            async for _ in transcribe(failing(), f"ws://{address}"):
                pass


async def test_whoever_has_heard_enough_leaves_nothing_behind() -> None:
    history = History()
    async with serving() as address:
        async for message in transcribe(source(history, [SPEECH]), f"ws://{address}"):
            if isinstance(message, Final):
                break
            assert isinstance(message, Ready) or message.seq > 0
        await asyncio.sleep(0.1)
        names = {task.get_name() for task in asyncio.all_tasks()}
    assert not names & {"feed", "send"}


async def test_no_wait_before_another_attempt_is_longer_than_the_longest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(transcribing, "FIRST_WAIT_S", 0.02)
    monkeypatch.setattr(transcribing, "LONGEST_WAIT_S", 0.1)
    monkeypatch.setattr(transcribing.random, "uniform", max)  # the worst that chance can do
    waits: list[float] = []
    sleep = asyncio.sleep

    async def noted(seconds: float) -> None:
        waits.append(seconds)
        await sleep(seconds)

    endless = asyncio.Event()

    async def audio() -> AsyncIterator[bytes]:
        yield SPEECH
        await endless.wait()

    async with serving() as address, tcp_proxy(*host_and_port(address)) as relay:
        messages = transcribe(audio(), relay.url, patience_s=0.5)
        assert isinstance(await anext(messages), Ready)
        monkeypatch.setattr(transcribing.asyncio, "sleep", noted)
        relay.port = 1
        relay.cut()
        with pytest.raises(StreamError):
            async for _ in messages:
                pass
    assert max(waits) == pytest.approx(0.1)
    assert len(waits) >= 4
