"""Who may open a session, decided without a socket and without a clock."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from streamer.protocols.door import RefusalError
from streamer.server.admission.controller import AdmissionController
from streamer.server.admission.load import FULL, LoadLimit
from streamer.server.admission.quotas import Limits, Peer, Quotas

ANNA, BERT = Peer("anna", "here"), Peer("bert", "there")
MAX_LATENESS_S = 2.0


@dataclass
class Engine:
    """As busy as it says."""

    share_per_session: float = 0.0
    lateness_s: float = 0.0
    trouble: str | None = None

    def load(self, sessions: int) -> float:
        return self.share_per_session * sessions


@dataclass
class House:
    """A server of two places, one for each key, and whoever is in it."""

    engine: Engine = field(default_factory=Engine)
    sessions: list[str] = field(default_factory=list[str])
    subscribers: list[str] = field(default_factory=list[str])
    max_sessions: int = 2
    now: float = 0.0

    def __post_init__(self) -> None:
        quotas = Quotas(Limits(1, 0), Limits(0, 0), lambda: self.now)
        load = LoadLimit(self.engine, MAX_LATENESS_S, lambda: self.now)
        self.controller = AdmissionController(
            self.max_sessions, load, quotas, self.sessions, self.subscribers
        )

    def refusal(self, peer: Peer = ANNA) -> tuple[int, str, str]:
        with pytest.raises(RefusalError) as refused:
            self.controller.admit(peer)
        assert refused.value.headers == {"Retry-After": "5"}
        return refused.value.status, refused.value.code, refused.value.message


def test_who_finds_room_is_admitted_until_it_leaves() -> None:
    house = House()
    place = house.controller.admit(ANNA)
    assert house.refusal(ANNA)[:2] == (429, "too_many_sessions")
    house.controller.admit(BERT)
    place.close()
    house.controller.admit(ANNA)


def test_every_place_may_be_taken() -> None:
    house = House(sessions=["one", "two"])
    assert house.refusal() == (503, "overloaded", "every session is taken")


def test_nobody_is_admitted_while_finals_are_late() -> None:
    house = House(Engine(lateness_s=MAX_LATENESS_S + 0.1))
    assert house.refusal() == (503, "overloaded", "finals are late already")
    house.engine.lateness_s = MAX_LATENESS_S
    house.controller.admit(ANNA)


def test_nobody_is_admitted_whose_finals_would_be_late() -> None:
    house = House(Engine(share_per_session=0.1), ["s"] * 6, max_sessions=100)
    assert FULL < 0.1 * 7
    assert house.refusal() == (503, "overloaded", "finals would be late")
    house.sessions.clear()
    house.controller.admit(ANNA)


def test_load_that_does_not_show_yet_counts() -> None:
    house = House(Engine(share_per_session=0.1), ["s"] * 4, max_sessions=100)
    house.controller.admit(ANNA).close()
    house.sessions *= 2
    house.engine.share_per_session = 0.05  # the new ones have said nothing yet
    house.now = 1.0
    assert house.refusal()[2] == "finals would be late"
    house.now = 10.0
    assert house.engine.load(9) < FULL
    house.controller.admit(ANNA)


def test_who_comes_back_is_admitted_whatever_holds_others_off() -> None:
    house = House(Engine(lateness_s=100.0), ["one", "two"])
    house.controller.draining = True
    with house.controller.admit_returning(ANNA), house.controller.admit_returning(ANNA):
        pass


def test_who_only_listens_takes_no_place_but_there_are_not_endless_many() -> None:
    house = House(Engine(lateness_s=100.0), ["one", "two"])
    house.controller.admit_subscriber(ANNA)
    house.subscribers += ["one", "two"]
    with pytest.raises(RefusalError, match="too many listen already"):
        house.controller.admit_subscriber(BERT)


def test_a_server_that_drains_is_no_place_for_new_streams() -> None:
    house = House(Engine(trouble="engine stuck"))
    assert house.controller.trouble == "engine stuck"
    house.controller.draining = True
    assert house.controller.trouble == "draining"
    assert house.refusal() == (503, "draining", "the server is going away")


def test_a_refused_client_counts_for_nothing() -> None:
    house = House(sessions=["one", "two"])
    for _ in range(3):
        house.refusal(ANNA)
    house.sessions.clear()
    house.controller.admit(ANNA)
