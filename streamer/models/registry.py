"""The models that streamer knows by name, and where their files lie."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from streamer.models.assets import find
from streamer.models.catalogue import ASSETS
from streamer.models.errors import ModelError
from streamer.models.places import pulled_folder

AUTO = "auto"
"""Moonshine where it can be had, else the embedded model; see `default_folder`."""
EMBEDDED = "embedded"
EMBEDDED_SUMMARY = "the small English demonstration model inside this package"


@dataclass(frozen=True, slots=True)
class PinnedFile:
    """A file of a published model: its name there, its size in bytes, its SHA-256 in hex."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class HubModel:
    """A model on the Hugging Face hub, at one revision."""

    name: str
    summary: str
    repository: str
    revision: str
    files: tuple[PinnedFile, ...]


COHERE_INT8 = HubModel(
    name="cohere-int8",
    summary="Cohere Transcribe 03-2026 (2B parameters, 14 languages), INT8 for CPUs",
    # The export that sherpa-onnx publishes (its pull request 3453). Revision, sizes and checksums
    # are as several public projects pin them, independently of each other.
    repository="csukuangfj2/sherpa-onnx-cohere-transcribe-14-lang-int8-2026-04-01",
    revision="156a470cf08eefe706a0004f3c52d9ee567ca7a0",
    files=(
        PinnedFile(
            "encoder.int8.onnx",
            3_090_822,
            "cf704f8cfa90e3f0a76f9ffc05998bdf00ba9ae983192c14a85a3a5eb008b367",
        ),
        PinnedFile(
            "encoder.int8.onnx.data",
            2_731_503_072,
            "bcf1b7148c8518ae52df1ad2d2fc2b4e89261ea23e6c874eef1d9f55bcbaa4a3",
        ),
        PinnedFile(
            "decoder.int8.onnx",
            153_250_705,
            "8372ca6c8ff4db8b916ca3592f5c757a715e691b9edec751ba19b29fc854baf9",
        ),
        PinnedFile(
            "tokens.txt",
            207_437,
            "013ede043ae2480e3a9205cc34550d9686100cc682bacc90f702facdfbb93035",
        ),
    ),
)

PUBLISHED = {model.name: model for model in (COHERE_INT8,)}


def embedded_folder() -> Path:
    """Where the package holds the demonstration model."""
    return Path(__file__).parent / EMBEDDED


def resolve(model: str) -> Path:
    """Find the folder that a `--model` value means: the embedded model, a known name, or a path.

    Raises ModelError for a known model that was not pulled yet or is damaged, and for what is
    neither a known name nor a folder.
    """
    if model == EMBEDDED:
        return embedded_folder()
    served = {name: asset for name, asset in ASSETS.items() if asset.transcribes}
    if model in served:
        return find(served[model])
    if model in PUBLISHED:
        folder = pulled_folder(model)
        if folder.is_dir():
            return folder
        raise ModelError(f"{model} is not on this machine yet: `streamer models pull {model}`")
    folder = Path(model).expanduser()
    if folder.is_dir():
        return folder
    known = ", ".join([AUTO, EMBEDDED, *served, *PUBLISHED])
    raise ModelError(f"{model} is neither a folder nor a model that streamer knows ({known})")
