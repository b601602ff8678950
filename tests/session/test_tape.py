"""The tape gives back exactly what was put on it, until it is told to forget."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from streamer.session.tape import PIECE, Tape
from streamer.speech.pcm16 import from_pcm16, to_pcm16


def counted(first: int, last: int) -> NDArray[np.float32]:
    """Samples that say where they belong."""
    return from_pcm16(np.arange(first, last).astype(np.int16))


def test_sixteen_bits_come_back_as_they_were() -> None:
    every = np.arange(-32768, 32768).astype(np.int16)
    assert np.array_equal(to_pcm16(from_pcm16(every)), every)


def test_what_is_louder_than_full_scale_is_clipped() -> None:
    loud = np.array([-2.0, -1.0, 1.0, 2.0], np.float32)
    assert to_pcm16(loud).tolist() == [-32768, -32768, 32767, 32767]


@given(st.lists(st.tuples(st.integers(0, 9000), st.floats(0, 1)), max_size=20))
def test_what_is_not_forgotten_comes_back(steps: list[tuple[int, float]]) -> None:
    tape, written, forgotten = Tape(), 0, 0
    for length, keep in steps:
        tape.append(counted(written, written + length))
        written += length
        forgotten += int((written - forgotten) * keep)
        tape.forget(forgotten)
        assert np.array_equal(
            tape.cut(forgotten, written), np.arange(forgotten, written).astype(np.int16)
        )
        assert tape.size <= 2 * (written - forgotten + 2 * PIECE)
    assert tape.end == written


def test_what_was_never_heard_cannot_be_cut() -> None:
    tape = Tape()
    tape.append(np.zeros(100, np.float32))
    with pytest.raises(IndexError, match="not on the tape"):
        tape.cut(50, 101)


def test_what_is_forgotten_cannot_be_cut() -> None:
    tape = Tape()
    tape.append(np.zeros(2 * PIECE, np.float32))
    tape.forget(PIECE)
    with pytest.raises(IndexError, match="not on the tape"):
        tape.cut(PIECE - 1, PIECE + 1)


def test_a_cut_stays_as_it_is_whatever_becomes_of_the_tape() -> None:
    tape = Tape()
    tape.append(counted(0, 12_000))
    cut = tape.cut(3000, 12_000)
    tape.forget(12_000)
    tape.append(np.full(30_000, -1, np.float32))
    assert np.array_equal(cut, np.arange(3000, 12_000).astype(np.int16))
