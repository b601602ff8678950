"""What one key and one address may have: sessions are refused, audio is slowed."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers import client, receive_all, running, send, serving
from sounds import pcm, silence
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import InvalidStatus
from websockets.http11 import Request, Response

from streamer.server.admission import quotas as quotas_module
from streamer.server.admission.keys import digest, write_keys
from streamer.server.admission.quotas import Limits, Peer, QuotaError, Quotas, TokenBucket
from streamer.server.listeners.upgrades import Upgrades

FREE = Limits(0, 0)


@given(
    rate=st.floats(0.1, 100),
    burst=st.floats(0.1, 100),
    amounts=st.lists(st.floats(0, 50), min_size=1, max_size=50),
)
def test_a_bucket_never_lets_more_through_than_its_rate_and_burst(
    rate: float, burst: float, amounts: list[float]
) -> None:
    now = 0.0
    bucket = TokenBucket(rate, burst, now)
    taken = 0.0
    for amount in amounts:
        taken += amount
        now += bucket.take(amount, now)
        assert taken <= burst + rate * now + 1e-6 * (1 + taken)


@given(st.lists(st.floats(0.001, 1), min_size=1, max_size=50))
def test_whoever_keeps_to_the_rate_never_waits(steps: list[float]) -> None:
    bucket = TokenBucket(1.0, 1.0, 0.0)
    now = 0.0
    for step in steps:
        now += step
        assert bucket.take(step, now) < 1e-6


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("", "", True),
    ],
)
def test_an_address_is_whoever_can_choose_the_rest_of_it(one: str, other: str, same: bool) -> None:
    assert (Peer.of(None, one) == Peer.of(None, other)) == same


def test_sessions_are_counted_by_key_and_by_address() -> None:
    quotas = Quotas(Limits(1, 0), Limits(2, 0), time.monotonic)
    anna, bert, carl = (Peer(name, "here") for name in ("anna", "bert", "carl"))
    with quotas.session(anna):
        with pytest.raises(QuotaError, match="API key has all its 1 sessions"):
            quotas.session(anna).__enter__()
        with (
            quotas.session(bert),
            pytest.raises(QuotaError, match="address has all its 2 sessions"),
        ):
            quotas.session(carl).__enter__()
        with quotas.session(carl), quotas.session(Peer("dora", "elsewhere")):
            pass
    with quotas.session(anna):
        pass


def test_without_keys_only_addresses_count() -> None:
    quotas = Quotas(Limits(1, 0), FREE, time.monotonic)
    with quotas.session(Peer(None, "here")), quotas.session(Peer(None, "here")):
        pass


def test_a_client_that_comes_back_is_counted_but_not_refused() -> None:
    quotas = Quotas(FREE, Limits(1, 0), time.monotonic)
    here = Peer(None, "here")
    with quotas.session(here), quotas.session(here, beyond=True):
        pass
    with quotas.session(here):
        pass


async def test_hanging_up_and_coming_back_buys_no_second_burst() -> None:
    now = 0.0
    quotas = Quotas(FREE, Limits(0, 1.0), clock=lambda: now)
    here = Peer(None, "here")
    with quotas.session(here):
        await quotas.pace(here, quotas_module.BURST_S)
    with quotas.session(here):
        began = time.monotonic()
        await quotas.pace(here, 0.1)
        assert time.monotonic() - began >= 0.09


def test_who_is_gone_and_owes_nothing_is_forgotten() -> None:
    now = 0.0
    quotas = Quotas(FREE, Limits(5, 1.0), clock=lambda: now)
    for number in range(1000):
        with quotas.session(Peer(None, str(number))):
            pass
    assert len(quotas._addresses.accounts) <= 1  # pyright: ignore[reportPrivateUsage]


async def refusal(address: str, **options: Any) -> tuple[int, str, str | None] | None:
    """Try to connect; return status, code and Retry-After if it was refused."""
    try:
        async with client(address, **options):
            return None
    except InvalidStatus as error:
        response = error.response
        code = json.loads(response.body)["code"]
        return response.status_code, code, response.headers.get("Retry-After")


async def until_let_in(address: str) -> None:
    deadline = time.monotonic() + 30
    while await refusal(address) is not None:
        assert time.monotonic() < deadline


async def test_a_session_too_many_of_an_address_is_refused_with_429() -> None:
    async with (
        serving(max_sessions_per_address=2) as address,
        client(address),
        client(address) as second,
    ):
        assert await refusal(address) == (429, "too_many_sessions", "5")
        await second.close()
        await until_let_in(address)


async def test_each_key_has_its_own_sessions(tmp_path: Path) -> None:
    write_keys(tmp_path / "keys", {"anna": digest("one"), "bert": digest("two")})
    one, two = ({"Authorization": f"Bearer {key}"} for key in ("one", "two"))
    async with (
        serving(keys_file=tmp_path / "keys", max_sessions_per_key=1) as address,
        client(address, additional_headers=one),
    ):
        refused = await refusal(address, additional_headers=one)
        assert refused is not None
        assert refused[0] == 429
        assert await refusal(address, additional_headers=two) is None


async def test_a_hundred_at_once_are_not_more_than_the_limit() -> None:
    async with serving(max_sessions_per_address=5) as address:

        async def one() -> bool:
            try:
                async with client(address):
                    await asyncio.sleep(0.5)
                    return True
            except InvalidStatus:
                return False

        answers = await asyncio.gather(*(one() for _ in range(100)))
    assert answers.count(True) == 5


async def test_handshakes_that_are_broken_off_count_for_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer = Upgrades.answer
    kept: list[ServerConnection] = []  # or the garbage collector would let others in, some day

    async def answer_who_is_gone(
        self: Upgrades, ws: ServerConnection, request: Request
    ) -> Response | None:
        if request.headers["Host"] == "gone":
            await asyncio.wait([ws.connection_lost_waiter])
            kept.append(ws)
        return await answer(self, ws, request)

    monkeypatch.setattr(Upgrades, "answer", answer_who_is_gone)
    request = (
        "GET /v1/stream HTTP/1.1\r\nHost: gone\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    async with running(max_sessions_per_address=1) as server:
        host, port = server.address
        for _ in range(20):
            _, writer = await asyncio.open_connection(host, port)
            writer.write(request.encode())
            writer.transport.abort()
        await until_let_in(f"{host}:{port}")
        assert kept


async def test_audio_above_its_rate_is_slowed_and_none_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(quotas_module, "BURST_S", 1.0)
    async with serving(max_audio_per_address=20) as address:
        began = time.monotonic()
        ends = await asyncio.gather(*(_stream(address, 8.0) for _ in range(2)))
        took = time.monotonic() - began
    assert ends == [8.0, 8.0]
    assert took > (2 * 8.0 - 1.0) / 20 * 0.9, "both share one rate"


async def _stream(address: str, seconds: float) -> float:
    async with client(address, "?partials=false") as ws:
        data = pcm(silence(seconds))
        for at in range(0, len(data), 32_000):
            await ws.send(data[at : at + 32_000])
        await send(ws, "stop")
        return (await receive_all(ws))[-1]["audio"]


async def test_each_address_has_its_own_sessions() -> None:
    async with (
        serving(max_sessions_per_address=1) as address,
        client(address, "?language=en", local_addr=("127.0.0.1", 0)),
        client(address, "?language=en", local_addr=("127.0.0.2", 0)),
    ):
        for place in ("127.0.0.1", "127.0.0.2"):
            told = await refusal(address, local_addr=(place, 0))
            assert told is not None
            assert told[0] == 429
