"""Caches of the rows in flight: what a row wrote is what it reads, wherever it lies."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from streamer.decoding.ragged import Caches, Encoded
from streamer.decoding.slots import Slots

LAYERS, HEADS, SIZE, CAPACITY = 2, 3, 2, 4
Operation = tuple[str, int, int]

operations = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(1, 90), st.just(0)),
        st.tuples(st.just("append"), st.integers(0, CAPACITY - 1), st.integers(1, 40)),
        st.tuples(st.just("remove"), st.integers(0, CAPACITY - 1), st.just(0)),
    ),
    max_size=40,
)

EVERY = slice(None)


def columns(count: int, seed: int) -> Caches:
    generator = np.random.default_rng(seed)
    shape = (HEADS, count, SIZE)
    return [generator.standard_normal(shape).astype(np.float32) for _ in range(2 * LAYERS)]


@settings(deadline=None)
@given(operations)
def test_rows_keep_what_they_wrote_while_others_come_go_and_grow(
    operations: list[Operation],
) -> None:
    slots = Slots(LAYERS, HEADS, SIZE, CAPACITY)
    own: list[Caches] = []
    cross: list[Caches] = []
    for seed, (kind, first, second) in enumerate(operations):
        if kind == "add" and len(slots) < CAPACITY:
            encoded = columns(first, seed)
            slots.add(Encoded(encoded, first))
            cross.append(encoded)
            own.append(columns(0, seed))
        elif kind == "append" and first < len(slots):
            new = columns(second + 3, seed)  # more than is kept, as behind a failed draft
            slots.append(first, new, second)
            own[first] = [
                np.concatenate([old, more[:, :second]], axis=1)
                for old, more in zip(own[first], new, strict=True)
            ]
        elif kind == "remove" and first < len(slots):
            slots.remove(first)
            for rows in (own, cross):
                rows[first] = rows[-1]
                rows.pop()
        assert len(slots) == len(own)
        for row in range(len(own)):
            assert slots.lengths[row] == own[row][0].shape[1]
            assert slots.frames[row] == cross[row][0].shape[1]
            for array, expected in zip(slots.self_attention(EVERY), own[row], strict=True):
                np.testing.assert_array_equal(array[row, :, : expected.shape[1]], expected)
            for array, expected in zip(
                slots.cross_attention(slice(row, row + 1)), cross[row], strict=True
            ):
                np.testing.assert_array_equal(array[0, :, : expected.shape[1]], expected)


def test_views_are_contiguous_and_hold_the_rows_from_the_first_on() -> None:
    slots = Slots(LAYERS, HEADS, SIZE, CAPACITY)
    for seed in range(3):
        slots.add(Encoded(columns(20, seed), 20))
    for views in (slots.self_attention(slice(1, 3)), slots.cross_attention(slice(1, 3))):
        assert len(views) == 2 * LAYERS
        assert all(view.shape[0] == 2 and view.flags.c_contiguous for view in views)


def test_arrays_shrink_when_the_long_row_has_left() -> None:
    slots = Slots(LAYERS, HEADS, SIZE, CAPACITY)
    slots.add(Encoded(columns(400, 1), 400))
    slots.add(Encoded(columns(10, 2), 10))
    assert slots.cross_attention(EVERY)[0].shape[2] == 448
    slots.remove(0)
    assert slots.cross_attention(EVERY)[0].shape[2] == 32
