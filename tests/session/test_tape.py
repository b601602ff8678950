"""The tape gives back exactly what was put on it, until it is told to forget."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.session.tape import Tape


@given(st.lists(st.tuples(st.integers(0, 9000), st.floats(0, 1)), max_size=20))
def test_what_is_not_forgotten_comes_back(steps: list[tuple[int, float]]) -> None:
    tape, written, forgotten = Tape(), 0, 0
    for length, keep in steps:
        tape.append(np.arange(written, written + length, dtype=np.float32))
        written += length
        forgotten += int((written - forgotten) * keep)
        tape.forget(forgotten)
        assert np.array_equal(
            tape.cut(forgotten, written), np.arange(forgotten, written, dtype=np.float32)
        )
    assert tape.end == written


def test_a_long_stream_takes_no_more_memory_than_what_is_kept() -> None:
    tape = Tape()
    for _ in range(2000):
        tape.append(np.zeros(320, np.float32))
        tape.forget(tape.end - 16_000)
    assert tape._buffer.size <= 64_000  # pyright: ignore[reportPrivateUsage]


def test_what_was_never_heard_cannot_be_cut() -> None:
    tape = Tape()
    tape.append(np.zeros(100, np.float32))
    with pytest.raises(IndexError, match="not on the tape"):
        tape.cut(50, 101)


def test_a_cut_cannot_be_written_to() -> None:
    tape = Tape()
    tape.append(np.zeros(10, np.float32))
    with pytest.raises(ValueError, match="read-only"):
        tape.cut(0, 10)[:] = 1
    tape.append(np.ones(5, np.float32))


@given(st.lists(st.tuples(st.integers(0, 9000), st.floats(0, 1)), max_size=20))
def test_a_cut_stays_as_it_is_whatever_becomes_of_the_tape(steps: list[tuple[int, float]]) -> None:
    tape = Tape()
    tape.append(np.arange(12_000, dtype=np.float32))
    cut = tape.cut(3000, 12_000)
    for length, keep in steps:
        tape.append(np.full(length, -1, np.float32))
        tape.forget(int(tape.end * keep))
    assert np.array_equal(cut, np.arange(3000, 12_000, dtype=np.float32))
