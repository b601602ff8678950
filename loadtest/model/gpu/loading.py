"""The exported graphs on a device, and a batcher over them."""

from __future__ import annotations

from pathlib import Path

from loadtest.errors import CommandError
from streamer.decoding.resident import ResidentModel
from streamer.families.cohere.mel_features import MelFeatures
from streamer.families.cohere.tokenizer import Tokenizer
from streamer.onnx.providers import Device
from streamer.onnx.sessions import Graph


def load(folder: Path, device: Device, *, captured: bool = False) -> ResidentModel:
    """Load both graphs. Raises CommandError where the runtime fell back to another device."""
    encoder = Graph(folder / "encoder.onnx", device, 0)
    decoder = Graph(folder / "decoder.onnx", device, 0, captured=captured and device == "cuda")
    if {encoder.device, decoder.device} != {device}:
        raise CommandError(f"ONNX Runtime does not run on {device} here: it fell back to the CPU")
    return ResidentModel.of(encoder, decoder, MelFeatures())


def prompt_of(folder: Path) -> list[int]:
    """The decoder's prompt."""
    return Tokenizer.from_file(folder / "tokens.txt").prompt("en", punctuation=True)
