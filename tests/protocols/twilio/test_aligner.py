"""Two tracks made one stream, whatever the order in which their chunks come."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamer.audio.encodings import Encoding
from streamer.protocols.twilio.aligner import GAP_MS, WINDOW_MS, Aligner

RATE = 8000
SAMPLES = 160  # 20 ms
SILENT = 0xFF

Sent = tuple[int, int, bytes]  # track, milliseconds, payload


def conversation(chunks: int) -> list[Sent]:
    """Both tracks, chunk by chunk, every chunk with a value of its own."""
    return [
        (track, 20 * number, bytes([1 + 2 * number + track]) * SAMPLES)
        for number in range(chunks)
        for track in (0, 1)
    ]


def aligned(sent: list[Sent]) -> tuple[bytes, bytes]:
    """What comes out of the two tracks."""
    aligner = Aligner(2, Encoding.MULAW, RATE)
    audio = b"".join(aligner.add(*one) for one in sent) + aligner.finish()
    assert aligner.seconds == len(audio) / 2 / RATE
    return audio[0::2], audio[1::2]


def test_in_order_nothing_is_held_back() -> None:
    aligner = Aligner(2, Encoding.MULAW, RATE)
    for track, at, payload in conversation(10):
        audio = aligner.add(track, at, payload)
        assert len(audio) == (2 * SAMPLES if track == 1 else 0)


def test_a_lost_chunk_becomes_silence_on_its_track_alone() -> None:
    sent = conversation(20)
    whole = aligned(sent)
    less = aligned([one for one in sent if one[:2] != (1, 100)])
    assert less[0] == whole[0]
    hole = slice(5 * SAMPLES, 6 * SAMPLES)
    assert set(less[1][hole]) == {SILENT}
    assert less[1][: hole.start] + less[1][hole.stop :] == (
        whole[1][: hole.start] + whole[1][hole.stop :]
    )


def test_a_track_that_falls_silent_does_not_hold_up_the_other() -> None:
    aligner = Aligner(2, Encoding.MULAW, RATE)
    audio = b"".join(aligner.add(0, at, b"\x01" * SAMPLES) for at in range(0, 2000, 20))
    held_ms = 2000 - 1000 * len(audio) / 2 / RATE
    assert held_ms <= WINDOW_MS + 10
    assert set(audio[1::2]) == {SILENT}


def test_a_chunk_later_than_the_window_is_left_out() -> None:
    sent = conversation(40)
    late = sent.pop(10)
    assert aligned([*sent, late]) == aligned(sent)


def test_timestamps_that_jitter_leave_no_holes() -> None:
    jitter = [0, 3, -4, 2, 5, -5, 1, 0, -2, 4]
    aligner = Aligner(1, Encoding.MULAW, RATE)
    sent = b"".join(
        aligner.add(0, 20 * number + off, b"\x05" * SAMPLES) for number, off in enumerate(jitter)
    )
    assert sent + aligner.finish() == b"\x05" * SAMPLES * len(jitter)


def test_the_first_chunk_stands_where_its_timestamp_says() -> None:
    left, right = aligned([(0, 60, b"\x01" * SAMPLES), (1, 40, b"\x02" * SAMPLES)])
    assert left == b"\xff" * 480 + b"\x01" * SAMPLES
    assert right == b"\xff" * 320 + b"\x02" * SAMPLES + b"\xff" * SAMPLES


def test_chunks_without_timestamps_follow_one_another() -> None:
    aligner = Aligner(1, Encoding.PCM_S16LE, RATE)
    chunks = [bytes([n, 0]) * 800 for n in range(5)]
    assert b"".join(aligner.add(0, None, one) for one in chunks) + aligner.finish() == b"".join(
        chunks
    )


def test_half_a_sample_is_left_out() -> None:
    aligner = Aligner(1, Encoding.PCM_S16LE, RATE)
    assert aligner.add(0, 0, b"\1\0\2\0\3") + aligner.finish() == b"\1\0\2\0"


@pytest.mark.parametrize("to_ms", [60_000, 1.7e12])
def test_a_clock_that_jumps_ahead_makes_no_silence(to_ms: float) -> None:
    aligner = Aligner(2, Encoding.MULAW, RATE)
    before = b"".join(aligner.add(*one) for one in conversation(5))
    assert aligner.jump_s(100) == 0
    assert aligner.jump_s(100 + GAP_MS) == 0
    assert aligner.jump_s(to_ms) == pytest.approx(to_ms / 1000 - 0.1)
    audio = before + aligner.follow_jump(to_ms)
    audio += aligner.add(0, to_ms, b"\x50" * SAMPLES) + aligner.add(1, to_ms, b"\x51" * SAMPLES)
    assert audio == _interleaved(*aligned(conversation(5))) + b"\x50\x51" * SAMPLES
    assert aligner.jump_s(to_ms + 20) == 0


@settings(max_examples=40, deadline=None)
@given(st.integers(4, 20), st.data())
def test_any_order_within_the_window_gives_the_same_audio(chunks: int, data: st.DataObject) -> None:
    sent = conversation(chunks)
    lost = data.draw(st.sets(st.integers(0, len(sent) - 1), max_size=len(sent) // 2))
    kept = [one for number, one in enumerate(sent) if number not in lost]
    # A chunk of 20 ms ends 20 ms after its timestamp: what is 180 ms late still has its place.
    delays = data.draw(
        st.lists(st.integers(0, WINDOW_MS - 20), min_size=len(kept), max_size=len(kept))
    )
    order = sorted(range(len(kept)), key=lambda n: kept[n][1] + delays[n])
    assert aligned([kept[n] for n in order]) == aligned(kept)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 1),
            st.none() | st.floats(-1e15, 1e15) | st.floats(0, 3000),
            st.binary(max_size=400),
        ),
        max_size=20,
    ),
    st.sampled_from([Encoding.MULAW, Encoding.PCM_S16LE]),
)
def test_whatever_comes_the_tracks_stay_in_step_and_bounded(
    sent: list[tuple[int, float | None, bytes]], encoding: Encoding
) -> None:
    aligner = Aligner(2, encoding, RATE)
    audio = b""
    for track, at, payload in sent:
        if at is not None and aligner.jump_s(at):
            audio += aligner.follow_jump(at)
        assert aligner.jump_s(at) == 0
        audio += aligner.add(track, at, payload)
    audio += aligner.finish()
    assert len(audio) % (2 * encoding.sample_bytes) == 0
    most_s = sum(len(payload) / RATE + GAP_MS / 1000 + 0.01 for _, _, payload in sent)
    assert aligner.seconds <= most_s + 0.01


def _interleaved(left: bytes, right: bytes) -> bytes:
    both = [np.frombuffer(one, np.uint8) for one in (left, right)]
    return np.stack(both, axis=1).tobytes()
