"""The model families that streamer knows, in the order in which they are asked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from streamer.decoding.step_engine import StepEngine
from streamer.families.base import ModelFamily
from streamer.families.cohere.family import CohereFamily
from streamer.families.moonshine.family import MoonshineFamily
from streamer.models.errors import ModelError
from streamer.onnx.providers import Provider

FAMILIES: Sequence[ModelFamily] = (MoonshineFamily(), CohereFamily())


def load_model(
    folder: Path,
    *,
    provider: Provider = "auto",
    threads: int = 0,
    families: Sequence[ModelFamily] = FAMILIES,
) -> StepEngine:
    """Load the model of a folder, of whichever family it is.

    Raises ModelError, with what is wrong, for a folder that cannot be served.
    """
    if not folder.is_dir():
        raise ModelError(f"{folder} is not a folder")
    family = next((one for one in families if one.recognises(folder)), families[-1])
    return family.load(folder, provider=provider, threads=threads)
