"""AudioSocket's frames, byte by byte."""

from __future__ import annotations

from asterisk import HANG_UP, frame
from hypothesis import given
from hypothesis import strategies as st

from streamer.protocols.audiosocket.parser import Frame, FrameParser

frames = st.builds(Frame, st.integers(0, 255), st.binary(max_size=700))


@given(st.lists(frames, max_size=5), st.data())
def test_frames_are_the_same_however_the_bytes_are_split(
    sent: list[Frame], data: st.DataObject
) -> None:
    wire = b"".join(frame(one.kind, one.payload) for one in sent)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=6)))
    parser = FrameParser()
    edges = zip([0, *cuts], [*cuts, len(wire)], strict=True)
    assert [one for start, end in edges for one in parser.feed(wire[start:end])] == sent


def test_a_length_is_big_endian() -> None:
    parser = FrameParser()
    assert parser.feed(b"\x10\x01\x40" + bytes(319)) == []
    assert parser.feed(b"\0" + HANG_UP) == [Frame(0x10, bytes(320)), Frame(0, b"")]
