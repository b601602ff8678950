"""transformers' own way to a text: its feature extractor, its model, its `generate()`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from transformers import CohereAsrFeatureExtractor, CohereAsrForConditionalGeneration

from loadtest.batches import in_batches
from streamer.families.cohere.tokenizer import Tokenizer
from streamer.speech.clip import SAMPLE_RATE, Clip

MAX_NEW_TOKENS = 256
"""As in every published example."""


class TorchModel:
    """A model in FP32 on the CPU, with torch's own choice of threads."""

    def __init__(self, model: CohereAsrForConditionalGeneration, tokenizer: Tokenizer) -> None:
        self._model: Any = model  # its mix-in's annotations exclude it from generate()
        self._tokenizer = tokenizer
        self._extractor: Any = CohereAsrFeatureExtractor()

    def transcribe(self, clips: Sequence[Clip], batch: int) -> list[str]:
        """Return the texts, in order; so many clips at a time, the longest first."""
        return in_batches(clips, batch, self._batch)

    def _batch(self, clips: Sequence[Clip]) -> list[str]:
        features = self._extractor(
            [clip.samples for clip in clips], sampling_rate=SAMPLE_RATE, return_tensors="pt"
        )
        asked = [clip.options for clip in clips]
        prompts = [self._tokenizer.prompt(one.language, one.punctuation) for one in asked]
        with torch.inference_mode():
            sequences = self._model.generate(
                input_features=features["input_features"],
                attention_mask=features["attention_mask"],
                decoder_input_ids=torch.tensor(prompts),
                max_new_tokens=MAX_NEW_TOKENS,
                do_sample=False,
                num_beams=1,
                decoder_start_token_id=prompts[0][0],
                eos_token_id=self._tokenizer.eos,
                pad_token_id=self._tokenizer.eos,
            )
        return [self._text(row, len(prompts[0])) for row in sequences.tolist()]

    def _text(self, row: list[int], prompt: int) -> str:
        tokens = row[prompt:]
        eos = self._tokenizer.eos
        return self._tokenizer.decode(tokens[: tokens.index(eos)] if eos in tokens else tokens)
