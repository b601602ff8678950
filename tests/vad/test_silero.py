"""Silero's detector with a network of our own: what it is asked, and when it forgets."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from streamer.vad.silero import (
    CONTEXT_SAMPLES,
    FRAME_SAMPLES,
    RESET_FRAMES,
    Request,
    Rows,
    SileroStream,
    advance,
    step,
)


class Counting:
    """Says how loud a row's end is; its state counts the rows since it was cleared."""

    def __init__(self) -> None:
        self.rows: list[Rows] = []

    def step(self, rows: Rows, state: Rows) -> tuple[Rows, Rows]:
        self.rows += list(rows)
        return np.minimum(rows[:, -1] + state[0, :, 0] * 1e-4, 1), state + 1

    def sequence(self, rows: Rows, state: Rows) -> tuple[Rows, Rows]:
        found = list[Rows]()
        for row in rows:
            one, state = self.step(row[None], state)
            found.append(one)
        return np.concatenate(found), state


def frames(levels: list[float]) -> Rows:
    return np.repeat(np.array(levels, np.float32), FRAME_SAMPLES).reshape(-1, FRAME_SAMPLES)


LEVELS = st.lists(st.sampled_from([0.0, 0.05, 0.2, 0.9]), min_size=1, max_size=300)


@given(LEVELS, st.lists(st.integers(1, 70), min_size=1, max_size=9), st.data())
def test_pieces_and_company_change_nothing(
    levels: list[float], pieces: list[int], data: st.DataObject
) -> None:
    network, alone = Counting(), Request(SileroStream(), frames(levels))
    while len(alone.rest):
        step(network, [alone])
    pieced, other = SileroStream(), Request(SileroStream(), frames([0.9] * 400))
    found, at = list[float](), 0
    while at < len(levels):
        size = pieces[at % len(pieces)]
        part = Request(pieced, frames(levels[at : at + size]))
        while len(part.rest):
            if data.draw(st.booleans()):
                step(network, [other, part])
            else:
                advance(network, part, data.draw(st.integers(1, 31)))
        found += part.found
        at += size
    assert found == alone.found


def test_each_frame_comes_with_the_end_of_the_one_before() -> None:
    network, stream = Counting(), SileroStream()
    ramp = np.arange(4 * FRAME_SAMPLES, dtype=np.float32).reshape(4, FRAME_SAMPLES)
    request = Request(stream, ramp)
    step(network, [request])
    advance(network, request, 31)
    whole = np.concatenate([np.zeros(CONTEXT_SAMPLES, np.float32), ramp.reshape(-1)])
    for at, row in enumerate(network.rows):
        begin = at * FRAME_SAMPLES
        assert np.array_equal(row, whole[begin : begin + CONTEXT_SAMPLES + FRAME_SAMPLES])


def cleared(levels: list[float]) -> list[int]:
    """Say before which frames the memory was cleared."""
    stream, network, found = SileroStream(), Counting(), list[int]()
    for at, frame in enumerate(frames(levels)):
        before = stream.state
        step(network, [Request(stream, frame[None])])
        if before.any() and not stream.state.any():
            found.append(at + 1)
    return found


def test_it_forgets_in_quiet_that_is_certain_and_no_more_often_than_every_two_seconds() -> None:
    assert cleared([0.0] * 200) == [RESET_FRAMES, 2 * RESET_FRAMES, 3 * RESET_FRAMES]
    assert cleared([0.2] * 300) == [], "music: who knows"
    assert cleared([0.9] * 100 + [0.0] * 20) == [107], "not in the pause of a word"
    assert cleared(([0.9] * 5 + [0.0] * 6) * 20) == []
    assert cleared(([0.0] * 4 + [0.2]) * 40) == []
