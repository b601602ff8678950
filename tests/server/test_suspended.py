"""Which of the sessions that wait for their clients gives way where too many do."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from streamer.server.admission.quotas import Peer
from streamer.server.connection.suspended import SuspendedSessions

HERE, THERE = Peer(None, "here"), Peer(None, "there")


def test_of_one_holder_the_oldest_gives_way() -> None:
    waiting = SuspendedSessions(2, 0, 0)
    assert [waiting.enter(one, HERE) for one in "abc"] == [[], [], ["a"]]
    assert list(waiting) == ["b", "c"]


def test_whoever_drops_again_and_again_pushes_out_nobody_but_himself() -> None:
    waiting = SuspendedSessions(4, 0, 0)
    waiting.enter("of another", THERE)
    gone = [one for number in range(20) for one in waiting.enter(str(number), HERE)]
    assert gone == [str(number) for number in range(17)]
    assert "of another" in waiting


def test_where_all_have_as_many_the_oldest_of_all_gives_way() -> None:
    waiting = SuspendedSessions(2, 0, 0)
    assert [waiting.enter(one, Peer(None, one)) for one in "abc"] == [[], [], ["a"]]


def test_a_key_counts_as_one_wherever_it_is_used() -> None:
    waiting = SuspendedSessions(3, 0, 0)
    for one in "ab":
        waiting.enter(one, Peer("anna", one))
    waiting.enter("c", Peer("bert", "a"))
    assert waiting.enter("d", Peer("bert", "d")) == ["a"]


def test_no_more_of_a_key_or_an_address_wait_than_it_may_have_sessions() -> None:
    waiting = SuspendedSessions(100, 1, 2)
    anna, bert, carl = (Peer(name, "here") for name in ("anna", "bert", "carl"))
    assert waiting.enter("a", anna) == []
    assert waiting.enter("b", anna) == ["a"], "the key has one"
    assert waiting.enter("c", bert) == []
    assert waiting.enter("d", carl) == ["b"], "the address has two"
    assert waiting.enter("e", Peer("dora", "elsewhere")) == []


def test_one_that_is_taken_up_again_makes_room() -> None:
    waiting = SuspendedSessions(100, 0, 1)
    waiting.enter("a", HERE)
    waiting.leave("a")
    waiting.leave("a")
    assert waiting.enter("b", HERE) == []


PEERS = st.builds(Peer, st.sampled_from([None, "anna", "bert"]), st.sampled_from("xyz"))
LIMITS = st.integers(0, 3)


@given(st.integers(1, 6), LIMITS, LIMITS, st.lists(st.tuples(PEERS, st.booleans()), max_size=40))
def test_limits_hold_and_nobody_loses_to_one_who_has_more(
    capacity: int, per_key: int, per_address: int, steps: list[tuple[Peer, bool]]
) -> None:
    waiting = SuspendedSessions(capacity, per_key, per_address)
    peers: dict[str, Peer] = {}

    def share(of: Peer) -> int:
        return sum((one.key or one.address) == (of.key or of.address) for one in peers.values())

    for number, (peer, leaves) in enumerate(steps):
        session = str(number)
        peers[session] = peer
        for gone in waiting.enter(session, peer):
            loser = peers[gone]
            if loser.key != peer.key and loser.address != peer.address:
                assert share(loser) >= share(peer), "it was for room, and the loser had more"
            del peers[gone]
        if leaves and peers:
            del peers[first := next(iter(peers))]
            waiting.leave(first)
        assert list(waiting) == list(peers)
        assert len(waiting) <= capacity
        keys = Counter(one.key for one in peers.values() if one.key)
        addresses = Counter(one.address for one in peers.values())
        assert not per_key or max(keys.values(), default=0) <= per_key
        assert not per_address or max(addresses.values(), default=0) <= per_address
