"""TLS, seen from outside: which certificate is shown, and when it changes."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives import serialization
from engines import CountingEngine
from servers import receive_all, receive_until, running, send
from sounds import pcm, voice
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidMessage

from streamer.engines.local import LocalEngine
from streamer.server.listeners.tls import Certificate, CertificateError
from streamer.server.server import TranscriptionServer
from streamer.settings import Settings


@dataclass
class Files:
    """A certificate and key in two files, which a new authority may replace."""

    chain: Path
    key: Path

    def issue(self) -> ssl.SSLContext:
        """Write a new certificate; returns a client that trusts nothing else."""
        authority = trustme.CA()
        made = authority.issue_cert("localhost")
        self.chain.write_bytes(b"".join(blob.bytes() for blob in made.cert_chain_pems))
        self.key.write_bytes(made.private_key_pem.bytes())
        context = ssl.create_default_context()
        authority.configure_trust(context)
        return context


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path / "cert.pem", tmp_path / "key.pem")


def secure(server: TranscriptionServer, trusting: ssl.SSLContext) -> connect:
    return connect(f"wss://localhost:{server.address[1]}/v1/stream", ssl=trusting, compression=None)


async def transcribed(ws: ClientConnection) -> str:
    await ws.send(pcm(voice(1.0)))
    await send(ws, "stop")
    messages = await receive_all(ws)
    return next(message["text"] for message in messages if message["type"] == "final")


async def test_a_stream_goes_over_tls(files: Files) -> None:
    trusting = files.issue()
    async with running(tls_cert=files.chain, tls_key=files.key) as server:
        async with secure(server, trusting) as ws:
            assert await transcribed(ws)
        with pytest.raises((OSError, InvalidMessage)):
            await connect(f"ws://localhost:{server.address[1]}/v1/stream", open_timeout=2)


async def test_a_renewed_certificate_is_shown_and_old_sessions_go_on(files: Files) -> None:
    before = files.issue()
    async with (
        running(tls_cert=files.chain, tls_key=files.key) as server,
        secure(server, before) as old,
    ):
        await receive_until(old, "ready")
        after = files.issue()
        async with secure(server, before):
            pass  # the files have changed, but nobody has said so
        server.reload()
        with pytest.raises(ssl.SSLCertVerificationError):
            await secure(server, before)
        async with secure(server, after) as new:
            assert await transcribed(new)
        assert await transcribed(old)


async def test_a_certificate_that_will_not_do_leaves_the_old_one_in_force(files: Files) -> None:
    trusting = files.issue()
    good_key = files.key.read_bytes()
    async with running(tls_cert=files.chain, tls_key=files.key) as server:
        files.issue()
        files.key.write_bytes(good_key)  # the key of the certificate before
        server.reload()
        async with secure(server, trusting) as ws:
            assert await transcribed(ws)


async def test_a_handshake_that_never_ends_is_cut(files: Files) -> None:
    trusting = files.issue()
    async with running(tls_cert=files.chain, tls_key=files.key) as server:
        reader, writer = await asyncio.open_connection(*server.address)
        async with secure(server, trusting) as ws:
            assert await transcribed(ws), "nobody waits for it"
        async with asyncio.timeout(10):
            assert await reader.read() == b""
        writer.close()


def test_what_is_wrong_with_the_files_is_told(files: Files, tmp_path: Path) -> None:
    with pytest.raises(CertificateError, match="No such file"):
        Certificate(files.chain, files.key)
    files.issue()
    (tmp_path / "other.pem").write_text("nothing", encoding="utf-8")
    with pytest.raises(CertificateError, match=r"other\.pem"):
        Certificate(files.chain, tmp_path / "other.pem")
    key = serialization.load_pem_private_key(files.key.read_bytes(), None)
    locked = tmp_path / "locked.pem"
    locked.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"passphrase"),
        )
    )
    with pytest.raises(CertificateError, match="a key with a passphrase cannot be used"):
        Certificate(files.chain, locked)


def test_the_two_settings_belong_together(files: Files) -> None:
    with pytest.raises(CertificateError, match="belong together"):
        TranscriptionServer(Settings(port=0, tls_cert=files.chain), LocalEngine(CountingEngine()))
