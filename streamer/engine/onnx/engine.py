"""The engine for a model folder: features, batches that need no padding, greedy decoding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from streamer.engine.base import NOTHING_HEARD, SAMPLE_RATE, Clip, EngineInfo, Hypothesis
from streamer.engine.errors import ModelError
from streamer.engine.features import HOP, MIN_SAMPLES, log_mel
from streamer.engine.onnx.folder import ModelFolder
from streamer.engine.onnx.greedy import decode_greedily
from streamer.engine.onnx.published import PublishedModel
from streamer.engine.onnx.sessions import RUNTIME_ERRORS, Provider, is_dynamic_int8, load_graphs
from streamer.engine.tokenizer import Tokenizer

MAX_SECONDS = 35.0
"""The longest clip that the model family takes in one pass (its feature extractor's limit)."""
MAX_ROWS = 8
"""Rows decoded together. The published contract's caches take 64 MiB a row at the full size."""


class OnnxEngine:
    """An `Engine` on ONNX Runtime. Used by one thread at a time."""

    def __init__(self, model: PublishedModel, tokenizer: Tokenizer, info: EngineInfo) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._info = info

    @classmethod
    def load(cls, folder: Path, *, provider: Provider = "auto", threads: int = 0) -> OnnxEngine:
        """Load `encoder*.onnx`, `decoder*.onnx` and `tokens.txt` and try them once.

        `threads` of 0 lets ONNX Runtime choose. Raises ModelError, with what is wrong, for a folder
        that cannot be served.
        """
        files = ModelFolder.find(folder)
        tokenizer = Tokenizer.from_file(files.tokens)
        encoder, decoder = load_graphs(files.encoder, files.decoder, provider, threads)
        if not PublishedModel.recognises(decoder):
            inputs = ", ".join(decoder.inputs)
            raise ModelError(f"{decoder.path} keeps no known model contract (inputs: {inputs})")
        model = PublishedModel.of(encoder, decoder)
        if tokenizer.size > model.vocabulary:
            raise ModelError(
                f"{files.tokens} has ids up to {tokenizer.size - 1}, "
                f"but {decoder.path.name} knows only {model.vocabulary} tokens"
            )
        int8 = is_dynamic_int8(files.encoder) or is_dynamic_int8(files.decoder)
        info = EngineInfo(
            name=encoder.metadata.get("streamer.name", folder.name),
            languages=tokenizer.languages,
            provider=decoder.device,
            precision="int8" if int8 else "fp32",
            max_seconds=MAX_SECONDS,
            demonstration=encoder.metadata.get("streamer.demonstration") == "1",
        )
        engine = cls(model, tokenizer, info)
        engine._try_once(folder)
        return engine

    @property
    def info(self) -> EngineInfo:
        """What users are told."""
        return self._info

    def transcribe(self, clips: Sequence[Clip]) -> Iterator[tuple[int, Hypothesis]]:
        """Yield (index, hypothesis) as rows end.

        Clips under 100 ms hold no word and never reach the model. Raises ValueError, before
        anything else, for a clip above `info.max_seconds` or in a language not in
        `info.languages`; and the runtime's own errors.
        """
        prompts = [self._tokenizer.prompt(clip.language, clip.punctuation) for clip in clips]
        for clip in clips:
            if len(clip.samples) > self._info.max_seconds * SAMPLE_RATE:
                raise ValueError(
                    f"a clip of {clip.seconds:.2f} s is longer than the model's "
                    f"{self._info.max_seconds:g} s"
                )
        for i, clip in enumerate(clips):
            if len(clip.samples) < MIN_SAMPLES:
                yield i, NOTHING_HEARD
        for group in equally_long(clips):
            mel = np.stack([log_mel(clips[i].samples) for i in group])
            group_prompts = np.array([prompts[i] for i in group], np.int64)
            for row, hypothesis in self._decode(mel, group_prompts):
                yield group[row], hypothesis

    def _decode(
        self, mel: NDArray[np.float32], prompts: NDArray[np.int64]
    ) -> Iterator[tuple[int, Hypothesis]]:
        rows = self._model.encode(mel)
        decoded = decode_greedily(rows, prompts, self._tokenizer.eos, self._model.positions)
        for row, result in decoded:
            text = self._tokenizer.decode(result.tokens)
            yield row, Hypothesis(text, result.tokens, result.confidence)

    def _try_once(self, folder: Path) -> None:
        """Run both graphs once, so that a folder that cannot work says so now."""
        samples = np.zeros(MIN_SAMPLES, np.float32)
        prompt = self._tokenizer.prompt(self._info.languages[0], punctuation=True)
        try:
            rows = self._model.encode(log_mel(samples)[np.newaxis])
            rows.feed(np.array([prompt], np.int64))
        except RUNTIME_ERRORS as error:
            raise ModelError(f"the graphs in {folder} load but do not run: {error}") from error


def equally_long(clips: Sequence[Clip]) -> list[list[int]]:
    """Group the indices of clips that make equally many frames, at most `MAX_ROWS` together.

    The graphs know no lengths, so anything else would need padding, which changes the text. Clips
    too short for features are left out; groups keep the order of their first clips.
    """
    open_groups: dict[int, list[int]] = {}
    groups: list[list[int]] = []
    for i, clip in enumerate(clips):
        if len(clip.samples) < MIN_SAMPLES:
            continue
        frames = len(clip.samples) // HOP
        group = open_groups.get(frames)
        if group is None or len(group) == MAX_ROWS:
            group = open_groups[frames] = []
            groups.append(group)
        group.append(i)
    return groups
