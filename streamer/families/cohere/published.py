"""The published two-graph contract: mel in, stacked caches, one offset for all rows.

The graphs know no lengths. So rows may share a batch only if their mel frames are equally many, and
they advance together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from streamer.decoding.greedy import decode_greedily
from streamer.decoding.request import Decoded, Request
from streamer.families.cohere.features import HOP, MEL_BINS, log_mel
from streamer.onnx.sessions import Graph
from streamer.onnx.signature import Signature, check

MAX_ROWS = 8
"""Rows decoded together. The caches take 64 MiB a row at the full size."""

_FLOAT, _INT64 = "tensor(float)", "tensor(int64)"
_CROSS = (_FLOAT, ("layers", "*batch", "*encoded", "width"))
_CROSS_IN = (_FLOAT, ("*layers", "*batch", "*encoded", "*width"))
_CACHE = (_FLOAT, ("layers", "*batch", "heads", "positions", "*head size"))
_CACHE_IN = (_FLOAT, ("*layers", "*batch", "*heads", "*positions", "*head size"))

_ENCODER_INPUTS: Signature = {"mel": (_FLOAT, ("*batch", MEL_BINS, "*frames"))}
_ENCODER_OUTPUTS: Signature = {"n_layer_cross_k": _CROSS, "n_layer_cross_v": _CROSS}
_DECODER_INPUTS: Signature = {
    "tokens": (_INT64, ("*batch", "*tokens")),
    "in_n_layer_self_k_cache": _CACHE_IN,
    "in_n_layer_self_v_cache": _CACHE_IN,
    "n_layer_cross_k": _CROSS_IN,
    "n_layer_cross_v": _CROSS_IN,
    "offset": (_INT64, ()),
}
_DECODER_OUTPUTS: Signature = {
    "logits": (_FLOAT, ("*batch", "*tokens", "vocabulary")),
    "out_n_layer_self_k_cache": _CACHE,
    "out_n_layer_self_v_cache": _CACHE,
}
# The sizes are taken from the outputs: sherpa-onnx does so too, so exports state them there.


@dataclass(frozen=True, slots=True)
class PublishedModel:
    """Both graphs and the sizes read from them."""

    encoder: Graph
    decoder: Graph
    layers: int
    heads: int
    head_size: int
    positions: int
    """Columns of the self-attention caches: the prompt and the output must fit."""
    vocabulary: int

    @staticmethod
    def recognises(decoder: Graph) -> bool:
        """Tell this contract from others by the decoder's inputs."""
        return "offset" in decoder.inputs

    @classmethod
    def of(cls, encoder: Graph, decoder: Graph) -> PublishedModel:
        """Check both graphs. Raises ModelError that lists what does not fit."""
        cross = check(encoder, _ENCODER_INPUTS, _ENCODER_OUTPUTS)
        sizes = check(decoder, _DECODER_INPUTS, _DECODER_OUTPUTS)
        return cls(
            encoder=encoder,
            decoder=decoder,
            layers=sizes["layers"],
            heads=sizes["heads"],
            head_size=cross["width"] // sizes["heads"],
            positions=sizes["positions"],
            vocabulary=sizes["vocabulary"],
        )

    def encode(self, mel: NDArray[np.float32]) -> PublishedRows:
        """Start decoding (B, 128, V) frames, all of which count."""
        device = self.encoder.device
        binding = self.encoder.session.io_binding()
        binding.bind_cpu_input("mel", mel)
        for name in _ENCODER_OUTPUTS:
            binding.bind_output(name, device)
        self.encoder.session.run_with_iobinding(binding)
        cross_k, cross_v = binding.get_outputs()
        return PublishedRows(self, len(mel), cross_k, cross_v)

    def try_once(self, prompt: Sequence[int]) -> None:
        """Run both graphs, on nothing; raises the runtime's errors."""
        self.encode(np.zeros((1, MEL_BINS, 16), np.float32)).feed(np.array([prompt], np.int64))


def recognise_in_groups(
    model: PublishedModel, eos: int, requests: Sequence[Request]
) -> Iterator[tuple[int, Decoded]]:
    """Recognise clips, those that make equally many frames together."""
    for group in equally_long(requests):
        mel = np.stack([log_mel(requests[i].samples) for i in group])
        prompts = np.array([requests[i].prompt for i in group], np.int64)
        rows = model.encode(mel)
        for row, decoded in decode_greedily(rows, prompts, eos, model.positions):
            yield group[row], decoded


def equally_long(requests: Sequence[Request]) -> list[list[int]]:
    """Group the indices of equally long clips, at most `MAX_ROWS` together.

    Groups keep the order of their first clips.
    """
    open_groups: dict[int, list[int]] = {}
    groups: list[list[int]] = []
    for i, request in enumerate(requests):
        frames = len(request.samples) // HOP
        group = open_groups.get(frames)
        if group is None or len(group) == MAX_ROWS:
            group = open_groups[frames] = []
            groups.append(group)
        group.append(i)
    return groups


class PublishedRows:
    """The decoding state of rows that advance together. The caches stay on the device."""

    def __init__(
        self, model: PublishedModel, rows: int, cross_k: ort.OrtValue, cross_v: ort.OrtValue
    ) -> None:
        self._model = model
        self._offset = 0
        shape = (model.layers, rows, model.heads, model.positions, model.head_size)
        self._cross = (cross_k, cross_v)
        self._caches = (self._on_device(np.zeros(shape, np.float32)),) * 2

    def feed(self, tokens: NDArray[np.int64]) -> NDArray[np.float32]:
        """Append (B, n) tokens and return the logits (B, vocabulary) behind the last of them."""
        session = self._model.decoder.session
        binding = session.io_binding()
        binding.bind_cpu_input("tokens", np.ascontiguousarray(tokens))
        binding.bind_cpu_input("offset", np.array(self._offset, np.int64))
        binding.bind_ortvalue_input("in_n_layer_self_k_cache", self._caches[0])
        binding.bind_ortvalue_input("in_n_layer_self_v_cache", self._caches[1])
        binding.bind_ortvalue_input("n_layer_cross_k", self._cross[0])
        binding.bind_ortvalue_input("n_layer_cross_v", self._cross[1])
        binding.bind_output("logits", "cpu")
        binding.bind_output("out_n_layer_self_k_cache", self._model.decoder.device)
        binding.bind_output("out_n_layer_self_v_cache", self._model.decoder.device)
        session.run_with_iobinding(binding)
        logits, k_cache, v_cache = binding.get_outputs()
        self._caches = (k_cache, v_cache)
        self._offset += tokens.shape[1]
        last: NDArray[np.float32] = logits.numpy()[:, -1]
        return last

    def keep(self, rows: NDArray[np.int64]) -> None:
        """Go on with these rows only. Copies every cache: call it when it pays."""
        k_cache, v_cache = (self._on_device(cache.numpy()[:, rows]) for cache in self._caches)
        self._caches = (k_cache, v_cache)
        cross_k, cross_v = (self._on_device(cross.numpy()[:, rows]) for cross in self._cross)
        self._cross = (cross_k, cross_v)

    def _on_device(self, array: NDArray[np.float32]) -> ort.OrtValue:
        contiguous = np.ascontiguousarray(array)
        return ort.OrtValue.ortvalue_from_numpy(contiguous, self._model.decoder.device)
