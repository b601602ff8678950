"""A client whose audio stops gets its final at every door, while the socket stays open."""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast
from urllib.parse import parse_qsl

import numpy as np
import pytest
import soxr
from asterisk import uuid_frame, voice_frames
from audiohook_client import NOBODY, media
from hosts import a_host
from phone import media as twilio_media
from phone import mulaw, start
from server.stand_ins import Clock, Engine
from sounds import Samples, pcm, silence, voice
from websockets.datastructures import Headers

from streamer.dispatch.dispatcher import Dispatcher
from streamer.dispatch.job import JobKind
from streamer.protocols.audiosocket.dialect import AudioSocketDialect
from streamer.protocols.dialect import Dialect, Say
from streamer.protocols.door import Handshake
from streamer.protocols.wyoming.dialect import WyomingDialect
from streamer.server.admission.quotas import Limits, Peer, Quotas
from streamer.server.connection.client_session import ClientSession
from streamer.server.connection.service import Service
from streamer.server.connection.ticker import Ticker
from streamer.server.doors import door_at
from streamer.server.listeners.headers import JoinedHeaders
from streamer.server.metrics import Metrics
from streamer.settings import Settings
from streamer.speech.hypothesis import Hypothesis

Wire = str | bytes
PIECE = 320  # 20 ms
SPOKEN = np.concatenate([silence(0.5), voice(1.5)])


@dataclass(frozen=True)
class Door:
    """How a client opens, wraps 20 ms of audio, and gives signs of life, if it can."""

    dialect: Callable[[], Dialect]
    opening: list[Wire]
    wrap: Callable[[int, Samples], Wire]
    keepalive: Callable[[int], Wire] | None = None
    silence_s: float = 0.6


def websocket(path: str, query: str = "") -> Callable[[], Dialect]:
    def open_dialect() -> Dialect:
        door = door_at(path)
        assert door is not None
        return door.open(Handshake(path, parse_qsl(query), JoinedHeaders(Headers()), []), a_host())

    return open_dialect


def text(**fields: object) -> str:
    return json.dumps(fields)


def appended(number: int, samples: Samples) -> str:
    wide = soxr.resample(samples, 16_000, 24_000)
    audio = base64.b64encode(pcm(np.clip(wide, -1, 1))).decode()
    return text(type="input_audio_buffer.append", audio=audio)


def audiohook_message(number: int, kind: str, **parameters: object) -> str:
    return text(
        version="2",
        id=NOBODY[:-1] + "1",
        type=kind,
        seq=number,
        serverseq=0,
        position="PT0S",
        parameters=parameters,
    )


def wyoming(kind: str, data: dict[str, object], payload: bytes = b"") -> bytes:
    body = json.dumps(data).encode()
    header = {"type": kind, "data_length": len(body), "payload_length": len(payload)}
    return json.dumps(header).encode() + b"\n" + body + payload


def telnyx_media(number: int, samples: Samples) -> str:
    """Number and tracks as Telnyx has them: the first chunk says which track it is."""
    payload = base64.b64encode(mulaw(samples).tobytes()).decode()
    chunk = {"chunk": str(number + 1), "timestamp": str(20 * number), "payload": payload}
    return text(event="media", sequence_number=str(number + 2), stream_id="32DE", media=chunk)


TELNYX_FORMAT = {"encoding": "PCMU", "sample_rate": 8000, "channels": 1}
VONAGE_FORMAT = {"event": "websocket:connected", "content-type": "audio/l16;rate=16000"}
FORMAT: dict[str, object] = {"rate": 16000, "width": 2, "channels": 1}
CALL = {"id": str(uuid.UUID(int=2)), "ani": "", "aniName": "", "dnis": ""}

DOORS = {
    "native": Door(
        websocket("/v1/stream"),
        [text(type="start")],
        lambda number, samples: pcm(samples),
        lambda number: text(type="keepalive"),
    ),
    "deepgram": Door(
        websocket("/v1/listen", "encoding=linear16&sample_rate=16000&endpointing=600"),
        [],
        lambda number, samples: pcm(samples),
        lambda number: text(type="KeepAlive"),
    ),
    "flux": Door(
        websocket("/v2/listen", "model=flux-general-en&encoding=linear16&sample_rate=16000"),
        [],
        lambda number, samples: pcm(samples),
        lambda number: text(type="KeepAlive"),
        silence_s=1.0,  # what its threshold of 0.7 means without a turn model
    ),
    "realtime": Door(websocket("/v1/realtime", "intent=transcription"), [], appended),
    "twilio": Door(
        websocket("/twilio"),
        [start(("inbound",))],
        lambda number, samples: twilio_media("inbound", number, mulaw(samples).tobytes()),
    ),
    "telnyx": Door(
        websocket("/twilio"),
        [
            text(
                event="start",
                sequence_number="1",
                stream_id="32DE",
                start={"call_control_id": "v2:T0", "media_format": TELNYX_FORMAT},
            )
        ],
        telnyx_media,
    ),
    "vonage": Door(
        websocket("/vonage"),
        [json.dumps(VONAGE_FORMAT)],
        lambda number, samples: pcm(samples),
    ),
    "audiosocket": Door(
        lambda: AudioSocketDialect(a_host()),
        [uuid_frame()],
        lambda number, samples: next(voice_frames(samples)),
    ),
    "audiohook": Door(
        websocket("/audiohook"),
        [
            audiohook_message(
                1,
                "open",
                organizationId=CALL["id"],
                conversationId=CALL["id"],
                participant=CALL,
                media=[media(["external"])],
            )
        ],
        lambda number, samples: mulaw(samples).tobytes(),
        lambda number: audiohook_message(number + 2, "ping"),
    ),
    "wyoming": Door(
        lambda: WyomingDialect(a_host()),
        [wyoming("transcribe", {}), wyoming("audio-start", FORMAT)],
        lambda number, samples: wyoming("audio-chunk", FORMAT, pcm(samples)),
    ),
}


