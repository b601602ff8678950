"""One input of the fuzzer: a request to the REST API, as bytes.

It is written as HTTP is, with bare newlines: `POST /v1/audio/transcriptions`, headers, an empty
line, the body. A header `Pieces: 7` hands the body over seven bytes at a time. What the HTTP
library would not let through is left out.

Whatever comes, the answer is a transcript, or a refusal that says in OpenAI's shape what is wrong
with the request; nothing is raised, and nothing is left behind.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import re
import time
from itertools import count
from typing import Any, cast
from urllib.parse import unquote

from starlette.types import Message, Scope

from fuzzing.conversation import INFO, SETTINGS, StubEngine
from streamer.audio.files import AudioFile
from streamer.dispatch.dispatcher import Dispatcher
from streamer.dispatch.job import Job
from streamer.dispatch.queue import Listener
from streamer.server.admission.admission import Admission
from streamer.server.admission.authenticator import Authenticator
from streamer.server.admission.controller import AdmissionController
from streamer.server.admission.load import LoadLimit
from streamer.server.admission.quotas import Limits, Quotas
from streamer.server.admission.refusals import Refusals
from streamer.server.clients import Clients
from streamer.server.connection.service import Service
from streamer.server.http import transcriptions
from streamer.server.http.app import make_app, rest_routes
from streamer.server.metrics import Metrics

transcriptions.IsolatedFile = AudioFile  # type: ignore[misc] - what kills a decoder is to be seen

TOO_LONG_S = 60.0

TOKEN = re.compile(rb"[-!#$%&'*+.^_`|~0-9A-Za-z]+")
TARGET = re.compile(rb"[\x21-\x7e]+")
VALUE = re.compile(rb"[\x21-\x7e\x80-\xff]([\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?|")
LENGTH = re.compile(rb"[0-9]{1,20}")


class _Engine(StubEngine):
    """Idle, and quick."""

    info = dataclasses.replace(INFO, word_timings=True)
    trouble = None
    is_dead = False
    lateness_s = 0.0

    def load(self, sessions: int) -> float:
        return 0.0

    def submit(self, job: Job, listener: Listener) -> None:
        super().submit(job, listener)
        asyncio.get_running_loop().call_soon(self.answer)


class _Answer:
    """What the application sends."""

    def __init__(self) -> None:
        self.status = 0
        self.kind = ""
        self.body = b""
        self.ended = False

    async def take(self, message: Message) -> None:
        assert not self.ended, "nothing comes after the end"
        if message["type"] == "http.response.start":
            assert not self.status
            self.status = message["status"]
            self.kind = dict(message["headers"]).get(b"content-type", b"").decode()
        else:
            assert self.status
            self.body += message.get("body", b"")
            self.ended = not message.get("more_body", False)

    def judge(self) -> None:
        assert self.ended
        text = self.body.decode()
        assert self.status == 200 or 400 <= self.status < 500, f"{self.status} {text}"
        if self.status != 200:
            error = json.loads(text)["error"]
            assert set(error) == {"message", "type", "param", "code"}
            assert error["type"] == "invalid_request_error"
            assert isinstance(error["message"], str)
            assert error["message"]
        elif self.kind == "application/json":
            json.loads(text, parse_constant=_no_json)
        elif self.kind.startswith("text/event-stream"):
            *events, end, rest = text.split("\n\n")
            assert (end, rest) == ("data: [DONE]", "")
            for event in events:
                json.loads(event.removeprefix("data: "), parse_constant=_no_json)


class _Api:
    """The application with all that it stands on; one serves every input."""

    def __init__(self) -> None:
        engine = cast("Dispatcher", _Engine())
        metrics = Metrics()
        quotas = Quotas(Limits(0, 0), Limits(0, 0), time.monotonic)
        service = Service(SETTINGS, engine, metrics, quotas)
        self.clients = Clients(metrics.sessions)
        controller = AdmissionController(
            SETTINGS.max_sessions,
            LoadLimit(engine, SETTINGS.max_lateness_s, time.monotonic),
            quotas,
            self.clients,
            (),
        )
        # Refusals a minute apart: nobody is made to wait for one.
        refusals = Refusals(lambda _: None, count(0.0, 60.0).__next__)
        admission = Admission(Authenticator(), controller, refusals)
        self.app = make_app(rest_routes(service, admission, self.clients), ())
        self.runner = asyncio.Runner()

    def play(self, data: bytes) -> None:
        self.runner.run(self._play(data))

    async def _play(self, data: bytes) -> None:
        head, _, body = data.partition(b"\n\n")
        request, *lines = head.split(b"\n")
        method, _, target = request.partition(b" ")
        if not TOKEN.fullmatch(method) or not TARGET.fullmatch(target):
            return
        headers = [(name.lower(), value.strip(b" \t")) for name, value in map(_split, lines)]
        headers = [(name, value) for name, value in headers if _is_let_through(name, value)]
        path, _, query = target.partition(b"?")
        scope: Scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method.decode(),
            "scheme": "http",
            "path": unquote(path.decode()),
            "raw_path": path,
            "root_path": "",
            "query_string": query,
            "headers": headers,
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 8001),
        }
        size = dict(headers).get(b"pieces", b"")
        pieces = _cut(body, max(1, int(size)) if LENGTH.fullmatch(size) else len(body) or 1)

        async def receive() -> Message:
            if not pieces:
                await asyncio.Event().wait()  # a client that waits for its answer
            piece = pieces.pop(0)
            return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

        answer = _Answer()
        async with asyncio.timeout(TOO_LONG_S):
            await self.app(scope, receive, answer.take)
        answer.judge()
        assert len(self.clients) == 0
        if left := asyncio.all_tasks() - {asyncio.current_task()}:
            _, pending = await asyncio.wait(left, timeout=5)
            assert not pending


_api: list[_Api] = []


def play(data: bytes) -> None:
    """Ask; raises whatever is wrong with us."""
    if not _api:
        _api.append(_Api())
    _api[0].play(data)


def _split(line: bytes) -> tuple[bytes, bytes]:
    name, _, value = line.partition(b":")
    return name, value


def _is_let_through(name: bytes, value: bytes) -> bool:
    if name == b"content-length" and not LENGTH.fullmatch(value):
        return False
    return TOKEN.fullmatch(name) is not None and VALUE.fullmatch(value) is not None


def _cut(body: bytes, size: int) -> list[bytes]:
    return [body[at : at + size] for at in range(0, len(body), size)] or [b""]


def _no_json(constant: str) -> Any:
    raise AssertionError(f"{constant} is no JSON")
