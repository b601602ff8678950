"""Messages between a server and its engine's process, as bytes."""

from __future__ import annotations

import io
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from streamer.runtime.frames import FrameParser, frame, read_frame

MESSAGES = st.lists(st.tuples(st.binary(max_size=40), st.binary(max_size=40)), max_size=6)


def written(messages: list[tuple[bytes, bytes]]) -> bytes:
    return b"".join(frame(head, len(body)) + body for head, body in messages)


@given(MESSAGES, st.data())
def test_messages_come_out_as_they_went_in_however_they_are_cut(
    messages: list[tuple[bytes, bytes]], data: st.DataObject
) -> None:
    stream = written(messages)
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=8))
    parser = FrameParser()
    found = [
        message
        for begin, end in pairwise(sorted({0, len(stream), *cuts}))
        for message in parser.feed(stream[begin:end])
    ]
    assert found == messages


@given(MESSAGES)
def test_a_blocking_reader_finds_the_same(messages: list[tuple[bytes, bytes]]) -> None:
    stream = io.BytesIO(written(messages))
    assert [read_frame(stream) for _ in messages] == messages
    assert read_frame(stream) is None


@given(st.binary(min_size=1, max_size=20), st.binary(min_size=1, max_size=20), st.data())
def test_a_message_that_was_broken_off_is_none(
    head: bytes, body: bytes, data: st.DataObject
) -> None:
    whole = written([(head, body)])
    cut = data.draw(st.integers(0, len(whole) - 1))
    assert read_frame(io.BytesIO(whole[:cut])) is None
