"""From a Hugging Face checkpoint folder to a model folder: what `streamer export` does."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Literal

import torch
from transformers import AutoTokenizer, CohereAsrForConditionalGeneration

from streamer.export.architecture import architecture_of
from streamer.export.errors import ExportError
from streamer.export.writing import BOTH
from streamer.families.cohere.export.published import export_published
from streamer.families.cohere.export.ragged import export_ragged
from streamer.families.cohere.export.resident import export_resident
from streamer.families.cohere.tokenizer import Tokenizer

Contract = Literal["own", "published"]
Precision = Literal["fp32", "fp16", "int8"]

ARCHITECTURE = "cohere_asr"


def export_checkpoint(
    checkpoint: Path,
    out: Path,
    *,
    contract: Contract = "own",
    precision: Precision = "fp32",
    name: str | None = None,
) -> None:
    """Export a `cohere_asr` folder (config.json, safetensors, tokenizer) into the folder `out`.

    "own" is the contract that this engine is fastest with; "published" is what sherpa-onnx runs.
    "int8" is made for CPUs; company does not change what a clip is heard as. "fp16" is made for
    GPUs, and only our own contract has it. The model's name is the folder's unless one is given.
    Raises ExportError, and ModelError for a vocabulary of another family.
    """
    _check(checkpoint)
    if precision == "fp16" and contract != "own":
        raise ExportError("fp16 is there in our own contract only")
    try:
        model = CohereAsrForConditionalGeneration.from_pretrained(checkpoint, dtype=torch.float32)
    except (OSError, ValueError, RuntimeError) as error:
        raise ExportError(f"{checkpoint} cannot be loaded: {error}") from error
    export = export_ragged if contract == "own" else export_published
    with tempfile.TemporaryDirectory() as temporary:
        tokens = checkpoint / "tokens.txt"
        if not tokens.is_file():
            tokens = Path(temporary) / "tokens.txt"
            write_tokens(checkpoint, model.config.vocab_size, tokens)
        Tokenizer.from_file(tokens)
        name = name or checkpoint.resolve().name
        if precision == "fp16":
            export_resident(model, tokens, out, name=name)
            return
        export(
            model,
            tokens,
            out,
            half_storage=False,
            int8=BOTH if precision == "int8" else (),
            name=name,
        )


def write_tokens(checkpoint: Path, size: int, path: Path) -> None:
    """Write the checkpoint's vocabulary as `tokens.txt`: one `piece id` a line, raw pieces."""
    try:
        tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    except (OSError, ValueError) as error:
        raise ExportError(f"{checkpoint} has no readable tokenizer: {error}") from error
    pieces = tokenizer.convert_ids_to_tokens(list(range(min(size, len(tokenizer)))))
    lines = [f"{piece} {i}\n" for i, piece in enumerate(pieces)]
    path.write_text("".join(lines), encoding="utf-8", newline="\n")


def _check(checkpoint: Path) -> None:
    kind = architecture_of(checkpoint)
    if kind != ARCHITECTURE:
        raise ExportError(f"{checkpoint} holds a {kind} model, not a {ARCHITECTURE} one")
