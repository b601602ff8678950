"""Loading a model folder of this family: the published files, or graphs of our own export."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
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
from streamer.decoding.step_engine import StepEngine
from streamer.decoding.watched_engine import WatchedEngine
from streamer.families.moonshine import published
from streamer.families.moonshine.codec import MoonshineCodec
from streamer.families.moonshine.numbers import Numbers
from streamer.families.moonshine.published import PublishedModel
from streamer.families.moonshine.sample_features import SampleFeatures
from streamer.families.moonshine.tokenizer import Tokenizer
from streamer.models.assets import check
from streamer.models.catalogue import MOONSHINE
from streamer.models.errors import ModelError
from streamer.models.folder import only
from streamer.onnx.providers import is_dynamic_int8
from streamer.onnx.sessions import (
    RUNTIME_ERRORS,
    Graph,
    Provider,
    load_graphs,
    usable_cores,
)
from streamer.speech.engine_info import EngineInfo

log = logging.getLogger(__name__)

PASS_THREADS = 2
"""Threads of one call, where there are so many cores. Passes go side by side, so a busy machine
gains nothing by them, and loses nothing (24 recordings at once: 58 and 60 times real time, 2 cores,
medians of 4 rounds); but most passes are alone, and 8 s are encoded in 66 ms and not 108."""

VOCABULARY = "tokenizer.bin"
_SKELETONS = Path(__file__).parent / "skeletons"
_PUBLISHED = {
    member.name: member.size for member in MOONSHINE.members if member.name.endswith(".ort")
}


@dataclass(frozen=True, slots=True)
class _Model:
    """Graphs of one of the contracts, ready to be tried and to be used."""

    numbers: Numbers
    vocabulary: int
    aligns: bool
    precision: str
    try_once: Callable[[Request], object]
    batcher: Callable[[], Batcher]


class MoonshineFamily:
    """Moonshine as it is published, and what `streamer export` makes of any size."""

    name = "moonshine"

    def recognises(self, folder: Path) -> bool:
        """Tell by the vocabulary, which no other family keeps so."""
        return (folder / VOCABULARY).is_file()

    def load(self, folder: Path, *, provider: Provider = "auto", threads: int = 0) -> StepEngine:
        """Load both graphs and `tokenizer.bin` and try them once.

        On a CPU passes of the encoder go side by side.
        """
        tokenizer = Tokenizer.from_file(folder / VOCABULARY)
        if published.is_pair(folder) and not _is_base(folder):
            model, device = _published(folder, provider, threads)
        else:
            model, device = _own(folder, provider, threads or usable_cores())
        if tokenizer.size > model.vocabulary:
            raise ModelError(
                f"{folder / VOCABULARY} has ids up to {tokenizer.size - 1}, "
                f"but the decoder knows only {model.vocabulary} tokens"
            )
        numbers = model.numbers
        silence = np.zeros(numbers.least_samples, np.float32)
        try:
            model.try_once(Request(silence, (numbers.prompt,), max_tokens=1))
        except RUNTIME_ERRORS as error:
            raise ModelError(f"the graphs for {folder} load but do not run: {error}") from error
        info = EngineInfo(
            name=numbers.name,
            languages=numbers.languages,
            provider=device,
            precision=model.precision,
            max_seconds=numbers.max_seconds,
            demonstration=False,
            word_timings=model.aligns,
        )
        codec = MoonshineCodec(tokenizer, numbers, aligns=model.aligns)
        return WatchedEngine(BatchedEngine(model.batcher(), codec, info))


def _own(folder: Path, provider: Provider, passes: int) -> tuple[_Model, str]:
    """Load graphs of our own, and tell the device."""
    encoder_path, decoder_path, weights = _graphs(folder)
    threads = min(PASS_THREADS, passes)
    encoder, decoder = load_graphs(encoder_path, decoder_path, provider, threads, weights=weights)
    numbers = Numbers.of(encoder, decoder)
    features = SampleFeatures(numbers.tail, numbers.max_seconds)
    if ResidentModel.recognises(decoder):
        return _resident(encoder, decoder, numbers, features), decoder.execution
    rows = RaggedDecoder.of(decoder)
    clips = RaggedEncoder(encoder, features, rows.layers)
    int8 = is_dynamic_int8(encoder_path) or is_dynamic_int8(decoder_path)
    model = _Model(
        numbers=numbers,
        vocabulary=rows.vocabulary,
        aligns=rows.aligns,
        precision="int8" if int8 else "fp32",
        try_once=lambda request: rows.try_once(request.prompt, clips.encode([request])[0]),
        batcher=lambda: RaggedBatcher(clips, rows, numbers.end, passes),
    )
    return model, decoder.execution


def _resident(encoder: Graph, decoder: Graph, numbers: Numbers, features: SampleFeatures) -> _Model:
    model = ResidentModel.of(encoder, decoder, features)

    def batcher() -> ResidentBatcher:
        if decoder.device == "cpu":
            return ResidentBatcher(model, numbers.end, rows=MAX_ROWS)
        rows = ResidentBatcher(model, numbers.end)
        rows.warm((numbers.prompt,))
        return rows

    return _Model(
        numbers=numbers,
        vocabulary=model.vocabulary,
        aligns=True,
        precision="fp16" if model.element is np.float16 else "fp32",
        try_once=model.try_once,
        batcher=batcher,
    )


def _published(folder: Path, provider: Provider, threads: int) -> tuple[_Model, str]:
    """Load a pair as its vendor published it, and tell the device."""
    log.warning(
        "%s is served as it was published: its decoder makes floats of all its weights for every "
        "token, several times slower than graphs of ours, which `streamer export` makes of the "
        "checkpoint and `--model %s` has for the English base model",
        folder,
        MOONSHINE.name,
    )
    encoder, decoder = load_graphs(
        folder / published.ENCODER, folder / published.DECODER, provider, threads
    )
    numbers = Numbers.published(folder.resolve().name)
    features = SampleFeatures(numbers.tail, numbers.max_seconds)
    model = PublishedModel.of(encoder, decoder, features, numbers.end)
    loaded = _Model(
        numbers=numbers,
        vocabulary=model.vocabulary,
        aligns=False,
        precision="fp32",
        try_once=lambda request: list(model.recognise([request])),
        batcher=lambda: LockstepBatcher(model.recognise, published.ROWS),
    )
    return loaded, decoder.execution


def _is_base(folder: Path) -> bool:
    """Tell the pair that our skeletons are over, also damaged: of its sizes no other has one."""
    return any((folder / name).stat().st_size == size for name, size in _PUBLISHED.items())


def _graphs(folder: Path) -> tuple[Path, Path, Path | None]:
    """Find the encoder, the decoder, and the folder of their weights where it is another.

    Raises ModelError where the published files are damaged: ONNX Runtime would not notice.
    """
    if not any((folder / name).exists() for name in _PUBLISHED):
        return only(folder, "encoder"), only(folder, "decoder"), None
    if problems := check(folder, MOONSHINE):
        raise ModelError(
            f"{folder} does not hold {MOONSHINE.name} as published: {', '.join(problems)}"
        )
    weights = (folder / next(iter(_PUBLISHED))).resolve().parent
    return _SKELETONS / "encoder.onnx", _SKELETONS / "decoder.onnx", weights
