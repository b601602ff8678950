"""The states of a client session: what may follow from what."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.server.connection.session_state import (
    STREAM_TRANSITIONS,
    ClientState,
    SessionEvent,
    SessionState,
    StreamState,
    TransitionError,
)

E = SessionEvent


def after(*events: SessionEvent) -> SessionState:
    state = SessionState()
    for event in events:
        state.process(event)
    return state


@pytest.mark.parametrize(
    ("events", "client", "stream"),
    [
        ([], ClientState.NEW, StreamState.NONE),
        ([E.OPEN], ClientState.SENDING, StreamState.OPEN),
        ([E.OPEN, E.STOP], ClientState.STOPPED, StreamState.FINISHING),
        ([E.OPEN, E.STOP, E.DONE], ClientState.STOPPED, StreamState.DONE),
        ([E.OPEN, E.STOP, E.DONE, E.OPEN], ClientState.SENDING, StreamState.OPEN),
        ([E.OPEN, E.CONCLUDE], ClientState.SENDING, StreamState.CONCLUDING),
        ([E.OPEN, E.CONCLUDE, E.DONE, E.OPEN], ClientState.SENDING, StreamState.OPEN),
        ([E.OPEN, E.CONCLUDE, E.END], ClientState.SENDING, StreamState.ENDING),
        ([E.OPEN, E.END, E.STOP], ClientState.STOPPED, StreamState.ENDING),
        ([E.OPEN, E.END, E.DONE], ClientState.SENDING, StreamState.ENDED),
        ([E.END], ClientState.NEW, StreamState.ENDED),
        ([E.OPEN, E.LEAVE], ClientState.GONE, StreamState.FINISHING),
        ([E.OPEN, E.LEAVE, E.DONE, E.CLOSE], ClientState.GONE, StreamState.CLOSED),
    ],
)
def test_the_way_of_a_session(
    events: list[SessionEvent], client: ClientState, stream: StreamState
) -> None:
    state = after(*events)
    assert (state.client, state.stream) == (client, stream)


@pytest.mark.parametrize(
    "events",
    [
        [E.STOP],
        [E.DONE],
        [E.CONCLUDE],
        [E.OPEN, E.DONE],
        [E.OPEN, E.CONCLUDE, E.OPEN],
        [E.OPEN, E.END, E.OPEN],
        [E.OPEN, E.END, E.CONCLUDE],
        [E.END, E.OPEN],
        [E.OPEN, E.CLOSE, E.OPEN],
    ],
)
def test_what_has_no_place_is_a_fault_and_changes_nothing(events: list[SessionEvent]) -> None:
    state = after(*events[:-1])
    before = state.client, state.stream
    assert not state.allows(events[-1])
    with pytest.raises(TransitionError, match=events[-1].name):
        state.process(events[-1])
    assert (state.client, state.stream) == before


def test_every_state_has_its_row_and_can_be_closed_or_ended() -> None:
    assert set(STREAM_TRANSITIONS) == set(StreamState)
    assert all(row[E.CLOSE] is StreamState.CLOSED for row in STREAM_TRANSITIONS.values())


@given(st.lists(st.sampled_from(SessionEvent)))
def test_nothing_is_opened_after_the_end_and_done_comes_once(events: list[SessionEvent]) -> None:
    state = SessionState()
    ended = closed = False
    owed = 0
    for event in events:
        if not state.allows(event):
            continue
        was_running = state.running
        state.process(event)
        assert not (event is E.OPEN and ended)
        assert not (event is E.DONE and not was_running)
        ended |= event is E.END
        closed |= event is E.CLOSE
        owed += event is E.DONE
        assert closed == (state.stream is StreamState.CLOSED)
        assert state.stopped == (state.client is ClientState.STOPPED)
    assert owed <= events.count(E.OPEN)
