"""How long one call takes: the encoder by length and clips, the decoder by rows and tokens."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from loadtest.model.gpu.facts import Facts, timed_ms
from loadtest.model.gpu.loading import load
from loadtest.model.gpu.random_model import Work
from streamer.decoding.grouping import MAX_TOGETHER
from streamer.decoding.resident import ResidentModel, ResidentRows
from streamer.decoding.resident_batcher import MAX_COLUMNS
from streamer.families.cohere.features import MEL_BINS
from streamer.families.cohere.mel_features import MelFeatures
from streamer.onnx.providers import Device

WIDTHS = (1, 8, 16)
"""Tokens a row: a step, one with a draft's guesses, a prompt."""
ROWS = (64, 32, 16, 8)
HEARD, SAID = 200, 60
"""Encoder frames and tokens of every row of a decoder call."""
LONGEST = MelFeatures.buckets[-1]
"""Mel frames of a clip."""
FEW_FRAMES = 4000
"""In one call, where there is only a CPU."""


def encoder_table(model: ResidentModel, rows: int, work: Work, facts: Facts) -> None:
    """Each length with each number of clips, the largest first; the first call makes plans."""
    cuda = model.decoder.device == "cuda"
    places = ResidentRows(model, rows=rows, columns=MAX_COLUMNS, longest=LONGEST)
    facts.add("caches", rows=rows)
    rng = np.random.default_rng(1)
    for frames in reversed(MelFeatures.buckets):
        mel = rng.standard_normal((MEL_BINS, frames)).astype(np.float32)
        for clips in _halves(min(MAX_TOGETHER, rows)):
            if facts.over or (not cuda and frames * clips > FEW_FRAMES):
                continue
            first, ms = timed_ms(partial(places.encode, [mel] * clips, range(clips)), 6)
            audio_s = clips * frames / 100
            facts.add(
                "encoder",
                frames=frames,
                clips=clips,
                first_ms=first,
                ms=ms,
                rtfx=round(1000 * audio_s / ms),
                tflops=round(work.encoder_flops * audio_s / ms / 1e9, 1),
            )


def decoder_table(folder: Path, device: Device, most: int, work: Work, facts: Facts) -> None:
    """Each number of rows with each width; captured too where there are CUDA graphs."""
    for captured in (False, True) if device == "cuda" else (False,):
        model = load(folder, device, captured=captured)
        for rows in [count for count in ROWS if count <= most] or [most]:
            places = ResidentRows(model, rows=rows, columns=MAX_COLUMNS, longest=LONGEST)
            places.frames[:], places.past[:] = HEARD, SAID
            for width in WIDTHS:
                if facts.over:
                    return
                call = partial(places.decode, [[5] * width] * rows, aligned=False)
                first, ms = timed_ms(call, 30)
                finite = bool(np.isfinite(call().log_probability).all())
                facts.add(
                    "decoder",
                    rows=rows,
                    width=width,
                    captured=captured,
                    first_ms=first,
                    ms=ms,
                    finite=finite,
                    bytes_TB_s=round(work.step_bytes / ms / 1e9, 2) if rows == 64 else None,
                )
                facts.check(finite)


def _halves(most: int) -> list[int]:
    return [count for count in (16, 8, 4, 2, 1) if count <= most]