class Client:
    """Speaks in real time by a clock of the test's."""

    def __init__(self, door: Door) -> None:
        self.clock, self.engine = Clock(), Engine()
        self.silence_s = door.silence_s
        self._door = door
        quotas = Quotas(Limits(0, 0), Limits(0, 0), time.monotonic)
        service = Service(
            Settings(),
            cast("Dispatcher", self.engine),
            Metrics(),
            quotas,
            ticker=Ticker(self.clock),
        )
        self.session = ClientSession(
            "s", door.dialect(), service, Peer(None, ""), lambda: None, None
        )
        self._number = 0
        self._alive = 0

    async def open(self) -> None:
        await self.session.carry_out_all(self.session.dialect.connected())
        for message in self._door.opening:
            await self.say(message)

    async def say(self, message: Wire) -> None:
        await self.session.carry_out_all(self.session.dialect.received(message))

    async def speak(self, samples: Samples, *, at_once: bool = False) -> None:
        for piece in pieces(samples):
            await self.say(self._door.wrap(self._number, piece))
            self._number += 1
            if not at_once:
                self.clock.pass_time(0.02)

    async def keep_silent(self, seconds: float) -> None:
        """Bring no audio, but every other second a sign of life, if the protocol has one."""
        for _ in range(round(seconds * 10)):
            if self._door.keepalive is not None and round(self.clock.now * 10) % 20 == 0:
                await self.say(self._door.keepalive(self._alive))
                self._alive += 1
            self.clock.pass_time(0.1)

    async def answer(self) -> None:
        """Let the engine answer all that it was asked."""
        while self.engine.jobs:
            job, listener = self.engine.jobs.pop(0)
            listener.on_result(job, Hypothesis("said", (1,), 0.9))

    async def told(self) -> list[str]:
        """What the client has been sent since."""
        said: list[str] = []
        while len(self.session.outbox):
            item = await self.session.outbox.get()
            assert isinstance(item, Say)
            said.append(item.message.type)
        return said

    @property
    def finals(self) -> list[float]:
        """Seconds of the utterances whose final has been asked for."""
        return [job.clip.seconds for job, _ in self.engine.jobs if job.kind is JobKind.FINAL]


def pieces(samples: Samples) -> Iterator[Samples]:
    return (samples[at : at + PIECE] for at in range(0, len(samples), PIECE))


@pytest.fixture(params=list(DOORS))
async def client(request: pytest.FixtureRequest) -> Client:
    client = Client(DOORS[request.param])
    await client.open()
    return client


async def test_who_stops_in_a_pause_gets_the_final_after_the_silence(client: Client) -> None:
    await client.speak(np.concatenate([SPOKEN, silence(0.4)]))
    await client.keep_silent(client.silence_s - 0.1)
    assert client.finals == []
    await client.keep_silent(0.3)
    assert len(client.finals) == 1


async def test_while_a_session_waits_for_its_client_its_time_stands_still() -> None:
    client = Client(DOORS["native"])
    await client.open()
    await client.speak(np.concatenate([SPOKEN, silence(0.4)]))
    await client.keep_silent(0.3)
    client.session.suspend()
    client.clock.pass_time(30)
    assert client.finals == []
    client.session.go_on()
    await client.keep_silent(0.5)
    assert client.finals == []
    await client.keep_silent(0.3)
    assert len(client.finals) == 1


async def test_who_stops_behind_a_word_gets_it_once_no_line_stalls_so_long(client: Client) -> None:
    await client.speak(SPOKEN)
    await client.keep_silent(2.1)
    assert client.finals == []
    await client.keep_silent(0.3)
    (seconds,) = client.finals
    assert seconds == pytest.approx(1.5 + 0.3, abs=0.1)  # the pre-roll, and the voice to its end


async def test_a_line_that_stalls_and_catches_up_ends_nothing(client: Client) -> None:
    await client.speak(SPOKEN)
    await client.keep_silent(2.0)
    await client.speak(voice(2.0, seed=5), at_once=True)
    await client.speak(voice(1.0, seed=6))
    assert client.finals == []


async def test_audio_that_comes_later_is_another_utterance(client: Client) -> None:
    await client.speak(SPOKEN)
    await client.keep_silent(10)
    await client.speak(np.concatenate([voice(1.0, seed=5), silence(1.2)]))
    assert len(client.finals) == 2


@pytest.mark.parametrize("still", [0.0, 0.4])
async def test_deepgram_s_clients_are_told_of_the_silence_they_asked_for(still: float) -> None:
    query = "encoding=linear16&sample_rate=16000&endpointing=600&interim_results=true"
    wrap = DOORS["deepgram"].wrap
    client = Client(Door(websocket("/v1/listen", f"{query}&utterance_end_ms=4000"), [], wrap))
    await client.open()
    await client.speak(np.concatenate([SPOKEN, silence(still)]))
    await client.keep_silent(2.6)
    await client.answer()
    await client.keep_silent(1.0 - still)
    assert "UtteranceEnd" not in await client.told()
    await client.keep_silent(0.9)
    assert (await client.told()).count("UtteranceEnd") == 1
    await client.keep_silent(10)
    assert client.clock.timers == [], "whoever is silent for long costs nothing"
