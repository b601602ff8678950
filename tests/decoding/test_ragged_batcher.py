"""How clips join, wait, and leave, on a model whose rows follow a script."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from streamer.decoding.grouping import next_group
from streamer.decoding.ragged import Answer, Caches, ClipEncoder, Encoded, RaggedDecoder
from streamer.decoding.ragged_batcher import AHEAD, COMPANY, MAX_ROWS, RaggedBatcher
from streamer.decoding.request import Decoded, DecodedOrError, Request
from streamer.onnx.providers import Device

EOS, PROMPT = 0, [7, 8]


class Scripted:
    """Says, for a clip of k x 1600 samples, k tokens and the end; remembers what it encoded."""

    layers, heads, head_size, positions, vocabulary = 1, 1, 1, 1000, 50

    def __init__(self, device: Device) -> None:
        self.device = device
        self.encoded: list[list[int]] = []
        self.decoded: list[int] = []
        self.may_encode = threading.Event()
        self.may_encode.set()
        self.held_from = 0  # tokens from which on a clip waits for that
        self.prompt = PROMPT

    def length(self, request: Request) -> int:
        return len(request.samples) // 160

    def encode(self, requests: Sequence[Request]) -> list[Encoded]:
        counts = [self.length(request) // 10 for request in requests]
        if max(counts) >= self.held_from:
            self.may_encode.wait(5)
        self.encoded.append(counts)
        return [Encoded([np.zeros((1, frames, 1), np.float32)] * 2, frames) for frames in counts]

    def decode(
        self,
        tokens: NDArray[np.int64],
        past_lengths: NDArray[np.int64],
        cross_lengths: NDArray[np.int64],
        self_attention: Caches,
        cross_attention: Caches,
        *,
        aligned: bool = False,
    ) -> Answer:
        self.decoded.append(len(tokens))
        said = past_lengths[:, np.newaxis] + np.arange(tokens.shape[1]) - len(self.prompt) + 2
        chosen = np.where(said <= cross_lengths[:, np.newaxis], 20 + said, EOS)
        new = np.zeros((len(tokens), 1, tokens.shape[1], 1), np.float32)
        return Answer(chosen, np.full(chosen.shape, -0.5, np.float32), [new, new])


def batcher(device: Device = "cpu", passes: int = 1) -> tuple[RaggedBatcher, Scripted]:
    model = Scripted(device)
    decoder = cast("RaggedDecoder", model)
    return RaggedBatcher(cast("ClipEncoder", model), decoder, EOS, passes), model


def clip(tokens: int, draft: Sequence[int] = ()) -> Request:
    samples = np.random.default_rng(tokens).uniform(-0.1, 0.1, 1600 * tokens).astype(np.float32)
    return Request(samples, PROMPT, draft)


def tokens_of(ended: list[tuple[int, DecodedOrError]]) -> dict[int, tuple[int, ...]]:
    return {key: decoded.tokens for key, decoded in ended if isinstance(decoded, Decoded)}


def said(tokens: int) -> tuple[int, ...]:
    return tuple(range(21, 21 + tokens))


def test_a_short_clip_never_waits_for_a_long_one() -> None:
    clips, model = batcher()
    clips.join(1, clip(300))
    for _ in range(5):
        assert clips.step() == []
    clips.join(2, clip(2))
    while not (ended := clips.step()):
        time.sleep(0.001)  # the encoder has a thread of its own
    assert [key for key, _ in ended] == [2]
    assert model.decoded[-1] == 2  # both rows in one call


def test_each_clip_gets_its_own_words_in_any_order_of_joining() -> None:
    clips, _ = batcher()
    lengths = [5, 1, 9, 2, 7, 3, 30, 4]
    waiting = list(enumerate(lengths))
    heard: dict[int, tuple[int, ...]] = {}
    while len(heard) < len(lengths):
        if waiting:
            key, tokens = waiting.pop()
            clips.join(key, clip(tokens))
        heard |= tokens_of(clips.step())
    assert heard == {key: said(tokens) for key, tokens in enumerate(lengths)}


def test_a_cpu_encodes_clip_by_clip_and_a_gpu_those_of_like_length() -> None:
    expectations: dict[Device, list[list[int]]] = {
        "cpu": [[10], [10], [9], [1], [1]],
        "cuda": [[10, 10, 9], [1, 1]],
    }
    for device, expected in expectations.items():
        clips, model = batcher(device)
        for i, tokens in enumerate((10, 10, 9, 1, 1)):
            clips.join(i, clip(tokens))
        left = 5
        while left:
            left -= len(clips.step())
        assert model.encoded == expected


@pytest.mark.parametrize(
    ("draft", "calls"),
    [(said(6), 1), (said(3), 4), ((21, 22, 99, 24), 5), ((*said(6), 40, 41), 1), ((), 7)],
)
def test_a_draft_saves_the_calls_that_it_foresaw(draft: tuple[int, ...], calls: int) -> None:
    clips, model = batcher()
    clips.join(1, clip(6, draft))
    while not (ended := clips.step()):
        pass
    ((_, decoded),) = ended
    assert isinstance(decoded, Decoded)
    assert decoded.tokens == said(6)
    assert decoded.confidence == pytest.approx(np.exp(-0.5))
    assert len(model.decoded) == clips.work.calls == calls


def test_who_joins_with_a_prompt_of_one_token_shares_the_call_of_the_others() -> None:
    clips, model = batcher()
    model.prompt = [7]
    clips.join(1, replace(clip(40), prompt=[7]))
    clips.step()
    clips.join(2, replace(clip(3), prompt=[7]))
    while not (ended := clips.step()):
        time.sleep(0.001)
    assert tokens_of(ended) == {2: said(3)}
    assert set(model.decoded) == {1, 2}
    assert model.decoded[-4:] == [2] * 4, "three tokens and the end, none of them by itself"


def test_clips_in_no_hurry_wait_for_those_that_are_being_encoded() -> None:
    clips, model = batcher(passes=2)
    model.may_encode.clear()
    model.held_from = 50
    clips.join(1, replace(clip(3), patient=True))
    clips.join(2, replace(clip(50), patient=True))
    for _ in range(5):
        assert clips.step() == []
    assert model.decoded == []
    model.may_encode.set()
    while not clips.step():
        pass
    assert model.decoded[0] == 2


def test_nobody_in_a_hurry_waits_for_company() -> None:
    clips, model = batcher(passes=3)
    model.may_encode.clear()
    model.held_from = 50
    clips.join(1, replace(clip(4), patient=True))
    clips.join(2, replace(clip(50), patient=True))
    clips.join(3, clip(3))
    heard: dict[int, tuple[int, ...]] = {}
    while 3 not in heard:
        heard |= tokens_of(clips.step())
    assert model.encoded == [[4], [3]]
    model.may_encode.set()


def test_eight_are_company_enough() -> None:
    clips, model = batcher(passes=COMPANY)
    model.may_encode.clear()
    model.held_from = 50
    clips.join(0, replace(clip(50), patient=True))
    for key in range(1, COMPANY + 1):
        clips.join(key, replace(clip(2), patient=True))
    heard: dict[int, tuple[int, ...]] = {}
    while len(heard) < COMPANY:
        heard |= tokens_of(clips.step())
    assert min(model.decoded) == COMPANY
    model.may_encode.set()


def test_clips_that_wait_count_as_in_flight_and_may_be_dropped_for_nothing() -> None:
    clips, model = batcher(passes=4)
    model.may_encode.clear()
    assert clips.free_slots == AHEAD * 4
    for i in range(AHEAD * 4):
        clips.join(i, clip(3))
    assert clips.free_slots == 0
    clips.drop(5)
    clips.drop(7)
    assert clips.free_slots == 2
    model.may_encode.set()
    heard: set[int] = set()
    while len(heard) < AHEAD * 4 - 2:
        heard |= {key for key, _ in clips.step()}
    assert heard == set(range(AHEAD * 4)) - {5, 7}
    assert len(model.encoded) == AHEAD * 4 - 2


def test_rows_being_decoded_and_clips_that_wait_never_exceed_the_decoders_rows() -> None:
    clips, _ = batcher(passes=MAX_ROWS)
    for i in range(MAX_ROWS):
        clips.join(i, clip(300))
    assert clips.free_slots == 0
    for _ in range(10):
        clips.step()
        assert clips.free_slots == 0


def test_a_dropped_row_leaves_the_others_as_they_were() -> None:
    clips, _ = batcher()
    for i in range(4):
        clips.join(i, clip(12))
    for _ in range(5):
        clips.step()
    clips.drop(1)
    heard: dict[int, tuple[int, ...]] = {}
    while len(heard) < 3:
        heard |= tokens_of(clips.step())
    assert heard == {key: said(12) for key in (0, 2, 3)}


def test_reset_forgets_who_waits_and_who_is_being_decoded() -> None:
    clips, _ = batcher()
    clips.join(1, clip(3))
    clips.join(2, clip(3))
    clips.step()
    clips.reset()
    assert clips.free_slots == AHEAD
    assert clips.step() == []


def test_like_lengths_are_encoded_together() -> None:
    def count(*lengths: int) -> int:
        group, _ = next_group(
            [(i, clip(tokens)) for i, tokens in enumerate(lengths)],
            lambda request: len(request.samples),
        )
        return len(group)

    assert count(10) == 1
    assert count(10, 9, 10) == 3
    assert count(10, 5) == 1
    assert count(10, 10, 10, 2) == 3
