"""Both graphs of a Moonshine model, called as plainly as can be."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

END = 2
FOLDER_KEY = "session.model_external_initializers_file_folder_path"
Array = NDArray[Any]


def noise(n: int) -> NDArray[np.float32]:
    """Make (n,) samples of noise, for each n always the same."""
    return (0.1 * np.random.default_rng(n).standard_normal(n)).astype(np.float32)


def session(graph: Path, weights: Path | None = None) -> ort.InferenceSession:
    """Load a graph, or a skeleton over the files in a folder."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    if weights is not None:
        options.add_session_config_entry(FOLDER_KEY, str(weights))
    return ort.InferenceSession(graph.read_bytes(), options, providers=["CPUExecutionProvider"])


class Graphs:
    """An encoder and a decoder."""

    def __init__(self, encoder: ort.InferenceSession, decoder: ort.InferenceSession) -> None:
        self.encoder = encoder
        self.decoder = decoder
        self.layers = sum(i.name.startswith("self_k_") for i in decoder.get_inputs())
        (cache,) = (i for i in decoder.get_inputs() if i.name == "self_k_0")
        self.heads, self.size = int(cache.shape[1]), int(cache.shape[3])

    @classmethod
    def of(cls, folder: Path, end: str = ".onnx") -> Graphs:
        return cls(session(folder / f"encoder{end}"), session(folder / f"decoder{end}"))

    def encode(self, clips: Sequence[NDArray[np.float32]]) -> tuple[list[Array], Array]:
        """Encode clips, padded with rubbish, in one call: caches, and the frames of each."""
        lengths = np.array([len(clip) for clip in clips])
        batch = noise(len(clips) * int(lengths.max())).reshape(len(clips), -1)
        for row, clip in enumerate(clips):
            batch[row, : len(clip)] = clip
        feed = {"samples": batch, "sample_lengths": lengths}
        *cross, frames = (np.asarray(output) for output in self.encoder.run(None, feed))
        return cross, frames

    def decode(
        self, tokens: Array, past: Array, frames: Array, own: Sequence[Array], cross: list[Array]
    ) -> dict[str, Array]:
        """Call the decoder once."""
        feed: dict[str, Array] = {
            "tokens": tokens,
            "past_lengths": past,
            "cross_lengths": frames,
            **dict(zip(self._names("self"), own, strict=True)),
            **dict(zip(self._names("cross"), cross, strict=True)),
        }
        names = [output.name for output in self.decoder.get_outputs()]
        outputs = self.decoder.run(names, feed)
        return {name: np.asarray(o) for name, o in zip(names, outputs, strict=True)}

    def heard(self, clips: Sequence[NDArray[np.float32]], most: int) -> list[tuple[int, ...]]:
        """Decode clips together and greedily, at most so many tokens, the end token included."""
        cross, frames = self.encode(clips)
        rows = len(clips)
        own = [self.rubbish(rows, most + 1) for _ in range(2 * self.layers)]
        tokens = np.ones((rows, 1), np.int64)
        chosen: list[Array] = []
        for past in range(most):
            answer = self.decode(tokens, np.full(rows, past), frames, own, cross)
            for cache, name in zip(own, self._names("new"), strict=True):
                cache[:, :, past : past + 1] = answer[name]
            tokens = answer["chosen"]
            chosen.append(tokens[:, 0])
        return [_until_end(row) for row in np.stack(chosen, axis=1).tolist()]

    def rubbish(self, rows: int, columns: int) -> NDArray[np.float32]:
        """Make a cache of which nothing may be looked at."""
        shape = (rows, self.heads, columns, self.size)
        return np.random.default_rng(5).normal(0, 100, shape).astype(np.float32)

    def _names(self, kind: str) -> list[str]:
        return [f"{kind}_{part}_{layer}" for layer in range(self.layers) for part in "kv"]


def _until_end(tokens: list[int]) -> tuple[int, ...]:
    return tuple(tokens[: tokens.index(END)] if END in tokens else tokens)
