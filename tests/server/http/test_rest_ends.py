"""Requests that find no room, and requests that are broken off."""

from __future__ import annotations

import asyncio

import numpy as np
import openai
import pytest
from engines import CountingEngine
from server.http.rest_client import TEXT, asking, recording
from sounds import silence, voice


async def test_a_full_server_says_when_to_come_back() -> None:
    engine = CountingEngine()
    engine.may_run.clear()
    async with asking(engine, max_sessions=1) as (client, _):
        create = client.audio.transcriptions.create
        first = asyncio.create_task(create(model="m", file=recording()))
        await asyncio.sleep(0.3)
        with pytest.raises(openai.InternalServerError, match="every session is taken") as refused:
            await create(model="m", file=recording())
        assert refused.value.status_code == 503
        assert refused.value.response.headers["retry-after"] == "5"
        engine.may_run.set()
        assert (await first).text.startswith(TEXT)


async def test_a_drain_waits_for_running_requests_and_takes_no_new_ones() -> None:
    engine = CountingEngine()
    engine.may_run.clear()
    async with asking(engine) as (client, server):
        create = client.audio.transcriptions.create
        running_one = asyncio.create_task(create(model="m", file=recording()))
        await asyncio.sleep(0.3)
        drain = asyncio.create_task(server.drain())
        await asyncio.sleep(0)
        with pytest.raises(openai.InternalServerError, match="going away"):
            await create(model="m", file=recording())
        engine.may_run.set()
        assert (await running_one).text.startswith(TEXT)
        await asyncio.wait_for(drain, 20)


@pytest.mark.parametrize("stream", [False, True])
async def test_the_drain_limit_breaks_long_requests_off(stream: bool) -> None:
    samples = np.concatenate([voice(1.0), silence(1.0), voice(4.0)])
    engine = CountingEngine(seconds_a_step=0.2)
    async with asking(engine, drain_timeout_s=1.0) as (client, server):
        create = client.audio.transcriptions.create

        async def ask() -> None:
            if not stream:
                await create(model="m", file=recording(samples))
                return
            async for event in await create(model="m", file=recording(samples), stream=True):
                assert event.type == "transcript.text.delta"

        asked = asyncio.create_task(ask())
        await asyncio.sleep(0.3)
        await asyncio.wait_for(server.drain(), 20)
        with pytest.raises(openai.APIError, match="going away"):
            await asked


@pytest.mark.parametrize("stream", [False, True])
async def test_a_client_that_goes_takes_its_jobs_along(stream: bool) -> None:
    engine = CountingEngine(seconds_a_step=0.1)
    samples = np.tile(np.concatenate([voice(4.0), silence(1.0)]), 30)
    async with asking(engine) as (client, server):
        create = client.audio.transcriptions.create
        asked = asyncio.create_task(create(model="m", file=recording(samples), stream=stream))
        await asyncio.sleep(1.0)
        asked.cancel()
        await asyncio.wait([asked])
        await client.close()
        await asyncio.wait_for(server.drain(), 10)
        steps = len(engine.steps)
        await asyncio.sleep(0.4)
        assert sum(engine.steps[steps + 1 :]) == 0, "nothing is in flight any more"
