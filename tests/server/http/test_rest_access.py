"""Who may ask the REST port, at which addresses, and over what."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import openai
import pytest
import trustme
from engines import CountingEngine
from server.http.rest_client import address, asking, recording
from server.upgrade import UPGRADE
from servers import get, running

from streamer.engines.local import LocalEngine
from streamer.server.listeners.addresses import ListenError
from streamer.server.server import TranscriptionServer
from streamer.settings import Settings


async def test_a_port_apart_has_rest_and_nothing_else() -> None:
    async with running(rest_port=0) as server:
        assert server.rest_address is not None
        apart = "{}:{}".format(*server.rest_address)
        assert (await get(apart, "/v1/models"))[0] == 200
        assert (await get(apart, "/healthz"))[0] == 404
        assert (await get(apart, "/v1/stream", **UPGRADE))[0] == 404


async def test_keys_are_asked_for_everywhere() -> None:
    async with asking(api_keys=["right"], key="wrong") as (client, _):
        with pytest.raises(openai.AuthenticationError, match="an API key is needed") as refused:
            await client.audio.transcriptions.create(model="m", file=("a.wav", b"0" * 3_000_000))
        assert refused.value.code == "invalid_api_key"
        with pytest.raises(openai.AuthenticationError):
            await client.models.list()
        client.api_key = "right"
        assert (await client.audio.transcriptions.create(model="m", file=recording())).text


async def test_foreign_pages_are_kept_out_and_allowed_ones_told_so() -> None:
    async with asking(allowed_origins=["https://a.example"]) as (client, _):
        for origin in ("https://evil.example", "http://["):
            with pytest.raises(openai.PermissionDeniedError):
                await client.models.list(extra_headers={"Origin": origin})
        answer = await client.models.with_raw_response.list(
            extra_headers={"Origin": "https://a.example"}
        )
    assert answer.headers["access-control-allow-origin"] == "https://a.example"


async def test_other_addresses_are_refused_in_the_same_shape() -> None:
    async with asking() as (client, server):
        with pytest.raises(openai.NotFoundError) as refused:
            await client.embeddings.create(model="m", input="x")
        assert refused.value.code == "unknown_url"
        reader, writer = await asyncio.open_connection(*address(server).split(":"))
        writer.write(b"GET /v1/audio/transcriptions HTTP/1.0\r\n\r\n")
        assert (await asyncio.wait_for(reader.read(), 20)).startswith(b"HTTP/1.1 405")
        writer.close()


async def test_files_go_over_tls_where_there_is_a_certificate(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(tmp_path / "pem")
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    async with running(tls_cert=tmp_path / "pem", tls_key=tmp_path / "pem") as server:
        reader, writer = await asyncio.open_connection(*address(server).split(":"), ssl=trusting)
        writer.write(b"GET /v1/models HTTP/1.0\r\n\r\n")
        assert b'"id":"counting"' in await asyncio.wait_for(reader.read(), 20)
        writer.close()


async def test_a_port_that_is_taken_is_named_and_all_is_closed_again() -> None:
    async with running() as first:
        _, port = first.address
        second = TranscriptionServer(
            Settings(port=0, rest_port=port), LocalEngine(CountingEngine())
        )
        with pytest.raises(ListenError, match=f"cannot listen on 127.0.0.1:{port}"):
            await second.__aenter__()
