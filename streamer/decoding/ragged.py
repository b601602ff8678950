"""The contract of rows that know their lengths, on any model family.

`streamer/families/cohere/export/ragged.py` says what it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from streamer.decoding.features import Features, padded
from streamer.decoding.request import Request
from streamer.models.errors import ModelError
from streamer.onnx.providers import Device
from streamer.onnx.sessions import Graph
from streamer.onnx.signature import Signature, check

_INT64, _FLOAT = "tensor(int64)", "tensor(float)"
_ATTENTION = "cross_attention"
_CACHE = (_FLOAT, ("*batch", "heads", "*columns", "head size"))

Caches = list[NDArray[np.float32]]
"""Keys and values layer by layer: k of layer 0, v of layer 0, k of layer 1, …"""


@dataclass(frozen=True, slots=True)
class Encoded:
    """What the decoder needs of one clip: caches of (heads, S, size), S frames each."""

    cross: Caches
    frames: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What one decoder call says of each token.

    That is the choice behind it, that choice's log-probability, both (B, n), and the token's own
    keys and values, (B, heads, n, size) each; `attention` (B, n, S), where it was asked for, is how
    much of the cross-attention lies on each frame.
    """

    chosen: NDArray[np.int64]
    log_probability: NDArray[np.float32]
    new: Caches
    attention: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True)
class RaggedDecoder:
    """The decoder's graph and the sizes read from it."""

    graph: Graph
    layers: int
    heads: int
    head_size: int
    positions: int
    """The prompt and the output must fit."""
    vocabulary: int

    @staticmethod
    def recognises(graph: Graph) -> bool:
        """Tell this contract from others by the decoder's inputs."""
        return "past_lengths" in graph.inputs

    @classmethod
    def of(cls, graph: Graph) -> RaggedDecoder:
        """Check the graph. Raises ModelError that lists what does not fit."""
        layers = sum(name.startswith("self_k_") for name in graph.inputs)
        each = (_INT64, ("*batch", "*tokens"))
        lengths = (_INT64, ("*batch",))
        inputs: Signature = {
            "tokens": each,
            "past_lengths": lengths,
            "cross_lengths": lengths,
            **dict.fromkeys(pair_names("self", layers), _CACHE),
            **dict.fromkeys(pair_names("cross", layers), _CACHE),
        }
        outputs: Signature = {
            "chosen": each,
            "log_probability": (_FLOAT, ("*batch", "*tokens")),
            **dict.fromkeys(pair_names("new", layers), _CACHE),
            "logits": (_FLOAT, ("*batch", "*tokens", "vocabulary")),
        }
        sizes = check(graph, inputs, outputs)
        positions = graph.metadata.get("streamer.positions", "")
        if not positions.isdecimal():
            raise ModelError(f"{graph.path} does not say how many positions it has")
        return cls(
            graph=graph,
            layers=layers,
            heads=sizes["heads"],
            head_size=sizes["head size"],
            positions=int(positions),
            vocabulary=sizes["vocabulary"],
        )

    @property
    def aligns(self) -> bool:
        """Whether it can tell where it looks."""
        return _ATTENTION in self.graph.outputs

    def decode(
        self,
        tokens: NDArray[np.int64],
        past_lengths: NDArray[np.int64],
        cross_lengths: NDArray[np.int64],
        self_attention: Caches,
        cross_attention: Caches,
        *,
        aligned: bool = False,
    ) -> Answer:
        """Call the decoder with (B, n) tokens; the caches have B rows.

        `aligned` asks for the attention, which only graphs that align have.
        """
        feed = {
            "tokens": tokens,
            "past_lengths": past_lengths,
            "cross_lengths": cross_lengths,
            **dict(zip(pair_names("self", self.layers), self_attention, strict=True)),
            **dict(zip(pair_names("cross", self.layers), cross_attention, strict=True)),
        }
        wanted = ["chosen", "log_probability", *pair_names("new", self.layers)]
        wanted += [_ATTENTION] if aligned else []
        outputs = [np.asarray(output) for output in self.graph.session.run(wanted, feed)]
        attention = outputs.pop() if aligned else None
        chosen, log_probability, *new = outputs
        return Answer(chosen, log_probability, new, attention)

    def try_once(self, prompt: Sequence[int], encoded: Encoded) -> None:
        """Run the graph; raises the runtime's errors."""
        nothing = np.zeros((1, self.heads, 1, self.head_size), np.float32)
        self.decode(
            np.array([prompt], np.int64),
            np.zeros(1, np.int64),
            np.array([encoded.frames]),
            [nothing] * (2 * self.layers),
            [np.ascontiguousarray(layer[np.newaxis]) for layer in encoded.cross],
        )


class ClipEncoder(Protocol):
    """Audio to cross-attention keys and values."""

    @property
    def device(self) -> Device:
        """Where it runs: a CPU encodes clip by clip, a GPU several together."""
        ...

    def length(self, request: Request) -> int:
        """How many frames a request's features have."""
        ...

    def encode(self, requests: Sequence[Request]) -> Sequence[Encoded]:
        """Encode clips of whatever lengths in one call. Several threads may call at once."""
        ...


class RaggedEncoder:
    """The encoder's graph, and what makes its input."""

    def __init__(self, graph: Graph, features: Features, layers: int) -> None:
        """Check the graph. Raises ModelError that lists what does not fit."""
        bins = features.bins
        cross = dict.fromkeys(pair_names("cross", layers), _CACHE)
        inputs: Signature = {
            features.name: (_FLOAT, ("*batch", *bins, "*frames")),
            features.lengths_name: (_INT64, ("*batch",)),
        }
        check(graph, inputs, {**cross, "encoded_lengths": (_INT64, ("*batch",))})
        self._graph = graph
        self._features = features
        self._outputs = [*cross, "encoded_lengths"]

    @property
    def device(self) -> Device:
        """Where it runs."""
        return self._graph.device

    def length(self, request: Request) -> int:
        """How many frames a request's features have."""
        return self._features.length(request)

    def encode(self, requests: Sequence[Request]) -> list[Encoded]:
        """Encode clips in one call, shorter ones padded."""
        arrays = [self._features.make(request) for request in requests]
        longest = max(array.shape[-1] for array in arrays)
        batch, lengths = padded(arrays, len(arrays), longest)
        feed = {self._features.name: batch, self._features.lengths_name: lengths}
        outputs = self._graph.session.run(self._outputs, feed)
        *cross, frames = (np.asarray(output) for output in outputs)
        return [
            Encoded([layer[row, :, :count] for layer in cross], count)
            for row, count in enumerate(frames.tolist())
        ]


def pair_names(kind: str, layers: int) -> list[str]:
    """Name keys and values layer by layer: kind_k_0, kind_v_0, kind_k_1 and so on."""
    return [f"{kind}_{part}_{layer}" for layer in range(layers) for part in "kv"]
