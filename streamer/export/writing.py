"""Writing a model folder: the same for every contract."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import onnx
from torch import nn

from streamer.export.graph import save, store_as_half, take_weights
from streamer.export.int8 import quantise_by_calls, quantise_by_rows
from streamer.speech.clip import MAX_CLIP_S

Stem = Literal["encoder", "decoder"]
BOTH: tuple[Stem, ...] = ("encoder", "decoder")
MODEL_TYPE = "cohere-transcribe"
"""What sherpa-onnx looks for in an encoder's metadata."""


@dataclass(frozen=True, slots=True)
class FolderWriter:
    """How and under which name the graphs of one model are written to one folder."""

    folder: Path
    name: str
    demonstration: bool
    half_storage: bool
    """Keep weights as FP16 where that loses nothing. The graphs compute in FP32 either way."""
    int8: Collection[Stem]
    """Graphs that compute products with weights in integers."""
    max_seconds: float = MAX_CLIP_S
    """Of a clip, up to which the model is good."""

    def graph(
        self,
        stem: Stem,
        graph: onnx.ModelProto,
        module: nn.Module,
        arguments: Sequence[str],
        metadata: Mapping[str, str],
        *,
        one_clip: bool = False,
    ) -> None:
        """Write `stem`.onnx, or `stem`.int8.onnx: a traced structure with the module's weights.

        `one_clip` says that a call serves one clip, so that its rows may share a scale.
        """
        weights = take_weights(graph, module, arguments)
        int8 = stem in self.int8
        if int8:
            quantise = quantise_by_calls if one_clip else quantise_by_rows
            quantise(graph, weights)
        if self.half_storage:
            store_as_half(graph, weights)
        common = {
            "model_type": MODEL_TYPE,
            "streamer.name": self.name,
            "streamer.demonstration": "1" if self.demonstration else "0",
            "streamer.max_seconds": f"{self.max_seconds:g}",
        }
        path = self.folder / (f"{stem}.int8.onnx" if int8 else f"{stem}.onnx")
        self.folder.mkdir(parents=True, exist_ok=True)
        save(graph, weights, path, {**common, **metadata})

    def tokens(self, tokens: Path) -> None:
        """Copy the vocabulary."""
        if tokens.resolve() != (self.folder / "tokens.txt").resolve():
            shutil.copyfile(tokens, self.folder / "tokens.txt")
