"""The engine for a model folder, whichever contract its graphs keep."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from streamer.decoding.batchers import MAX_ROWS, Batcher, ContinuousBatcher, GroupBatcher
from streamer.decoding.ragged import RaggedModel
from streamer.decoding.request import Decoded, Request
from streamer.decoding.resident import ResidentModel
from streamer.decoding.resident_batcher import ResidentBatcher
from streamer.decoding.word_times import timed_words
from streamer.engines.base import EngineInfo, EngineWork
from streamer.families.cohere.features import MIN_SAMPLES
from streamer.families.cohere.published import PublishedModel
from streamer.families.cohere.tokenizer import Tokenizer
from streamer.models.errors import ModelError
from streamer.models.folder import ModelFolder
from streamer.onnx.sessions import (
    RUNTIME_ERRORS,
    Graph,
    Provider,
    is_dynamic_int8,
    load_graphs,
    usable_cores,
)
from streamer.speech.clip import SAMPLE_RATE, Clip
from streamer.speech.hypothesis import NOTHING_HEARD, Hypothesis, Word
from streamer.speech.languages import UNSPACED_LANGUAGES

MAX_SECONDS = 35.0
"""The longest clip that the model family takes in one pass (its feature extractor's limit)."""


SMALL_BYTES = 64 << 20
"""Of an encoder in which a second thread gains next to nothing: seven per cent in the embedded one,
of 8 MB. There the cores are used by passes side by side, of one thread each."""


class OnnxEngine:
    """An `Engine` on ONNX Runtime. Used by one thread at a time."""

    def __init__(
        self,
        batcher: Batcher,
        tokenizer: Tokenizer,
        info: EngineInfo,
        frame_samples: int | None,
    ) -> None:
        """Take in `frame_samples` between two encoder frames where the model aligns, else None."""
        self._batcher = batcher
        self._tokenizer = tokenizer
        self._info = info
        self._frame_samples = frame_samples
        self._clips: dict[int, Clip] = {}

    @classmethod
    def load(cls, folder: Path, *, provider: Provider = "auto", threads: int = 0) -> OnnxEngine:
        """Load `encoder*.onnx`, `decoder*.onnx` and `tokens.txt` and try them once.

        `threads` of 0 lets ONNX Runtime choose. Raises ModelError, with what is wrong, for a folder
        that cannot be served.
        """
        files = ModelFolder.find(folder)
        tokenizer = Tokenizer.from_file(files.tokens)
        passes = threads or usable_cores() if files.encoder_bytes <= SMALL_BYTES else 1
        inside = 1 if passes > 1 else threads
        encoder, decoder = load_graphs(files.encoder, files.decoder, provider, inside)
        model = _model(encoder, decoder)
        if tokenizer.size > model.vocabulary:
            raise ModelError(
                f"{files.tokens} has ids up to {tokenizer.size - 1}, "
                f"but {decoder.path.name} knows only {model.vocabulary} tokens"
            )
        try:
            model.try_once(tokenizer.prompt(tokenizer.languages[0], punctuation=True))
        except RUNTIME_ERRORS as error:
            raise ModelError(f"the graphs in {folder} load but do not run: {error}") from error
        int8 = is_dynamic_int8(files.encoder) or is_dynamic_int8(files.decoder)
        info = EngineInfo(
            name=encoder.metadata.get("streamer.name", folder.name),
            languages=tokenizer.languages,
            provider=decoder.device,
            precision="int8" if int8 else "fp16" if _is_half(model) else "fp32",
            max_seconds=MAX_SECONDS,
            demonstration=encoder.metadata.get("streamer.demonstration") == "1",
            word_timings=model.frame_samples is not None,
        )
        batcher = _batcher(model, tokenizer, passes)
        return cls(batcher, tokenizer, info, model.frame_samples)

    @property
    def info(self) -> EngineInfo:
        """What users are told."""
        return self._info

    @property
    def work(self) -> EngineWork:
        """What was done since the model was loaded."""
        return self._batcher.work

    @property
    def room(self) -> int:
        """How many clips may join now."""
        return self._batcher.room

    def join(self, clips: Sequence[tuple[int, Clip]]) -> None:
        """Take in clips.

        Those under 100 ms hold no word and never reach the model. Raises ValueError, before
        anything else, for a clip above `info.max_seconds`, in a language not in `info.languages`,
        or with samples that are no numbers; and the runtime's own errors.
        """
        requests = [(key, self._request(clip)) for key, clip in clips]
        heard = [item for item in requests if len(item[1].samples) >= MIN_SAMPLES]
        self._clips.update(clips)
        if heard:
            self._batcher.join(heard)

    def step(self) -> list[tuple[int, Hypothesis]]:
        """Advance the clips in flight; return those that ended."""
        short = [key for key, clip in self._clips.items() if len(clip.samples) < MIN_SAMPLES]
        ended = [(key, _nothing(self._clips.pop(key), self._info)) for key in short]
        for key, decoded in self._batcher.step():
            ended.append((key, self._hypothesis(self._clips.pop(key), decoded)))
        return ended

    def drop(self, key: int) -> None:
        """Forget a clip in flight."""
        self._clips.pop(key, None)
        self._batcher.drop(key)

    def reset(self) -> None:
        """Forget every clip in flight."""
        self._clips.clear()
        self._batcher.reset()

    def transcribe(self, clips: Sequence[Clip]) -> Iterator[tuple[int, Hypothesis]]:
        """Yield (index, hypothesis) of any number of clips as they end, with nobody else around.

        Raises what `join` raises, before anything else.
        """
        for clip in clips:
            self._request(clip)
        waiting = deque(enumerate(clips))
        left = len(clips)
        self.reset()
        while left:
            joining = [waiting.popleft() for _ in range(min(self.room, len(waiting)))]
            self.join(joining)
            ended = self.step()
            left -= len(ended)
            yield from ended

    def _request(self, clip: Clip) -> Request:
        if len(clip.samples) > self._info.max_seconds * SAMPLE_RATE:
            raise ValueError(
                f"a clip of {clip.seconds:.2f} s is longer than the model's "
                f"{self._info.max_seconds:g} s"
            )
        if not math.isfinite(float(clip.samples.sum())):
            raise ValueError("a clip has samples that are no numbers")
        prompt = self._tokenizer.prompt(clip.language, clip.punctuation)
        aligned = clip.words and self._frame_samples is not None
        return Request(clip.samples, prompt, clip.draft, aligned, clip.growing)

    def _hypothesis(self, clip: Clip, decoded: Decoded) -> Hypothesis:
        text = self._tokenizer.decode(decoded.tokens)
        words: tuple[Word, ...] | None = None
        if decoded.heard is not None and self._frame_samples is not None:
            words = timed_words(
                self._tokenizer,
                decoded.tokens,
                decoded.heard.log_probabilities,
                decoded.heard.attention,
                frame_samples=self._frame_samples,
                seconds=clip.seconds,
                spaced=clip.language not in UNSPACED_LANGUAGES,
            )
        return Hypothesis(text, decoded.tokens, decoded.confidence, words)


def _nothing(clip: Clip, info: EngineInfo) -> Hypothesis:
    return replace(NOTHING_HEARD, words=() if clip.words and info.word_timings else None)


def _model(encoder: Graph, decoder: Graph) -> ResidentModel | RaggedModel | PublishedModel:
    """Tell from the decoder's graph which contract a model keeps, and check that it does."""
    if ResidentModel.recognises(decoder):
        return ResidentModel.of(encoder, decoder)
    if RaggedModel.recognises(decoder):
        return RaggedModel.of(encoder, decoder)
    if PublishedModel.recognises(decoder):
        return PublishedModel.of(encoder, decoder)
    inputs = ", ".join(decoder.inputs)
    raise ModelError(f"{decoder.path} keeps no known model contract (inputs: {inputs})")


def _is_half(model: ResidentModel | RaggedModel | PublishedModel) -> bool:
    return isinstance(model, ResidentModel) and model.element is np.float16


def _batcher(
    model: ResidentModel | RaggedModel | PublishedModel, tokenizer: Tokenizer, passes: int
) -> Batcher:
    eos = tokenizer.eos
    if isinstance(model, ResidentModel):
        if model.decoder.device == "cpu":
            return ResidentBatcher(model, eos, rows=MAX_ROWS)
        batcher = ResidentBatcher(model, eos)
        batcher.warm(tokenizer.prompt(tokenizer.languages[0], punctuation=True))
        return batcher
    if isinstance(model, RaggedModel):
        return ContinuousBatcher(model, eos, passes)
    return GroupBatcher(model, eos)
