"""From a Hugging Face checkpoint folder to a model folder: what `streamer export` does."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from transformers import AutoTokenizer, MoonshineForConditionalGeneration

from streamer.export.errors import ExportError
from streamer.families.moonshine.export.writing import write_graphs, write_resident
from streamer.families.moonshine.tokenizer import CONTROL, Tokenizer

ARCHITECTURE = "moonshine"
_BYTE = re.compile(r"<0x([0-9A-F]{2})>")


def export_checkpoint(
    checkpoint: Path, out: Path, *, precision: str = "fp32", language: str = "en"
) -> None:
    """Export a `moonshine` folder (config.json, safetensors, tokenizer) into the folder `out`.

    "int8" is made for CPUs, "fp16" for GPUs. The checkpoint does not say its language. Raises
    ExportError, and ModelError for a vocabulary of another layout.
    """
    try:
        model = MoonshineForConditionalGeneration.from_pretrained(checkpoint, dtype=torch.float32)
        tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    except (OSError, ValueError, RuntimeError) as error:
        raise ExportError(f"{checkpoint} cannot be loaded: {error}") from error
    size = min(model.config.vocab_size, len(tokenizer))
    pieces: list[str] = tokenizer.convert_ids_to_tokens(list(range(size)))
    control = {str(token) for token in tokenizer.added_tokens_decoder.values()}
    out.mkdir(parents=True, exist_ok=True)
    vocabulary = out / "tokenizer.bin"
    vocabulary.write_bytes(b"".join(_written(pieces, control)))
    Tokenizer.from_file(vocabulary)
    name = checkpoint.resolve().name
    if precision == "fp16":
        write_resident(model, out, name=name, language=language)
    else:
        write_graphs(model, out, name=name, language=language, int8=precision == "int8")


def _written(pieces: Sequence[str], control: set[str]) -> Iterator[bytes]:
    """Yield each token with its length before it; control tokens are no text, but for the first."""
    for place, piece in enumerate(pieces):
        byte = _BYTE.fullmatch(piece)
        if byte:
            token = bytes.fromhex(byte[1])
        elif place >= len(CONTROL) and piece in control:
            token = b""
        else:
            token = piece.encode()
        yield _length(len(token)) + token


def _length(size: int) -> bytes:
    return bytes([size]) if size < 128 else bytes([128 + size % 128, size // 128])
