"""Loading a model folder of this family: the published files, or graphs of our own export."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from streamer.decoding.batched_engine import BatchedEngine
from streamer.decoding.ragged import RaggedDecoder, RaggedEncoder
from streamer.decoding.ragged_batcher import RaggedBatcher
from streamer.decoding.request import Request
from streamer.decoding.step_engine import StepEngine
from streamer.decoding.watched_engine import WatchedEngine
from streamer.families.moonshine.codec import MoonshineCodec
from streamer.families.moonshine.numbers import Numbers
from streamer.families.moonshine.sample_features import SampleFeatures
from streamer.families.moonshine.tokenizer import Tokenizer
from streamer.models.assets import check
from streamer.models.catalogue import MOONSHINE
from streamer.models.errors import ModelError
from streamer.models.folder import only
from streamer.onnx.sessions import (
    RUNTIME_ERRORS,
    Provider,
    is_dynamic_int8,
    load_graphs,
    usable_cores,
)
from streamer.speech.engine_info import EngineInfo

VOCABULARY = "tokenizer.bin"
_SKELETONS = Path(__file__).parent / "skeletons"
_PUBLISHED = tuple(member.name for member in MOONSHINE.members if member.name.endswith(".ort"))


class MoonshineFamily:
    """Moonshine base-en as it is published, and what `streamer export` makes of any size."""

    name = "moonshine"

    def recognises(self, folder: Path) -> bool:
        """Tell by the vocabulary, which no other family keeps so."""
        return (folder / VOCABULARY).is_file()

    def load(self, folder: Path, *, provider: Provider = "auto", threads: int = 0) -> StepEngine:
        """Load both graphs and `tokenizer.bin` and try them once.

        Passes of the encoder go side by side, each on one thread: more threads in one gain little.
        """
        encoder_path, decoder_path, weights = _graphs(folder)
        tokenizer = Tokenizer.from_file(folder / VOCABULARY)
        passes = threads or usable_cores()
        encoder, decoder = load_graphs(encoder_path, decoder_path, provider, 1, weights=weights)
        numbers = Numbers.of(encoder, decoder)
        rows = RaggedDecoder.of(decoder)
        if tokenizer.size > rows.vocabulary:
            raise ModelError(
                f"{folder / VOCABULARY} has ids up to {tokenizer.size - 1}, "
                f"but the decoder knows only {rows.vocabulary} tokens"
            )
        features = SampleFeatures(numbers.tail, numbers.max_seconds)
        clips = RaggedEncoder(encoder, features, rows.layers)
        silence = Request(np.zeros(numbers.least_samples, np.float32), (numbers.prompt,))
        try:
            rows.try_once(silence.prompt, clips.encode([silence])[0])
        except RUNTIME_ERRORS as error:
            raise ModelError(f"the graphs for {folder} load but do not run: {error}") from error
        int8 = is_dynamic_int8(encoder_path) or is_dynamic_int8(decoder_path)
        info = EngineInfo(
            name=numbers.name,
            languages=numbers.languages,
            provider=decoder.device,
            precision="int8" if int8 else "fp32",
            max_seconds=numbers.max_seconds,
            demonstration=False,
            word_timings=rows.aligns,
        )
        batcher = RaggedBatcher(clips, rows, numbers.end, passes)
        codec = MoonshineCodec(tokenizer, numbers, aligns=rows.aligns)
        return WatchedEngine(BatchedEngine(batcher, codec, info))


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
    weights = (folder / _PUBLISHED[0]).resolve().parent
    return _SKELETONS / "encoder.onnx", _SKELETONS / "decoder.onnx", weights
