"""What is kept for a server that may have to be sent it again."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from streamer.client.outgoing import Order, Outgoing
from streamer.protocols.native.messages import Configure, Flush, Stop


def filled(*parts: bytes | Order) -> Outgoing:
    outgoing = Outgoing()
    for part in parts:
        if isinstance(part, bytes):
            asyncio.run(outgoing.put(part))
        else:
            outgoing.order(part)
    outgoing.begin()
    return outgoing


def sent(outgoing: Outgoing) -> list[bytes | Order]:
    """Everything that there is to send."""
    found: list[bytes | Order] = []
    while not outgoing.all_sent:
        found.append(asyncio.run(outgoing.next()))
    return found


DE = Configure.model_validate({"language": "de"})


def test_everything_is_sent_in_its_order() -> None:
    assert sent(filled(b"ab", Flush(id="1"), b"cd", DE)) == [b"ab", Flush(id="1"), b"cd", DE]


def test_a_new_session_is_sent_what_is_not_settled_from_there_on() -> None:
    outgoing = filled(b"abcd", b"efgh")
    sent(outgoing)
    outgoing.settle(6)
    assert outgoing.begin() == 6
    assert sent(outgoing) == [b"gh"]


def test_a_flush_is_kept_until_it_is_answered() -> None:
    outgoing = filled(b"ab", Flush(id="1"), b"cd")
    sent(outgoing)
    outgoing.settle(2)
    outgoing.begin()
    assert sent(outgoing) == [Flush(id="1"), b"cd"]
    outgoing.answered(Flush)
    outgoing.begin()
    assert sent(outgoing) == [b"cd"]


def test_settings_that_were_changed_hold_in_the_next_session() -> None:
    outgoing = filled(b"ab", DE, b"cd")
    sent(outgoing)
    outgoing.settle(3)
    assert outgoing.changes == {"language": "de"}
    outgoing.begin()
    assert sent(outgoing) == [b"d"]


def test_a_change_that_lies_ahead_is_sent_again_at_its_place() -> None:
    outgoing = filled(b"ab", DE, b"cd")
    sent(outgoing)
    outgoing.settle(1)
    assert outgoing.changes == {}
    outgoing.begin()
    assert sent(outgoing) == [b"b", DE, b"cd"]


def test_nothing_is_stopping_before_the_stop_is_sent() -> None:
    outgoing = filled(b"ab", Stop())
    assert not outgoing.stopping
    sent(outgoing)
    assert outgoing.stopping
    outgoing.begin()
    assert not outgoing.stopping


@given(
    pieces=st.lists(st.one_of(st.binary(min_size=1, max_size=9), st.just(None)), max_size=12),
    cut=st.integers(0, 60),
)
def test_a_resumed_session_is_sent_just_what_it_has_not_got(
    pieces: list[bytes | None], cut: int
) -> None:
    """The server has got some prefix of what was sent, and says how many bytes and orders."""
    parts = [Flush(id=str(at)) if one is None else one for at, one in enumerate(pieces)]
    outgoing = filled(*parts)
    whole = _units(sent(outgoing))
    got = whole[: min(cut, len(whole))]
    outgoing.resume(
        sum(isinstance(one, int) for one in got), sum(not isinstance(one, int) for one in got)
    )
    assert got + _units(sent(outgoing)) == whole


def _units(parts: list[bytes | Order]) -> list[object]:
    """Single bytes and orders."""
    units: list[object] = []
    for part in parts:
        units += list(part) if isinstance(part, bytes) else [part]
    return units
