"""One input of the fuzzer: a whole conversation with one door, as bytes.

The first line is the request, `/v1/listen?channels=2`; `wyoming` and `audiosocket` stand
for their TCP ports. Each
further line is a step, by its first byte: `H` a header of the request, `T` a text frame, `B` a
binary one, `A` so many bytes of audio, `E` lets the engine answer. A `B` is the payload itself, so
that bytes over TCP can be split anywhere.

Whatever comes, nothing may be raised, and every message that is said can be written down.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from typing import cast
from urllib.parse import parse_qsl

from engines import CountingEngine, words_of
from websockets.datastructures import Headers

from streamer.dispatch.account import Account
from streamer.dispatch.dispatcher import Dispatcher
from streamer.dispatch.job import Job, UtteranceKey
from streamer.dispatch.queue import Listener
from streamer.protocols.audiosocket.dialect import AudioSocketDialect
from streamer.protocols.dialect import Close, Dialect, SessionEnd
from streamer.protocols.door import Handshake, Host, RefusalError
from streamer.protocols.wyoming.dialect import WyomingDialect
from streamer.server.admission.keys import KeyRing, digest
from streamer.server.admission.origins import Origins
from streamer.server.admission.quotas import Limits, Peer, Quotas
from streamer.server.connection.client_session import ClientSession
from streamer.server.connection.service import Service
from streamer.server.doors import door_at, limits_of, signing_of
from streamer.server.listeners.headers import JoinedHeaders
from streamer.server.metrics import Metrics
from streamer.settings import Settings

STEPS = 60
AUDIO_BYTES = 64_000

INFO = CountingEngine().info
SETTINGS = Settings()
SIGNED = Settings.model_validate({"twilio_auth_token": "token", "audiohook_secret": "c2VjcmV0"})
KEYS = KeyRing({"anna": digest("key")})
TOKEN = re.compile(r"[-!#$%&'*+.^_`|~0-9A-Za-z]+")


class StubEngine:
    """Answers all that it was asked when its turn comes."""

    info = INFO

    def __init__(self) -> None:
        self.jobs: dict[UtteranceKey, tuple[Job, Listener]] = {}

    def open_account(self) -> Account:
        return Account(0.0)

    def submit(self, job: Job, listener: Listener) -> None:
        self.jobs[job.key] = (job, listener)

    def withdraw(self, key: UtteranceKey) -> None:
        self.jobs.pop(key, None)

    def withdraw_session(self, session: str) -> None:
        self.jobs.clear()

    def answer(self) -> None:
        while self.jobs:
            job, listener = self.jobs.pop(next(iter(self.jobs)))
            listener.on_result(job, words_of(job.clip))


def play(data: bytes) -> None:
    """Have the conversation; raises whatever is wrong with us."""
    asyncio.run(_play(data))


async def _play(data: bytes) -> None:
    request, *steps = data.split(b"\n")[: STEPS + 1]
    path, _, query_string = _text(request).strip().partition("?")
    headers = Headers()
    for step in steps:
        name, colon, value = step[1:].decode("latin-1").partition(":")
        if step[:1] == b"H" and colon and TOKEN.fullmatch(name):
            headers[name] = "".join(c for c in value.strip() if " " <= c <= "~" or c > "\x7f")
    host = Host(INFO, limits_of(SETTINGS), "fuzz")
    dialect: Dialect
    door = door_at(path)
    if door is not None:
        query = parse_qsl(query_string, keep_blank_values=True)
        handshake = Handshake(path, query, JoinedHeaders(headers), [])
        with contextlib.suppress(RefusalError):
            door.signed(handshake, signing_of(door, SIGNED, time.time()))
        KEYS.holder(door.keys(handshake))
        door.resumes(handshake)
        Origins().lets_in(handshake.headers)
        try:
            dialect = door.open(handshake, host)
        except RefusalError as refusal:
            door.refused(refusal)
            return
    elif path == "wyoming":
        dialect = WyomingDialect(host)
    elif path == "audiosocket":
        dialect = AudioSocketDialect(host)
    else:
        return
    await _converse(dialect, steps)


async def _converse(dialect: Dialect, steps: list[bytes]) -> None:
    engine = StubEngine()
    quotas = Quotas(Limits(0, 0), Limits(0, 0), time.monotonic)
    service = Service(SETTINGS, cast("Dispatcher", engine), Metrics(), quotas)
    session = ClientSession("fuzz", dialect, service, Peer(None, ""), lambda: None, _unpaced)
    said = 0

    async def say() -> None:
        """Write down what waits, as a connection would; nothing is said after a close."""
        nonlocal said
        while len(session.outbox):
            if isinstance(item := await session.outbox.get(), Close):
                session.outbox.put(item)
                return
            assert isinstance(dialect.encode(item.message), str)
            said += 1

    async def carry_out(message: str | bytes) -> None:
        acting = asyncio.create_task(session.carry_out_all(dialect.received(message)))
        while not acting.done():  # a stream that gives way to the next waits for its finals
            engine.answer()
            await asyncio.sleep(0)
        acting.result()

    await session.carry_out_all(dialect.connected())
    if dialect.grace_s is not None and steps[:1] == [b"W"]:
        await session.carry_out_all(dialect.waited())
    for step in steps:
        match step[:1]:
            case b"T":
                await carry_out(_text(step[1:]))
            case b"B":
                await carry_out(step[1:])
            case b"A" if step[1:].isdigit():
                await carry_out(b"\x10\x20" * (min(int(step[1:7]), AUDIO_BYTES) // 2))
            case b"E":
                engine.answer()
            case _:
                pass
        await say()
    session.end(SessionEnd.GOING_AWAY)
    engine.answer()
    await say()
    session.close()


async def _unpaced(_: float) -> None:
    return


def _text(data: bytes) -> str:
    """Text frames are UTF-8: the library closes on anything else."""
    return data.decode("utf-8", "ignore")
