"""Our own contract in the form for GPUs.

`streamer/families/cohere/export/resident.py` says what it is.

Everything large stays on the device. A call of the decoder sends a token or a few for each row and
brings back what was chosen; each cache is bound as an input and as the output that takes its place,
so that only what is new is written. All shapes come from a few buckets, so that memory does not
grow once each has been seen. The CPU provider runs the same code, which is how it is tested without
a GPU.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from streamer.decoding.features import Features, bucket, padded
from streamer.decoding.ragged import pair_names
from streamer.decoding.request import Request
from streamer.models.errors import ModelError
from streamer.onnx.sessions import Graph
from streamer.onnx.signature import Signature, check

_INT64, _FLOAT, _HALF = "tensor(int64)", "tensor(float)", "tensor(float16)"
_TYPES = {_FLOAT: np.float32, _HALF: np.float16}

CAPTURED_TOKENS = 16
"""Decoder calls of at most so many tokens a row, a prompt among them, are captured as CUDA graphs,
where that is on."""
CALL_SIZES = (1, 4, 16)
"""Clips that an encoder call is filled up to. Fewer sizes are sooner warm, and on an H200 16 clips
of 4 s took 28 ms where one took 22."""
_ALIGNED = 8
"""Columns and frames of caches are multiples of it: FP16 products of others are slow."""


@dataclass(frozen=True, slots=True)
class ResidentModel:
    """Both graphs and the sizes read from them."""

    encoder: Graph
    decoder: Graph
    layers: int
    heads: int
    head_size: int
    positions: int
    vocabulary: int
    element: type[np.float16 | np.float32]
    """Of the caches."""
    features: Features
    subsampling: int
    """Frames of the features to one of the encoder."""

    @staticmethod
    def recognises(decoder: Graph) -> bool:
        """Tell this contract from others by the decoder's outputs."""
        return "next_self_k_0" in decoder.outputs

    @classmethod
    def of(cls, encoder: Graph, decoder: Graph, features: Features) -> ResidentModel:
        """Check both graphs. Raises ModelError that lists what does not fit."""
        layers = sum(name.startswith("self_k_") for name in decoder.inputs)
        element = decoder.inputs["self_k_0"].type
        if element not in _TYPES:
            raise ModelError(f"{decoder.path} has caches of {element}, not FP16 or FP32")
        cache = (element, ("*rows", "heads", "*columns", "head size"))

        def caches(kind: str) -> Signature:
            return dict.fromkeys(pair_names(kind, layers), cache)

        lengths = (_INT64, ("*rows",))
        check(
            encoder,
            {
                features.name: (_FLOAT, ("*clips", *features.bins, "*frames")),
                features.lengths_name: lengths,
                "places": lengths,
                **caches("cross"),
            },
            {**caches("next_cross"), "encoded_lengths": lengths},
        )
        each = ("*rows", "*tokens")
        sizes = check(
            decoder,
            {
                "tokens": (_INT64, each),
                "past_lengths": lengths,
                "cross_lengths": lengths,
                **caches("self"),
                **caches("cross"),
            },
            {
                "chosen": (_INT64, each),
                "log_probability": (_FLOAT, each),
                **caches("next_self"),
                "cross_attention": (_FLOAT, (*each, "*encoded")),
            },
        )
        return cls(
            encoder=encoder,
            decoder=decoder,
            layers=layers,
            heads=sizes["heads"],
            head_size=sizes["head size"],
            positions=_number(decoder, "streamer.positions"),
            vocabulary=_number(decoder, "streamer.vocabulary"),
            element=_TYPES[element],
            features=features,
            subsampling=_number(encoder, "streamer.subsampling"),
        )

    def try_once(self, request: Request) -> None:
        """Run both graphs on a clip; raises the runtime's errors."""
        rows = ResidentRows(
            self,
            rows=1,
            columns=len(request.prompt),
            longest=bucket(self.features.length(request), self.features.buckets),
        )
        rows.encode([self.features.make(request)], [0])
        rows.decode([request.prompt], aligned=False)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What one decoder call says of each token: (R, n) each, and (R, n, S) where asked for."""

    tokens: NDArray[np.int64]
    log_probability: NDArray[np.float32]
    attention: NDArray[np.float32] | None


class ResidentRows:
    """Places for a fixed number of rows on the device. The caller says who has which."""

    def __init__(self, model: ResidentModel, *, rows: int, columns: int, longest: int) -> None:
        """Make room for clips of features as long as `longest`, which is one of the buckets."""
        self._model = model
        self.device = model.decoder.device
        self.rows = rows
        self.columns = columns
        self.longest = longest
        frames = _aligned(-(-longest // model.subsampling) + 1)
        self.past = np.zeros(rows, np.int64)
        """Tokens written in each row; the caller adds those that it keeps."""
        self.frames = np.zeros(rows, np.int64)
        """Encoder frames of each row."""
        self._self_attention = self._caches(_aligned(columns + 1))
        self._cross_attention = self._caches(frames)
        self._bindings: dict[tuple[int, bool], _Call] = {}

    def encode(self, features: Sequence[NDArray[np.float32]], places: Sequence[int]) -> None:
        """Encode clips' features in one call, into these places, which start afresh."""
        count = next(size for size in CALL_SIZES if size >= len(features))
        longest = bucket(max(one.shape[-1] for one in features), self._model.features.buckets)
        # What fills the call is the last clip, over again, into the same place.
        batch, lengths = padded(features, count, longest)
        chosen = np.array([*places, *[places[-1]] * (count - len(places))], np.int64)
        binding = self._model.encoder.session.io_binding()
        made = self._model.features
        fed = {made.name: batch, made.lengths_name: lengths, "places": chosen}
        for key, array in fed.items():
            binding.bind_cpu_input(key, array)
        self._bind(binding, pair_names("cross", self._model.layers), self._cross_attention)
        binding.bind_output("encoded_lengths", "cpu")
        self._model.encoder.session.run_with_iobinding(binding)
        encoded = binding.get_outputs()[-1].numpy()
        for place, frames in zip(places, encoded, strict=False):
            self.past[place], self.frames[place] = 0, int(frames)

    def decode(self, fed: Sequence[Sequence[int]], *, aligned: bool) -> Chosen:
        """Feed each row its tokens, padded on the right; what has none is fed what does not count.

        New keys and values are written behind each row's `past`, which must leave room for them.
        """
        call = self._call(_width(max(map(len, fed))), aligned=aligned)
        tokens = np.zeros(call.shape, np.int64)
        for place, some in enumerate(fed):
            tokens[place, : len(some)] = some
        call.tokens.update_inplace(tokens)
        call.past.update_inplace(self.past)
        call.frames.update_inplace(self.frames)
        self._model.decoder.session.run_with_iobinding(call.binding, call.options)
        # Copies, since on the CPU these are views of what the next call overwrites.
        attention = None if call.attention is None else call.attention.numpy().copy()
        return Chosen(call.chosen.numpy().copy(), call.log_probability.numpy().copy(), attention)

    def _call(self, width: int, *, aligned: bool) -> _Call:
        """The binding for calls of this many tokens: addresses stay the same from call to call."""
        key = (width, aligned)
        if key not in self._bindings:
            self._bindings[key] = self._bound(width, aligned=aligned)
        return self._bindings[key]

    def _bound(self, width: int, *, aligned: bool) -> _Call:
        shape, layers = (self.rows, width), self._model.layers
        frames = self._cross_attention[0].shape()[2]
        options = ort.RunOptions()
        if self._model.decoder.captured:
            graph = self._model.decoder.next_graph_id() if width <= CAPTURED_TOKENS else -1
            options.add_run_config_entry("gpu_graph_id", str(graph))
        call = _Call(
            binding=self._model.decoder.session.io_binding(),
            options=options,
            shape=shape,
            tokens=self._value(np.zeros(shape, np.int64)),
            past=self._value(self.past),
            frames=self._value(self.frames),
            chosen=self._value(np.zeros(shape, np.int64)),
            log_probability=self._value(np.zeros(shape, np.float32)),
            attention=self._value(np.zeros((*shape, frames), np.float32)) if aligned else None,
        )
        binding = call.binding
        binding.bind_ortvalue_input("tokens", call.tokens)
        binding.bind_ortvalue_input("past_lengths", call.past)
        binding.bind_ortvalue_input("cross_lengths", call.frames)
        for name, cache in zip(pair_names("cross", layers), self._cross_attention, strict=True):
            binding.bind_ortvalue_input(name, cache)
        binding.bind_ortvalue_output("chosen", call.chosen)
        binding.bind_ortvalue_output("log_probability", call.log_probability)
        self._bind(binding, pair_names("self", layers), self._self_attention)
        if call.attention is not None:
            binding.bind_ortvalue_output("cross_attention", call.attention)
        return call

    @staticmethod
    def _bind(binding: ort.IOBinding, names: Sequence[str], caches: Sequence[ort.OrtValue]) -> None:
        """Bind each cache as an input and as the output that takes its place."""
        for name, cache in zip(names, caches, strict=True):
            binding.bind_ortvalue_input(name, cache)
            binding.bind_ortvalue_output(f"next_{name}", cache)

    def _caches(self, columns: int) -> list[ort.OrtValue]:
        """Zeros, since the decoder multiplies by what it does not look at: it must be finite."""
        model = self._model
        shape = (self.rows, model.heads, columns, model.head_size)
        nothing = np.zeros(shape, model.element)
        return [self._value(nothing) for _ in range(2 * model.layers)]

    def _value(self, array: NDArray[np.generic]) -> ort.OrtValue:
        return ort.OrtValue.ortvalue_from_numpy(array.copy(), self.device, 0)


@dataclass(frozen=True, slots=True, eq=False)
class _Call:
    """A binding of the decoder, and the small tensors that change from call to call."""

    binding: ort.IOBinding
    options: ort.RunOptions
    shape: tuple[int, int]
    tokens: ort.OrtValue
    past: ort.OrtValue
    frames: ort.OrtValue
    chosen: ort.OrtValue
    log_probability: ort.OrtValue
    attention: ort.OrtValue | None


def _width(tokens: int) -> int:
    """Round up to a power of two, but leave the single step and one with a few guesses alone."""
    return tokens if tokens == 1 else max(8, 1 << (tokens - 1).bit_length())


def _aligned(count: int) -> int:
    return -(-count // _ALIGNED) * _ALIGNED


def _number(graph: Graph, key: str) -> int:
    text = graph.metadata.get(key, "")
    if not text.isdecimal():
        raise ModelError(f"{graph.path} does not say {key}")
    return int(text)
