"""Times of the client's clock, where it has left audio out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streamer.protocols.timeline import Timeline


def test_what_ends_behind_a_gap_is_shifted_by_all_gaps_before_it() -> None:
    timeline = Timeline()
    timeline.leave_out(2.0, 10.0)
    timeline.leave_out(5.0, 1.0)
    ends = [0.5, 2.0, 2.1, 5.0, 5.1]
    assert [timeline.shift(end) for end in ends] == [0, 0, 10, 10, 11]


def test_gaps_at_one_place_add_up() -> None:
    timeline = Timeline()
    for _ in range(1000):
        timeline.leave_out(2.0, 0.5)
    assert timeline.shift(3.0) == timeline.left_out == 500


@given(st.lists(st.floats(0.1, 5), max_size=6), st.floats(0, 40), st.floats(0, 10))
def test_forgetting_changes_nothing_that_comes_later(
    gaps: list[float], before: float, later: float
) -> None:
    whole, less = Timeline(), Timeline()
    for number, gap in enumerate(gaps):
        whole.leave_out(5.0 * number, gap)
        less.leave_out(5.0 * number, gap)
    less.forget(before)
    assert less.shift(before + later) == whole.shift(before + later)
    assert less.left_out == whole.left_out
