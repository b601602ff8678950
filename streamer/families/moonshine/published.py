"""The contract of pairs of `.ort` files, as Moonshine's vendor publishes them.

encoder: input_values (B, n) f32 -> last_hidden_state (B, S, d) f32
decoder: input_ids (B, t) i64, encoder_hidden_states (B, S, d) f32, use_cache_branch (1) bool,
    past_key_values.L.{decoder,encoder}.{key,value} (B, heads, past or S, size) f32
    -> logits (B, t, vocabulary) f32, present.… as the pasts

The graphs know no lengths, so that rows would have to be equally long and old to share a call; here
each has its own. Without the cache branch the pasts are ignored, with it the keys and values of the
encoder come out empty: those of the first call stay.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from streamer.decoding.greedy import decode_greedily
from streamer.decoding.request import Decoded, Request
from streamer.families.moonshine.sample_features import SampleFeatures
from streamer.onnx.sessions import Graph
from streamer.onnx.signature import Signature, check

ENCODER, DECODER = "encoder_model.ort", "decoder_model_merged.ort"
ROWS = 4
"""Clips that wait for their turn, one after the other."""
_INT64, _FLOAT = "tensor(int64)", "tensor(float)"
_CACHE = (_FLOAT, ("*batch", "heads", "*columns", "head size"))


def is_pair(folder: Path) -> bool:
    """Tell whether a folder holds files of this contract, or of any names that say so."""
    return (folder / ENCODER).is_file() and (folder / DECODER).is_file()


@dataclass(frozen=True, slots=True)
class PublishedModel:
    """Both graphs and the sizes read from them."""

    encoder: Graph
    decoder: Graph
    features: SampleFeatures
    end: int
    heads: int
    head_size: int
    vocabulary: int
    pasts: tuple[str, ...]
    """The decoder's inputs that go on from call to call, as `past_key_values.` begins them all."""

    @classmethod
    def of(
        cls, encoder: Graph, decoder: Graph, features: SampleFeatures, end: int
    ) -> PublishedModel:
        """Check both graphs. Raises ModelError that lists what does not fit."""
        hidden = (_FLOAT, ("*batch", "*frames", "*width"))
        check(
            encoder,
            {"input_values": (_FLOAT, ("*batch", "*samples"))},
            {"last_hidden_state": hidden},
        )
        pasts = tuple(name for name in decoder.inputs if name.startswith(_PAST))
        inputs: Signature = {
            "input_ids": (_INT64, ("*batch", "*tokens")),
            "encoder_hidden_states": hidden,
            **dict.fromkeys(pasts, _CACHE),
            "use_cache_branch": ("tensor(bool)", ("*one",)),
        }
        presents: Signature = dict.fromkeys(map(_present, pasts), _CACHE_OUT)
        logits = (_FLOAT, ("*batch", "*tokens", "vocabulary"))
        sizes = check(decoder, inputs, {"logits": logits, **presents})
        return cls(
            encoder=encoder,
            decoder=decoder,
            features=features,
            end=end,
            heads=sizes["heads"],
            head_size=sizes["head size"],
            vocabulary=sizes["vocabulary"],
            pasts=pasts,
        )

    def recognise(self, requests: Sequence[Request]) -> Iterator[tuple[int, Decoded]]:
        """Recognise clips, one after the other."""
        for place, request in enumerate(requests):
            most = len(request.prompt) + (request.max_tokens or 0)
            prompts = np.array([request.prompt], np.int64)
            for _, decoded in decode_greedily(self.encode(request), prompts, self.end, most):
                yield place, decoded

    def encode(self, request: Request) -> PublishedRow:
        """Start decoding a clip."""
        samples = self.features.make(request)[np.newaxis]
        (hidden,) = self.encoder.session.run(["last_hidden_state"], {"input_values": samples})
        return PublishedRow(self, np.asarray(hidden))


class PublishedRow:
    """The decoding state of one clip: the `Rows` of `decode_greedily`."""

    def __init__(self, model: PublishedModel, hidden: NDArray[np.float32]) -> None:
        nothing = np.zeros((1, model.heads, 1, model.head_size), np.float32)
        self._model = model
        self._hidden = hidden
        self._pasts = dict.fromkeys(model.pasts, nothing)
        self._begun = False

    def feed(self, tokens: NDArray[np.int64]) -> NDArray[np.float32]:
        """Append (1, n) tokens and return the logits (1, vocabulary) behind the last of them."""
        model = self._model
        kept = [name for name in model.pasts if not (self._begun and ".encoder." in name)]
        feed = {
            "input_ids": tokens,
            "encoder_hidden_states": self._hidden,
            "use_cache_branch": np.array([self._begun]),
            **self._pasts,
        }
        outputs = model.decoder.session.run(["logits", *map(_present, kept)], feed)
        logits, *presents = (np.asarray(output) for output in outputs)
        self._pasts |= dict(zip(kept, presents, strict=True))
        self._begun = True
        last: NDArray[np.float32] = logits[:, -1]
        return last

    def keep(self, rows: NDArray[np.int64]) -> None:
        """Go on with the only row."""


_PAST = "past_key_values."
_CACHE_OUT = (_FLOAT, ("*batch", "*heads", "*columns", "*head size"))


def _present(past: str) -> str:
    return past.replace(_PAST, "present.")
