"""transformers' own Moonshine, with the published weights in FP32."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import MoonshineForConditionalGeneration

from loadtest.batches import in_batches
from streamer.families.moonshine.export.published import recovered
from streamer.families.moonshine.export.skeletons import random_base
from streamer.families.moonshine.tokenizer import Tokenizer
from streamer.speech.clip import SAMPLE_RATE, Clip

TOKENS_A_SECOND = 6.5
"""The vendor's own limit."""


class TorchMoonshine:
    """On the CPU, with torch's own choice of threads."""

    def __init__(self, folder: Path) -> None:
        # Its mix-in's annotations exclude it from generate().
        self._model: Any = published_model(folder)
        self._tokenizer = Tokenizer.from_file(folder / "tokenizer.bin")

    def transcribe(self, clips: Sequence[Clip], batch: int) -> list[str]:
        """Return the texts, in order; so many clips at a time, the longest first."""
        return in_batches(clips, batch, self._batch)

    def _batch(self, clips: Sequence[Clip]) -> list[str]:
        longest = max(len(clip.samples) for clip in clips)
        samples = np.zeros((len(clips), longest), np.float32)
        mask = np.zeros((len(clips), longest), np.int64)
        for row, clip in enumerate(clips):
            samples[row, : len(clip.samples)] = clip.samples
            mask[row, : len(clip.samples)] = 1
        with torch.inference_mode():
            sequences = self._model.generate(
                input_values=torch.from_numpy(samples),
                attention_mask=torch.from_numpy(mask),
                max_new_tokens=math.ceil(longest / SAMPLE_RATE * TOKENS_A_SECOND),
                do_sample=False,
                num_beams=1,
            )
        return [self._tokenizer.decode(row) for row in sequences.tolist()]


def published_model(folder: Path) -> MoonshineForConditionalGeneration:
    """Build transformers' model of the published files in a folder."""
    model = random_base()
    weights = {name: torch.from_numpy(value.copy()) for name, value in recovered(folder).items()}
    weights["proj_out.weight"] = weights["model.decoder.embed_tokens.weight"]
    model.load_state_dict(weights)
    return model
