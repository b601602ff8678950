"""Who may open a stream is settled before the upgrade."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from engines import CountingEngine
from server.upgrade import UPGRADE
from servers import client, get, receive, receive_until, send, serving
from sounds import pcm, voice
from websockets.exceptions import InvalidStatus


async def answered(address: str, query: str = "", **options: Any) -> tuple[int, str | None]:
    """Try to connect; return the HTTP status, and the error's code if it was refused."""
    try:
        async with client(address, query, **options):
            return 101, None
    except InvalidStatus as error:
        return error.response.status_code, json.loads(error.response.body)["code"]


@pytest.mark.parametrize(
    ("headers", "query", "status"),
    [
        ({}, "", 401),
        ({"Authorization": "Bearer wrong"}, "", 401),
        ({"Authorization": "Basic secret"}, "", 401),
        ({}, "?api_key=wrong", 401),
        ({"Authorization": "Bearer secret"}, "", 101),
        ({}, "?api_key=other", 101),
    ],
)
async def test_keys_are_asked_for_where_keys_are_set(
    headers: dict[str, str], query: str, status: int
) -> None:
    async with serving(api_keys=["secret", "other"]) as address:
        answer, code = await answered(address, query, additional_headers=headers)
    assert answer == status
    assert code == (None if status == 101 else "unauthorized")


async def test_two_headers_of_one_name_are_no_fault_of_ours() -> None:
    both = [("Authorization", "Bearer secret"), ("Authorization", "Bearer secret")]
    async with serving(api_keys=["secret"]) as address:
        assert (await answered(address, additional_headers=both))[0] == 401
        origins = [("Origin", f"http://{address}"), ("Origin", "https://evil.example"), both[0]]
        assert (await answered(address, additional_headers=origins))[0] == 403


@pytest.mark.parametrize(
    ("origin", "allowed", "status"),
    [
        ("https://evil.example", [], 403),
        ("http://[", [], 403),
        ("https://evil.example", ["https://good.example"], 403),
        ("https://good.example", ["https://good.example"], 101),
        ("https://any.example", ["*"], 101),
        (None, ["https://good.example"], 101),
        ("http://SELF", [], 101),
    ],
)
async def test_pages_of_other_origins_are_let_in_only_by_name(
    origin: str | None, allowed: list[str], status: int
) -> None:
    async with serving(allowed_origins=allowed) as address:
        brought = origin.replace("SELF", address) if origin else None
        answer, code = await answered(address, origin=brought)
    assert answer == status
    assert code == (None if status == 101 else "forbidden_origin")


async def test_one_session_too_many_is_refused_with_a_time_to_come_back() -> None:
    async with serving(max_sessions=1) as address, client(address) as ws:
        await receive(ws)
        status, headers, body = await get(address, "/v1/stream", **UPGRADE)
        assert status == 503
        assert int(headers["Retry-After"]) > 0
        assert json.loads(body)["code"] == "overloaded"


async def test_new_sessions_are_refused_while_finals_are_late() -> None:
    engine = CountingEngine(capacity=1)
    engine.may_run.clear()
    limits = serving(engine, max_lateness_s=0.1)
    async with limits as address, client(address, "?partials=false") as ws:
        for flush in ("a", "b"):
            await ws.send(pcm(voice(1.0)))
            await asyncio.sleep(1.0)  # who is ahead of real time is never late
            await send(ws, "flush", id=flush)
        await asyncio.sleep(1.5)
        status, _, _ = await get(address, "/v1/stream", **UPGRADE)
        assert status == 503
        engine.may_run.set()
        await receive_until(ws, "flushed")
