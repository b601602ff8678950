"""Loading a model folder of this family, whichever contract its graphs keep."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from streamer.decoding.batched_engine import BatchedEngine
from streamer.decoding.batcher import Batcher
from streamer.decoding.lockstep_batcher import LockstepBatcher
from streamer.decoding.ragged import RaggedDecoder, RaggedEncoder
from streamer.decoding.ragged_batcher import MAX_ROWS, RaggedBatcher
from streamer.decoding.request import Request
from streamer.decoding.resident import ResidentModel
from streamer.decoding.resident_batcher import ResidentBatcher
from streamer.families.cohere.codec import CohereCodec
from streamer.families.cohere.features import HOP, MIN_SAMPLES
from streamer.families.cohere.mel_features import MelFeatures
from streamer.families.cohere.published import MAX_ROWS as LOCKSTEP_ROWS
from streamer.families.cohere.published import PublishedModel, recognise_in_groups
from streamer.families.cohere.tokenizer import Tokenizer
from streamer.models.errors import ModelError
from streamer.models.folder import ModelFolder
from streamer.onnx.providers import Provider, is_dynamic_int8
from streamer.onnx.sessions import RUNTIME_ERRORS, Graph, load_graphs, usable_cores
from streamer.speech.clip import MAX_CLIP_S
from streamer.speech.engine_info import EngineInfo

SMALL_BYTES = 64 << 20
"""Of an encoder in which a second thread gains next to nothing: seven per cent in the embedded one,
of 8 MB. There the cores are used by passes side by side, of one thread each."""


@dataclass(frozen=True, slots=True)
class _Model:
    """Graphs of one of the contracts, ready to be tried and to be used."""

    vocabulary: int
    frame_samples: int | None
    """Samples from one encoder frame to the next; None where the graphs cannot align."""
    try_once: Callable[[Request], None]
    batcher: Callable[[], Batcher]
    half: bool = False


class CohereFamily:
    """Cohere Transcribe, the embedded models, and whatever else keeps one of their contracts."""

    name = "cohere"

    def recognises(self, folder: Path) -> bool:
        """Tell by the vocabulary, which no other family keeps so."""
        return (folder / "tokens.txt").is_file()

    def load(self, folder: Path, *, provider: Provider = "auto", threads: int = 0) -> BatchedEngine:
        """Load `encoder*.onnx`, `decoder*.onnx` and `tokens.txt` and try them once."""
        files = ModelFolder.find(folder)
        tokenizer = Tokenizer.from_file(files.tokens)
        passes = threads or usable_cores() if files.encoder_bytes <= SMALL_BYTES else 1
        inside = 1 if passes > 1 else threads
        encoder, decoder = load_graphs(files.encoder, files.decoder, provider, inside)
        model = _model(encoder, decoder, tokenizer, passes)
        if tokenizer.size > model.vocabulary:
            raise ModelError(
                f"{files.tokens} has ids up to {tokenizer.size - 1}, "
                f"but {decoder.path.name} knows only {model.vocabulary} tokens"
            )
        prompt = tokenizer.prompt(tokenizer.languages[0], punctuation=True)
        try:
            model.try_once(Request(np.zeros(MIN_SAMPLES, np.float32), prompt))
        except RUNTIME_ERRORS as error:
            raise ModelError(f"the graphs in {folder} load but do not run: {error}") from error
        int8 = is_dynamic_int8(files.encoder) or is_dynamic_int8(files.decoder)
        info = EngineInfo(
            name=encoder.metadata.get("streamer.name", folder.name),
            languages=tokenizer.languages,
            provider=decoder.execution,
            precision="int8" if int8 else "fp16" if model.half else "fp32",
            max_seconds=min(MAX_CLIP_S, _max_seconds(encoder)),
            demonstration=encoder.metadata.get("streamer.demonstration") == "1",
            word_timings=model.frame_samples is not None,
        )
        return BatchedEngine(model.batcher(), CohereCodec(tokenizer, model.frame_samples), info)


def _max_seconds(encoder: Graph) -> float:
    """Return how long a clip may be for the model to be good; a graph of others does not say."""
    said = encoder.metadata.get("streamer.max_seconds", str(MAX_CLIP_S))
    try:
        return float(said)
    except ValueError as error:
        raise ModelError(f"{encoder.path}: streamer.max_seconds is {said}, no number") from error


def _model(encoder: Graph, decoder: Graph, tokenizer: Tokenizer, passes: int) -> _Model:
    """Tell from the decoder's graph which contract a model keeps, and check that it does."""
    if ResidentModel.recognises(decoder):
        return _resident(encoder, decoder, tokenizer)
    if RaggedDecoder.recognises(decoder):
        return _ragged(encoder, decoder, tokenizer, passes)
    if PublishedModel.recognises(decoder):
        model = PublishedModel.of(encoder, decoder)
        return _Model(
            vocabulary=model.vocabulary,
            frame_samples=None,
            try_once=lambda request: model.try_once(request.prompt),
            batcher=lambda: LockstepBatcher(
                partial(recognise_in_groups, model, tokenizer.eos), LOCKSTEP_ROWS
            ),
        )
    inputs = ", ".join(decoder.inputs)
    raise ModelError(f"{decoder.path} keeps no known model contract (inputs: {inputs})")


def _ragged(encoder: Graph, decoder: Graph, tokenizer: Tokenizer, passes: int) -> _Model:
    rows = RaggedDecoder.of(decoder)
    clips = RaggedEncoder(encoder, MelFeatures(), rows.layers)
    subsampling = encoder.metadata.get("streamer.subsampling", "")

    def try_once(request: Request) -> None:
        rows.try_once(request.prompt, clips.encode([request])[0])

    return _Model(
        vocabulary=rows.vocabulary,
        frame_samples=HOP * int(subsampling) if subsampling.isdecimal() and rows.aligns else None,
        try_once=try_once,
        batcher=lambda: RaggedBatcher(clips, rows, tokenizer.eos, passes),
    )


def _resident(encoder: Graph, decoder: Graph, tokenizer: Tokenizer) -> _Model:
    model = ResidentModel.of(encoder, decoder, MelFeatures())

    def batcher() -> ResidentBatcher:
        if decoder.device == "cpu":
            return ResidentBatcher(model, tokenizer.eos, rows=MAX_ROWS)
        rows = ResidentBatcher(model, tokenizer.eos)
        rows.warm(tokenizer.prompt(tokenizer.languages[0], punctuation=True))
        return rows

    return _Model(
        vocabulary=model.vocabulary,
        frame_samples=HOP * model.subsampling,
        try_once=model.try_once,
        batcher=batcher,
        half=model.element is np.float16,
    )
