"""Any messages, in any order and any split, with drops and resumptions wherever they fall.

A client and a server whose line is two lists: everything between the client's log of what it sends
and the session core is real, but for the socket, the engine and the clock. The model is simple:
what the client ends up with is what one undisturbed session says of the same bytes and orders.
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any, cast

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from server.judgement import MIN_SPEECH_MS, START, judge
from server.stand_ins import INFO, Engine, Socket, checksum
from sounds import pcm, silence, voice

from streamer.client.outgoing import Order, Outgoing
from streamer.dispatch.dispatcher import Dispatcher
from streamer.dispatch.job import JobKind
from streamer.protocols.door import Host
from streamer.protocols.native.dialect import NativeDialect
from streamer.protocols.native.messages import Configure, Flush, Stop
from streamer.server.admission.quotas import Limits, Peer, Quotas
from streamer.server.connection.connection import Connection
from streamer.server.connection.resumable import ResumableSessions
from streamer.server.connection.service import Service
from streamer.server.doors import limits_of
from streamer.server.metrics import Metrics
from streamer.settings import Settings

PEER = Peer.of(None, "127.0.0.1")
SOUNDS = (
    pcm(voice(0.4)),
    pcm(voice(1.1, seed=2)),
    pcm(silence(0.3)),
    pcm(silence(0.6)),
    b"\x01",
    b"",
)


class Protocol(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.runner = asyncio.Runner()
        self.engine = Engine()
        self.settings = Settings(min_speech_ms=MIN_SPEECH_MS)
        metrics = Metrics()
        quotas = Quotas(Limits(0, 0), Limits(0, 0), time.monotonic)
        self.service = Service(self.settings, cast("Dispatcher", self.engine), metrics, quotas)
        self.sessions = ResumableSessions(self.settings, metrics)
        self.outgoing = Outgoing()
        self.outgoing.limit = 1 << 30
        self.said: list[bytes | Order] = []
        self.received: list[dict[str, Any]] = []
        self.failed: set[int] = set()
        self.socket: Socket | None = None
        self.task: asyncio.Task[None] | None = None
        self.session = ""
        self.opened = 0
        self.runner.run(self._connect())

    def teardown(self) -> None:
        if not hasattr(self, "runner"):
            return
        try:
            self.runner.run(self._finish())
            self.numbers_have_no_gap_and_no_repeat()
            judge(self.received, self.said, self.failed)
        finally:
            self.runner.close()

    # What the client does.

    @rule(which=st.integers(0, len(SOUNDS) - 1), until=st.integers(0, 40_000))
    def speak(self, which: int, until: int) -> None:
        self.said.append(SOUNDS[which][:until])
        self.runner.run(self.outgoing.put(SOUNDS[which][:until]))

    @rule(flush_id=st.sampled_from(["a", "b"]))
    def flush(self, flush_id: str) -> None:
        self._order(Flush(id=flush_id))

    @rule(change=st.sampled_from([{"language": "de"}, {"partials": False}, {"language": "en"}]))
    def configure(self, change: dict[str, object]) -> None:
        self._order(Configure.model_validate(change))

    def _order(self, order: Order) -> None:
        self.said.append(order)
        self.outgoing.order(order)

    @rule(pieces=st.integers(1, 5), cut=st.integers(1, 9000))
    def send(self, pieces: int, cut: int) -> None:
        self.runner.run(self._send(pieces, cut))

    @precondition(lambda self: self.socket is not None)
    @rule()
    def acknowledge(self) -> None:
        assert self.socket is not None
        if self.received:
            known = {"type": "keepalive", "last_seq": self.received[-1]["seq"]}
            self.socket.up.put_nowait(json.dumps(known))

    @rule(count=st.integers(1, 20))
    def read(self, count: int) -> None:
        self._read(count)

    # What happens to the line.

    @precondition(lambda self: self.socket is not None)
    @rule(known=st.booleans())
    def drop(self, known: bool) -> None:
        """Everything on its way is lost; the server may not know for now."""
        self.runner.run(self._drop(known=known))

    @precondition(lambda self: self.socket is None)
    @rule()
    def come_back(self) -> None:
        self.runner.run(self._connect())

    # What the engine does.

    @precondition(lambda self: bool(self.engine.jobs))
    @rule(which=st.integers(0, 10))
    def answer(self, which: int) -> None:
        self.runner.run(self._answer(which))

    @precondition(lambda self: any(job.kind is JobKind.FINAL for job, _ in self.engine.jobs))
    @rule()
    def fail(self) -> None:
        self.runner.run(self._fail())

    @precondition(lambda self: any(job.kind is JobKind.PARTIAL for job, _ in self.engine.jobs))
    @rule()
    def supersede(self) -> None:
        job, listener = next(one for one in self.engine.jobs if one[0].kind is JobKind.PARTIAL)
        self.engine.jobs.remove((job, listener))
        listener.on_superseded(job)

    @invariant()
    def numbers_have_no_gap_and_no_repeat(self) -> None:
        if hasattr(self, "received"):
            assert [one["seq"] for one in self.received] == list(range(len(self.received)))

    async def _connect(self) -> None:
        self.socket = Socket()
        self.opened += 1
        name = f"session {self.opened}"
        dialect = NativeDialect({}, Host(INFO, limits_of(self.settings), name))
        connection = Connection(self.socket, name, dialect, self.service, PEER, self.sessions)
        self.task = asyncio.create_task(connection.run())
        start: dict[str, object] = {"type": "start", **START}
        if self.session:
            last_seq = self.received[-1]["seq"] if self.received else -1
            start |= {"resume": self.session, "last_seq": last_seq}
        self.socket.up.put_nowait(json.dumps(start))
        await _settle()
        ready = json.loads(self.socket.down[0])
        assert ready["type"] == "ready", ready
        if not self.session:
            self.session = ready["session"]
            self.outgoing.begin()
            return
        assert ready["resumed"]
        assert ready["session"] == self.session
        del self.socket.down[0]
        received = round(ready["audio_received"] * 32_000)
        self.outgoing.resume(received, ready["messages_received"])

    async def _send(self, pieces: int, cut: int) -> None:
        for _ in range(pieces):
            if self.socket is None or self.outgoing.all_sent:
                break
            one = await self.outgoing.next()
            if isinstance(one, bytes):
                for at in range(0, len(one), cut):
                    self.socket.up.put_nowait(one[at : at + cut])
            else:
                self.socket.up.put_nowait(one.model_dump_json())
        await _settle()

    def _read(self, count: int) -> None:
        if self.socket is None:
            return
        for text in self.socket.down[:count]:
            message = json.loads(text)
            self.received.append(message)
            match message["type"]:
                case "flushed":
                    self.outgoing.answered(Flush)
                case "acknowledged":
                    self.outgoing.settle(int(message["audio"] * 16_000) * 2)
                case _:
                    pass
        del self.socket.down[:count]

    async def _drop(self, *, known: bool) -> None:
        assert self.socket is not None
        assert self.task is not None
        while not self.socket.up.empty():
            self.socket.up.get_nowait()
        self.socket = None
        if known:
            self.task.cancel()
            await asyncio.wait([self.task])

    async def _answer(self, which: int) -> None:
        job, listener = self.engine.jobs.pop(which % len(self.engine.jobs))
        listener.on_result(job, checksum(job.clip.loaded()))
        await _settle()

    async def _fail(self) -> None:
        job, listener = next(one for one in self.engine.jobs if one[0].kind is JobKind.FINAL)
        self.engine.jobs.remove((job, listener))
        self.failed.add(job.key.utterance)
        listener.on_failure(job, "it failed")
        await _settle()

    async def _finish(self) -> None:
        """Come to the end, whatever was lost."""
        self._order(Stop())
        if self.socket is None:
            await self._connect()
        assert self.socket is not None
        while not self.outgoing.all_sent:
            await self._send(10, 4000)
        while self.engine.jobs:
            await self._answer(0)
        await _settle()
        self._read(1 << 30)
        assert self.socket.closed == 1000
        assert self.task is not None
        self.task.cancel()
        await asyncio.wait([self.task])


async def _settle() -> None:
    """Let everybody do what there is to do."""
    for _ in range(60):
        await asyncio.sleep(0)


Protocol.TestCase.settings = settings(
    max_examples=40,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestAnyOrder = Protocol.TestCase
