"""Our own contract in the form for GPUs: `streamer/export/device.py` says what it is.

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

from streamer.decoding.ragged import pair_names
from streamer.families.cohere.features import HOP, MEL_BINS
from streamer.models.errors import ModelError
from streamer.onnx.sessions import Graph
from streamer.onnx.signature import Signature, check

_INT64, _FLOAT, _HALF = "tensor(int64)", "tensor(float)", "tensor(float16)"
_TYPES = {_FLOAT: np.float32, _HALF: np.float16}

FRAME_BUCKETS = (200, 400, 800, 1600, 2400, 3500)
"""Mel frames (10 ms) that a batch is padded to: 35 s is the longest clip there is."""
CAPTURED_TOKENS = 16
"""Decoder calls of at most so many tokens a row, a prompt among them, are captured as CUDA graphs,
where that is on."""
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
    frame_samples: int
    """Samples from one encoder frame to the next."""
    element: type[np.float16 | np.float32]
    """Of the caches."""

    @staticmethod
    def recognises(decoder: Graph) -> bool:
        """Tell this contract from others by the decoder's outputs."""
        return "next_self_k_0" in decoder.outputs

    @classmethod
    def of(cls, encoder: Graph, decoder: Graph) -> ResidentModel:
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
                "mel": (_FLOAT, ("*clips", MEL_BINS, "*frames")),
                "mel_lengths": lengths,
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
            frame_samples=HOP * _number(encoder, "streamer.subsampling"),
            element=_TYPES[element],
        )

    def try_once(self, prompt: Sequence[int]) -> None:
        """Run both graphs, on nothing; raises the runtime's errors."""
        rows = ResidentRows(self, rows=1, columns=len(prompt), seconds=2)
        rows.encode([np.zeros((MEL_BINS, 16), np.float32)], [0])
        rows.decode([prompt], aligned=False)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What one decoder call says of each token: (R, n) each, and (R, n, S) where asked for."""

    tokens: NDArray[np.int64]
    log_probability: NDArray[np.float32]
    attention: NDArray[np.float32] | None


class ResidentRows:
    """Places for a fixed number of rows on the device. The caller says who has which."""

    def __init__(self, model: ResidentModel, *, rows: int, columns: int, seconds: float) -> None:
        self._model = model
        self.device = model.decoder.device
        self.rows = rows
        self.columns = columns
        self.longest = _bucket(round(seconds * 100), FRAME_BUCKETS)
        """Mel frames of the longest clip that there is room for."""
        frames = _aligned(-(-self.longest * HOP // model.frame_samples) + 1)
        self.past = np.zeros(rows, np.int64)
        """Tokens written in each row; the caller adds those that it keeps."""
        self.frames = np.zeros(rows, np.int64)
        """Encoder frames of each row."""
        self._own = self._caches(_aligned(columns + 1))
        self._cross = self._caches(frames)
        self._bindings: dict[tuple[int, bool], _Call] = {}

    def encode(self, mels: Sequence[NDArray[np.float32]], places: Sequence[int]) -> None:
        """Encode clips of (128, V) frames in one call, into these places, which start afresh."""
        count = 1 << (len(mels) - 1).bit_length()
        longest = _bucket(max(mel.shape[1] for mel in mels), FRAME_BUCKETS)
        batch = np.zeros((count, MEL_BINS, longest), np.float32)
        lengths = np.empty(count, np.int64)
        chosen = np.empty(count, np.int64)
        for row in range(count):
            real = min(row, len(mels) - 1)  # what fills the call is the last clip, over again
            mel = mels[real]
            batch[row, :, : mel.shape[1]] = mel
            lengths[row] = mel.shape[1]
            chosen[row] = places[real]
        binding = self._model.encoder.session.io_binding()
        for name, array in (("mel", batch), ("mel_lengths", lengths), ("places", chosen)):
            binding.bind_cpu_input(name, array)
        self._bind(binding, pair_names("cross", self._model.layers), self._cross)
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
        frames = self._cross[0].shape()[2]
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
        for name, cache in zip(pair_names("cross", layers), self._cross, strict=True):
            binding.bind_ortvalue_input(name, cache)
        binding.bind_ortvalue_output("chosen", call.chosen)
        binding.bind_ortvalue_output("log_probability", call.log_probability)
        self._bind(binding, pair_names("self", layers), self._own)
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


def _bucket(value: int, buckets: Sequence[int]) -> int:
    """Return the least bucket that holds the value; there is always one."""
    return next(bucket for bucket in buckets if bucket >= value)


def _number(graph: Graph, key: str) -> int:
    text = graph.metadata.get(key, "")
    if not text.isdecimal():
        raise ModelError(f"{graph.path} does not say {key}")
    return int(text)
