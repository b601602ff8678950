"""Behind nginx and Caddy everything is at one address: streams, page, REST, whoever asks."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from pathlib import Path

import pytest
from e2e.proxies import documented_nginx, free_port, our_caddy, our_nginx
from httpx import AsyncClient
from server.http.rest_client import TEXT, recording
from servers import serving
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

Proxy = Callable[[str, Path, int], AbstractContextManager[str]]


@asynccontextmanager
async def behind(proxy: Proxy, place: Path, *, told: bool = False) -> AsyncGenerator[str]:
    """Serve behind a proxy, and be told so or not; yields the page's origin."""
    port = free_port()
    async with serving(public_url=f"http://localhost:{port}/" if told else "") as address:
        manager = proxy(address, place, port)
        url = await asyncio.to_thread(manager.__enter__)
        try:
            yield url
        finally:
            await asyncio.to_thread(manager.__exit__, None, None, None)


def trusting(place: Path) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if (place / "authority.pem").exists():
        context.load_verify_locations(place / "authority.pem")
    return context


async def stream(url: str, place: Path) -> list[str]:
    """Open a stream as the page does, and close it; returns what came."""
    tls = trusting(place) if url.startswith("https") else None
    address = url.replace("http", "ws", 1) + "/v1/stream"
    async with connect(address, origin=url, ssl=tls) as ws:  # type: ignore[arg-type]
        await ws.send('{"type":"stop"}')
        return [json.loads(message)["type"] async for message in ws]


@pytest.mark.parametrize("proxy", [our_nginx, our_caddy])
async def test_everything_is_at_one_address(proxy: Proxy, tmp_path: Path) -> None:
    async with (
        behind(proxy, tmp_path) as url,
        AsyncClient(base_url=url, verify=trusting(tmp_path)) as client,
    ):
        assert "<html" in (await client.get("/")).text
        for _ in range(3):  # on connections that have carried requests, too
            name, data = recording()
            form = {"model": "m", "response_format": "text"}
            told = await client.post(
                "/v1/audio/transcriptions",
                data=form,
                files={"file": (name, data)},
                headers={"Origin": url},
            )
            assert told.text.startswith(TEXT)
            assert await stream(url, tmp_path) == ["ready", "done"]


async def test_a_page_is_let_in_behind_the_documented_example_once_its_browser_has_spoken(
    tmp_path: Path,
) -> None:
    async with behind(documented_nginx, tmp_path) as url, AsyncClient(base_url=url) as client:
        with pytest.raises(InvalidStatus) as refused:
            await stream(url, tmp_path)
        assert refused.value.response.status_code == 403
        asked = await client.post("/v1/stream", headers={"Origin": url})
        assert asked.status_code == 403
        assert f"pages of {url} are not let in" in asked.json()["message"]
        browsers = {"Origin": url, "Sec-Fetch-Site": "same-origin"}
        assert (await client.post("/v1/stream", headers=browsers)).status_code == 405
        assert await stream(url, tmp_path) == ["ready", "done"]


async def test_a_page_is_let_in_by_the_public_address(tmp_path: Path) -> None:
    async with behind(documented_nginx, tmp_path, told=True) as url:
        assert await stream(url, tmp_path) == ["ready", "done"]
