"""The page, the probes and the metrics share the port of the streams."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from server.upgrade import UPGRADE
from servers import client, get, receive_until, serving
from sounds import pcm, silence, voice


@pytest.mark.parametrize(("headers", "status"), [({}, 404), (UPGRADE, 400)])
async def test_an_address_that_is_none_is_told(headers: dict[str, str], status: int) -> None:
    async with serving() as address:
        assert (await get(address, "//[", **headers))[0] == status


async def test_probes_metrics_and_page_share_the_port() -> None:
    async with serving() as address:
        assert (await get(address, "/healthz"))[0] == 200
        assert (await get(address, "/readyz"))[0] == 200
        async with client(address) as ws:
            await ws.send(pcm(np.concatenate([voice(1.0), silence(1.0)])))
            await receive_until(ws, "final")
            metrics = (await get(address, "/metrics"))[2].decode()
            assert "streamer_sessions 1.0" in metrics
            assert 'streamer_events_total{type="speech_started"} 1.0' in metrics
            assert "streamer_audio_seconds_total 2.0" in metrics
        status, headers, page = await get(address, "/")
        assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert b"<html" in page
        assert (await get(address, "/v1/stream"))[0] == 426
        assert (await get(address, "/../pyproject.toml"))[0] == 404
        assert (await get(address, "/nowhere", **UPGRADE))[0] == 404


async def test_the_page_is_small_on_the_wire_and_the_same_unpacked() -> None:
    async with serving() as address:
        _, plain_headers, plain = await get(address, "/page/main.js")
        _, headers, zipped = await get(address, "/page/main.js", **{"Accept-Encoding": "gzip, br"})
    assert "Content-Encoding" not in plain_headers
    assert headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(zipped) == plain
    assert len(zipped) < len(plain) / 2
