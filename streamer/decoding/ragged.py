"""Our own contract: rows that know their lengths. `streamer/export/own.py` says what it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamer.families.cohere.features import HOP, MEL_BINS
from streamer.models.errors import ModelError
from streamer.onnx.sessions import Graph
from streamer.onnx.signature import Signature, check

_INT64, _FLOAT = "tensor(int64)", "tensor(float)"
_ATTENTION = "cross_attention"

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
class RaggedModel:
    """Both graphs and the sizes read from them."""

    encoder: Graph
    decoder: Graph
    layers: int
    heads: int
    head_size: int
    positions: int
    """The prompt and the output must fit."""
    vocabulary: int
    frame_samples: int | None
    """Samples from one encoder frame to the next; None where the graphs cannot align."""

    @staticmethod
    def recognises(decoder: Graph) -> bool:
        """Tell this contract from others by the decoder's inputs."""
        return "past_lengths" in decoder.inputs

    @classmethod
    def of(cls, encoder: Graph, decoder: Graph) -> RaggedModel:
        """Check both graphs. Raises ModelError that lists what does not fit."""
        layers = sum(name.startswith("self_k_") for name in decoder.inputs)
        cache = (_FLOAT, ("*batch", "heads", "*columns", "head size"))
        cross = dict.fromkeys(pair_names("cross", layers), cache)
        encoder_inputs: Signature = {
            "mel": (_FLOAT, ("*batch", MEL_BINS, "*frames")),
            "mel_lengths": (_INT64, ("*batch",)),
        }
        decoder_inputs: Signature = {
            "tokens": (_INT64, ("*batch", "*tokens")),
            "past_lengths": (_INT64, ("*batch",)),
            "cross_lengths": (_INT64, ("*batch",)),
            **dict.fromkeys(pair_names("self", layers), cache),
            **cross,
        }
        decoder_outputs: Signature = {
            "chosen": (_INT64, ("*batch", "*tokens")),
            "log_probability": (_FLOAT, ("*batch", "*tokens")),
            **dict.fromkeys(pair_names("new", layers), cache),
            "logits": (_FLOAT, ("*batch", "*tokens", "vocabulary")),
        }
        check(encoder, encoder_inputs, {**cross, "encoded_lengths": (_INT64, ("*batch",))})
        sizes = check(decoder, decoder_inputs, decoder_outputs)
        positions = decoder.metadata.get("streamer.positions", "")
        if not positions.isdecimal():
            raise ModelError(f"{decoder.path} does not say how many positions it has")
        subsampling = encoder.metadata.get("streamer.subsampling", "")
        aligns = subsampling.isdecimal() and _ATTENTION in decoder.outputs
        return cls(
            encoder=encoder,
            decoder=decoder,
            layers=layers,
            heads=sizes["heads"],
            head_size=sizes["head size"],
            positions=int(positions),
            vocabulary=sizes["vocabulary"],
            frame_samples=HOP * int(subsampling) if aligns else None,
        )

    def encode(self, mels: Sequence[NDArray[np.float32]]) -> Iterator[Encoded]:
        """Encode clips of (128, V) frames, of whatever lengths, in one call."""
        lengths = np.array([mel.shape[1] for mel in mels], np.int64)
        batch = np.zeros((len(mels), MEL_BINS, int(lengths.max())), np.float32)
        for row, mel in enumerate(mels):
            batch[row, :, : mel.shape[1]] = mel
        outputs = self.encoder.session.run(
            [*pair_names("cross", self.layers), "encoded_lengths"],
            {"mel": batch, "mel_lengths": lengths},
        )
        *cross, frames = (np.asarray(output) for output in outputs)
        for row, count in enumerate(frames.tolist()):
            yield Encoded([layer[row, :, :count] for layer in cross], count)

    def decode(
        self,
        tokens: NDArray[np.int64],
        past_lengths: NDArray[np.int64],
        cross_lengths: NDArray[np.int64],
        own: Caches,
        cross: Caches,
        *,
        aligned: bool = False,
    ) -> Answer:
        """Call the decoder with (B, n) tokens; the caches have B rows.

        `aligned` asks for the attention, which only graphs with `frame_samples` have.
        """
        feed = {
            "tokens": tokens,
            "past_lengths": past_lengths,
            "cross_lengths": cross_lengths,
            **dict(zip(pair_names("self", self.layers), own, strict=True)),
            **dict(zip(pair_names("cross", self.layers), cross, strict=True)),
        }
        wanted = ["chosen", "log_probability", *pair_names("new", self.layers)]
        wanted += [_ATTENTION] if aligned else []
        outputs = [np.asarray(output) for output in self.decoder.session.run(wanted, feed)]
        attention = outputs.pop() if aligned else None
        chosen, log_probability, *new = outputs
        return Answer(chosen, log_probability, new, attention)

    def try_once(self, prompt: Sequence[int]) -> None:
        """Run both graphs, on nothing; raises the runtime's errors."""
        (clip,) = self.encode([np.zeros((MEL_BINS, 16), np.float32)])
        nothing = np.zeros((1, self.heads, 1, self.head_size), np.float32)
        self.decode(
            np.array([prompt], np.int64),
            np.zeros(1, np.int64),
            np.array([clip.frames]),
            [nothing] * (2 * self.layers),
            [np.ascontiguousarray(layer[np.newaxis]) for layer in clip.cross],
        )


def pair_names(kind: str, layers: int) -> list[str]:
    """Name keys and values layer by layer: kind_k_0, kind_v_0, kind_k_1 and so on."""
    return [f"{kind}_{part}_{layer}" for layer in range(layers) for part in "kv"]
