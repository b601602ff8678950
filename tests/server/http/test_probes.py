"""What orchestrators are told."""

from __future__ import annotations

import pytest
from httpx import ASGITransport, AsyncClient

from streamer.server.http.app import make_app
from streamer.server.http.probes import Probes


@pytest.mark.parametrize(
    ("dead", "trouble", "path", "status", "body"),
    [
        (False, None, "/healthz", 200, b"ok\n"),
        (False, "draining", "/healthz", 200, b"ok\n"),
        (True, "engine dead", "/healthz", 503, b"engine dead\n"),
        (False, None, "/readyz", 200, b"ready\n"),
        (False, "engine stuck", "/readyz", 503, b"engine stuck\n"),
        (True, "engine dead", "/metrics", 200, b"numbers"),
    ],
)
async def test_it_is_alive_until_only_a_new_process_helps_and_ready_while_all_is_well(
    dead: bool, trouble: str | None, path: str, status: int, body: bytes
) -> None:
    probes = Probes(lambda: dead, lambda: trouble, lambda: b"numbers")
    app = make_app(probes.routes, ())
    async with AsyncClient(transport=ASGITransport(app), base_url="http://probed") as client:
        answer = await client.get(path)
        assert (answer.status_code, answer.content) == (status, body)
        assert (await client.get(f"{path}/")).status_code == 404
