"""`POST /v1/audio/transcriptions`: a file in, its transcript out, whole or as it comes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import ExitStack, aclosing, closing
from dataclasses import dataclass
from typing import BinaryIO

from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send

from streamer.audio.isolation.file import IsolatedFile
from streamer.audio.problems import AudioFileError
from streamer.pipeline.files import (
    BLOCK_S,
    EngineFailedError,
    in_thread,
    offline_settings,
    transcribe_blocks,
)
from streamer.protocols.door import RefusalError
from streamer.protocols.endings import GOING_AWAY
from streamer.protocols.openai_rest import answers
from streamer.protocols.openai_rest.request import TranscriptionRequest, invalid, parse_request
from streamer.protocols.openai_rest.stream import TranscriptStream
from streamer.server.admission.admission import Admission
from streamer.server.admission.quotas import Peer
from streamer.server.admission.refusals import try_later
from streamer.server.clients import Clients
from streamer.server.connection.service import Service
from streamer.server.doors import masking_of
from streamer.server.http.exchange import Exchange
from streamer.server.http.identity import client_address, identify
from streamer.server.http.running_request import RunningRequest
from streamer.server.http.uploads import UPLOAD_BYTES, Claim, Storage, read_form
from streamer.session.events import Final
from streamer.speech.clip import SAMPLE_RATE

log = logging.getLogger(__name__)

TRANSCRIPTIONS_PATH = "/v1/audio/transcriptions"

READERS = 2
"""Files of which a block is decoded and cut at a time: some 2 ms of the event loop each."""

MAX_S = 12 * 3600.0
"""Of one recording: silence compresses so well that no bound on bytes bounds the work."""


@dataclass(frozen=True, slots=True)
class _Upload:
    """A request that has been let in, and whom it counts for."""

    request: Request
    peer: Peer
    claim: Claim


class Transcriptions:
    """The endpoint, an ASGI application."""

    def __init__(self, service: Service, admission: Admission, clients: Clients) -> None:
        self._service = service
        self._admission = admission
        self._clients = clients
        self._storage = Storage(service.settings.max_upload_bytes)
        self._turn = asyncio.Semaphore(READERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        exchange = Exchange(receive, send)
        request = Request(scope, exchange.receive)
        level = logging.INFO
        try:
            try:
                peer = identify(self._admission.authenticator, request)
                with (
                    self._admission.controller.admit(peer),
                    self._storage.claim() as claim,
                    closing(self._service.memory.holding(UPLOAD_BYTES)),
                ):
                    level = logging.DEBUG  # what is wrong now is the request's matter, not ours
                    await self._run(_Upload(request, peer, claim), exchange)
            except RefusalError as refusal:
                await self._admission.refusals.settle(refusal, client_address(request), level)
                await exchange.refuse(refusal)
        except ClientDisconnect:
            log.debug("a client went away before it had its transcript")

    async def _run(self, upload: _Upload, exchange: Exchange) -> None:
        """Serve a request, unless it is ended from outside."""
        running = RunningRequest()
        try:
            with self._clients.counted(running):
                async with running.limit:
                    await self._serve(upload, running, exchange)
        except TimeoutError as ended:
            if running.abandoned:
                raise ClientDisconnect from ended
            if not running.limit.expired():
                raise
            # It was let in, and does not knock: it is told at once.
            refusal = try_later(503, "draining", GOING_AWAY)
            client = client_address(upload.request)
            self._admission.refusals.note(refusal, client, logging.DEBUG)
            await exchange.refuse(refusal)

    async def _serve(self, upload: _Upload, running: RunningRequest, exchange: Exchange) -> None:
        idle_s = self._service.settings.idle_timeout_s
        form = await read_form(upload.request, upload.claim, idle_s)
        with form.file, ExitStack() as opened:
            asked = parse_request(form.fields, self._service.dispatcher.info)
            audio = await in_thread(_open, form.file, form.name, opened)
            watch = asyncio.create_task(running.watch(upload.request.receive), name="client watch")
            try:
                await self._answer(
                    audio, self._transcribe(audio, asked, upload.peer), asked, exchange
                )
            finally:
                watch.cancel()

    async def _answer(
        self,
        audio: IsolatedFile,
        transcribing: AsyncGenerator[Final | float],
        asked: TranscriptionRequest,
        exchange: Exchange,
    ) -> None:
        finals: list[Final] = []
        events = TranscriptStream(asked)
        seconds = 0.0
        async with aclosing(transcribing) as news:
            async for item in news:
                if not isinstance(item, Final):
                    seconds = item
                elif not asked.stream:
                    finals.append(item)
                elif delta := events.add(item):
                    await exchange.stream(delta)
        warnings = [*asked.warnings, *audio.warnings]
        if asked.stream:
            await exchange.stream(events.end(seconds, warnings), last=True)
        else:
            kind, body = answers.transcript(asked, finals, seconds)
            await exchange.whole(kind, body, warnings)

    async def _transcribe(
        self, audio: IsolatedFile, asked: TranscriptionRequest, peer: Peer
    ) -> AsyncGenerator[Final | float]:
        """Yield the file's finals, and how many seconds have been read; raises RefusalError."""
        service = self._service
        usual = offline_settings(asked.language, vad=service.detectors[0])
        own = usual.model_copy(update=asked.settings)
        settings = own.together_with(masking_of(service.settings))
        done_s = 0.0
        with closing(audio.blocks(BLOCK_S)) as blocks:
            transcribing = transcribe_blocks(
                blocks,
                settings,
                service.dispatcher,
                service.settings.min_speech_ms,
                self._turn,
                lambda session: service.observers(session, peer),
                service.detection,
                service.memory,
            )
            try:
                async with aclosing(transcribing) as news:
                    async for item in news:
                        if not isinstance(item, Final):
                            await service.quotas.pace(peer, item - done_s)
                            done_s = item
                            if done_s > MAX_S:
                                raise invalid("file", f"it is longer than {MAX_S / 3600:g} hours")
                        yield item
            except AudioFileError as error:
                raise invalid("file", str(error)) from error
            except EngineFailedError as error:
                raise RefusalError(500, "engine_failed", str(error)) from error


def _open(file: BinaryIO, name: str, opened: ExitStack) -> IsolatedFile:
    """Open a recording that `opened` closes, before its file, even if nobody waits for it."""
    try:
        return opened.enter_context(closing(IsolatedFile(file, SAMPLE_RATE, name)))
    except AudioFileError as error:
        raise invalid("file", str(error), "unsupported_format") from error
