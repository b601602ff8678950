"""Who is let in at which door, and as what, without a socket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import parse_qsl

import pytest
from engines import CountingEngine
from websockets.datastructures import Headers
from websockets.http11 import Request

from streamer.dispatch.dispatcher import Dispatcher
from streamer.protocols.door import Handshake, RefusalError
from streamer.protocols.native.dialect import NativeDialect
from streamer.server.admission.admission import Admission
from streamer.server.admission.authenticator import Authenticator
from streamer.server.admission.controller import AdmissionController
from streamer.server.admission.load import LoadLimit
from streamer.server.admission.quotas import Limits, Peer, Quotas
from streamer.server.admission.refusals import Refusals
from streamer.server.connection.rate_limit import Admitted
from streamer.server.connection.resumable import ResumableSessions
from streamer.server.connection.service import Service
from streamer.server.doors import door_at
from streamer.server.listeners.upgrades import Upgrades, handshake_of
from streamer.server.metrics import Metrics
from streamer.settings import Settings
from streamer.speech.engine_info import EngineInfo

LISTEN = "/v1/listen?encoding=linear16&sample_rate=16000"
TWILIO = {"twilio_auth_token": "token", "public_url": "wss://stt.example"}
SIGNED = {"X-Twilio-Signature": "4ZDjxqvmkp6OUfNry22C4vNq+As="}  # of wss://stt.example/twilio


@dataclass
class IdleDispatcher:
    info: EngineInfo = field(default_factory=lambda: CountingEngine().info)
    lateness_s: float = 0.0
    trouble: str | None = None

    def load(self, sessions: int) -> float:
        return 0.0


class Knocking:
    """A server of one place, and of one session for each key and address."""

    def __init__(self, **settings: Any) -> None:
        ours = Settings(max_sessions=1, **settings)
        dispatcher = cast("Dispatcher", IdleDispatcher())
        quotas = Quotas(Limits(1, 0), Limits(1, 0), lambda: 0.0)
        metrics = Metrics()
        self.sessions: list[str] = []
        keys = [key.get_secret_value() for key in ours.api_keys]
        load = LoadLimit(dispatcher, ours.max_lateness_s, lambda: 0.0)
        controller = AdmissionController(ours.max_sessions, load, quotas, self.sessions, ())
        refusals = Refusals(lambda _: None, lambda: 0.0)
        admission = Admission(Authenticator(keys), controller, refusals)
        service = Service(ours, dispatcher, metrics, quotas)
        self._upgrades = Upgrades(service, admission, ResumableSessions(ours, metrics))

    def at(self, target: str, headers: Mapping[str, str] | None = None) -> Admitted:
        path, _, query = target.partition("?")
        door = door_at(path)
        assert door is not None
        handshake = Handshake(path, parse_qsl(query), Headers(headers or {}), [], target)
        return self._upgrades.admit(door, handshake, "10.0.0.7")


def test_who_is_let_in_gets_the_dialect_of_its_door_until_it_leaves() -> None:
    knocking = Knocking()
    admitted = knocking.at("/v1/stream?language=de")
    assert isinstance(admitted.dialect, NativeDialect)
    assert admitted.peer == Peer(None, "10.0.0.7")
    with pytest.raises(RefusalError) as refused:
        knocking.at("/v1/stream")
    assert refused.value.status == 429
    admitted.leave()
    assert knocking.at("/v1/stream").session != admitted.session


@pytest.mark.parametrize(
    ("headers", "key"),
    [({"Authorization": "Bearer one"}, "setting 1"), ({"Authorization": "Token two"}, "setting 2")],
)
def test_a_client_is_known_by_its_key(headers: dict[str, str], key: str) -> None:
    assert Knocking(api_keys=["one", "two"]).at(LISTEN, headers).peer.key == key


def test_a_wrong_setting_costs_no_place() -> None:
    knocking = Knocking()
    for _ in range(3):
        with pytest.raises(RefusalError) as refused:
            knocking.at("/v1/stream?channels=0")
        assert refused.value.status == 400
    knocking.at("/v1/stream")


def test_a_stranger_is_told_of_its_key_before_its_settings() -> None:
    with pytest.raises(RefusalError) as refused:
        Knocking(api_keys=["one"]).at("/v1/stream?channels=0")
    assert refused.value.status == 401


def test_a_good_signature_stands_for_a_key_and_a_wrong_one_for_none() -> None:
    knocking = Knocking(api_keys=["one"], **TWILIO)
    with pytest.raises(RefusalError, match="does not fit"):
        knocking.at("/twilio", {"X-Twilio-Signature": "bm9uc2Vuc2U="})
    with pytest.raises(RefusalError, match="an API key is needed"):
        knocking.at("/twilio")
    assert knocking.at("/twilio", SIGNED).peer.key is None


def test_who_only_listens_is_let_in_where_every_place_is_taken() -> None:
    knocking = Knocking()
    knocking.sessions.append("one")
    with pytest.raises(RefusalError, match="every session is taken"):
        knocking.at("/v1/stream")
    assert not knocking.at("/v1/calls/x").door.brings_audio


def test_a_handshake_is_read_from_a_request() -> None:
    headers = Headers()
    headers["Sec-WebSocket-Protocol"] = "token, key"
    headers["Sec-WebSocket-Protocol"] = "realtime,"
    handshake = handshake_of(Request("/v1/listen?a=1&b=", headers))
    assert (handshake.path, handshake.target) == ("/v1/listen", "/v1/listen?a=1&b=")
    assert handshake.query == [("a", "1"), ("b", "")]
    assert handshake.subprotocols == ["token", "key", "realtime"]
