"""A recorder's stream is the same sound in any split, and nonsense in it does no harm."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from recorded import LIVE, recorded
from sounds import voice

from streamer.audio.encodings import Encoding
from streamer.audio.streams import CompressedDecoder, ContainerSource, stream_decoder

RATE = 16_000

sizes = st.lists(st.integers(1, 3000), min_size=1, max_size=20)


@cache
def stream(kind: str) -> bytes:
    return recorded(kind, voice(1.0))


def decoder(channels: int = 1) -> CompressedDecoder:
    return CompressedDecoder(ContainerSource(), channels, RATE)


def heard(
    data: bytes, pieces: list[int] | None = None, channels: int = 1
) -> tuple[NDArray[np.float32], list[str]]:
    """Decode in pieces of these sizes, again and again; returns samples and what was told."""
    decoding = decoder(channels)
    out: list[NDArray[np.float32]] = []
    at, turn = 0, 0
    pieces = pieces or [max(1, len(data))]
    while at < len(data):
        size = pieces[turn % len(pieces)]
        out.append(decoding.feed(data[at : at + size]))
        at, turn = at + size, turn + 1
    out.append(decoding.finish()[0])
    return np.concatenate(out, axis=1), decoding.take_told()


@pytest.mark.parametrize("kind", LIVE)
def test_every_container_gives_its_sound(kind: str) -> None:
    samples, told = heard(stream(kind), [700])
    assert told == []
    assert samples.shape[1] == pytest.approx(RATE, abs=RATE // 6)
    sound = voice(1.0)
    short = samples[0, : RATE - 4000]
    best = max(
        np.corrcoef(short[2000:10_000], sound[2000 - lag : 10_000 - lag])[0, 1]
        for lag in range(1999)
    )
    assert best > (0.4 if kind == "amr" else 0.85)


@settings(deadline=None, max_examples=8)
@given(st.sampled_from(list(LIVE)), sizes)
@example("flac", [1])
@example("webm", [1])
def test_the_split_of_the_bytes_does_not_matter(kind: str, pieces: list[int]) -> None:
    whole, _ = heard(stream(kind))
    split, _ = heard(stream(kind), pieces)
    assert np.array_equal(whole, split)


@pytest.mark.parametrize("kind", LIVE)
def test_what_has_come_is_heard_before_the_rest_does(kind: str) -> None:
    """No container holds back more than a page, a cluster or a fragment: of these, 0.6 s."""
    data = recorded(kind, voice(4.0))
    decoding = decoder()
    came = sum(decoding.feed(data[at : at + 100]).shape[1] for at in range(0, len(data) // 2, 100))
    assert came > 1.2 * RATE


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(list(LIVE)), st.data())
def test_damaged_streams_do_no_harm(kind: str, data: st.DataObject) -> None:
    damaged = bytearray(stream(kind))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        match data.draw(st.integers(0, 2)):
            case 0:
                damaged[at] = data.draw(st.integers(0, 255))
            case 1:
                del damaged[at : at + data.draw(st.integers(1, 300))]
            case _:
                damaged[at:at] = data.draw(st.binary(max_size=20))
        if not damaged:
            return
    samples, _ = heard(bytes(damaged), [500])
    assert np.all(np.abs(samples) <= 1)


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=3000), st.sampled_from([b"OggS", b"\x1aE\xdf\xa3", b"fLaC", b"RIFF"]))
def test_any_bytes_do_no_harm(data: bytes, magic: bytes) -> None:
    samples, _ = heard(magic + data, [100])
    assert np.all(np.abs(samples) <= 1)


@pytest.mark.parametrize("kind", ["webm", "ogg", "mp4", "mp4-opus", "mkv-pcm"])
def test_a_recorder_that_begins_anew_is_heard_on(kind: str) -> None:
    samples, told = heard(stream(kind) * 2, [333])
    assert told == []
    assert samples.shape[1] == pytest.approx(2 * RATE, abs=RATE // 3)


@pytest.mark.parametrize("kind", ["webm", "ogg"])
def test_a_recorder_that_begins_anew_in_the_middle_of_a_block_is_heard_on(kind: str) -> None:
    data = stream(kind)
    cut = len(data) * 2 // 3 + 11
    one, _ = heard(data[:cut])
    both, told = heard(data[:cut] + data, [333])
    assert told == []
    assert both.shape[1] >= one.shape[1] + 0.8 * RATE


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"%PDF-1.7 " + bytes(100), "a PDF file"),
        (b'{"type":"start","encoding":"container"}' * 3, "JSON"),
        (np.random.default_rng(0).bytes(9000), "no container that is known"),
        (recorded("wma", voice(0.2)), "WMA"),
        (recorded("moov-last", voice(0.2)), "comes last"),
        (b"short", "no sound was found"),
    ],
)
def test_what_is_no_such_stream_is_told_once(data: bytes, words: str) -> None:
    samples, told = heard(data, [64])
    assert samples.shape[1] == 0
    assert len(told) == 1
    assert words in told[0]


def test_two_channels_are_kept_apart_or_mixed_as_was_asked() -> None:
    data = recorded("oga", np.stack([voice(1.0), np.zeros(RATE, np.float32)], axis=1))
    apart, told = heard(data, channels=2)
    assert told == []
    assert np.abs(apart[0]).max() > 0.1 > np.abs(apart[1]).max()
    mixed, _ = heard(data)
    assert np.abs(mixed).max() == pytest.approx(np.abs(apart[0]).max() / 2, abs=0.01)
    _, told = heard(stream("oga"), channels=2)
    assert "1 channels, not 2" in told[0]


def test_channels_that_cancel_each_other_live_are_told() -> None:
    speech = voice(1.0)
    decoding = decoder()
    samples = decoding.feed(recorded("wav", np.stack([speech, -speech], axis=1)))
    assert decoding.mix_is_nearly_silent
    assert np.abs(samples).max() > 0.1


def test_a_packet_of_opus_in_each_piece_is_heard() -> None:
    packets = [one for one in _ogg_packets(stream("ogg")) if one]
    decoding = stream_decoder(Encoding.OPUS, 48_000, 1, RATE)
    samples = np.concatenate([decoding.feed(one) for one in packets], axis=1)
    assert samples.shape[1] == pytest.approx(RATE, abs=RATE // 10)
    assert np.abs(samples).max() > 0.1
    container = stream_decoder(Encoding.OPUS, 48_000, 1, RATE)
    assert container.feed(stream("ogg")).shape[1] == pytest.approx(RATE, abs=RATE // 10)


def test_frames_of_amr_are_heard_with_and_without_their_mark() -> None:
    data = stream("amr")
    marked = stream_decoder(Encoding.AMR_NB, RATE, 1, RATE).feed(data)
    bare = stream_decoder(Encoding.AMR_NB, RATE, 1, RATE).feed(data.removeprefix(b"#!AMR\n"))
    assert np.array_equal(marked, bare)
    assert marked.shape[1] > 0.9 * RATE


def _ogg_packets(data: bytes) -> list[bytes]:
    source = ContainerSource()
    return [one for one in source.feed(data) if isinstance(one, bytes)]
