"""Silero's published graphs, where they are on this machine."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import soundfile

from streamer.cli.demo import sample_path
from streamer.models.assets import find
from streamer.models.catalogue import SILERO
from streamer.models.errors import ModelError
from streamer.pipeline.silero import SileroGraphs
from streamer.vad.silero import FRAME_SAMPLES, Request, Rows, SileroStream, advance, step


@cache
def graphs() -> SileroGraphs:
    try:
        return SileroGraphs(find(SILERO))
    except ModelError as error:
        pytest.skip(str(error))


def spoken(seconds: float, begin: float = 0.0) -> Rows:
    first = round(begin * 16_000)
    samples, _ = soundfile.read(
        sample_path(), dtype="float32", start=first, stop=first + round(seconds * 16_000)
    )
    whole = len(samples) // FRAME_SAMPLES * FRAME_SAMPLES
    return samples[:whole].reshape(-1, FRAME_SAMPLES).astype(np.float32)


def alone(frames: Rows) -> list[float]:
    request = Request(SileroStream(), frames)
    while len(request.rest):
        step(graphs(), [request])
    return request.found


def test_speech_is_speech_and_noise_is_none() -> None:
    assert np.mean(np.array(alone(spoken(3.0))) >= 0.5) > 0.5
    noise = np.random.default_rng(3).standard_normal((100, FRAME_SAMPLES)).astype(np.float32)
    assert max(alone(0.1 * noise)) < 0.35


def test_alone_in_company_and_in_a_row_the_numbers_are_the_same() -> None:
    parts = [spoken(2.0, begin) for begin in (0.0, 0.5, 1.1, 2.0, 2.3)]
    expected = [alone(part) for part in parts]
    together = [Request(SileroStream(), part) for part in parts]
    while len(together[0].rest):
        step(graphs(), together)
    assert [one.found for one in together] == expected
    row = Request(SileroStream(), parts[0])
    for size in (1, 7, 31, 31, 31):
        if len(row.rest):
            advance(graphs(), row, size)
    assert row.found == expected[0]
