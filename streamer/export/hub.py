"""Checkpoints of the Hugging Face hub, fetched with its own client."""

from __future__ import annotations

import re
from pathlib import Path

from streamer.export.errors import ExportError

FILES = ("*.json", "*.safetensors", "*.txt", "*.model")
"""What an exporter reads: configuration, weights and tokenizer. Code of others is none of it."""

_REPOSITORY = re.compile(r"(?P<name>\w[\w.-]*/[\w.-]+)(@(?P<revision>[\w.-]+))?")


def checkpoint_folder(checkpoint: str) -> Path:
    """Return a folder, or fetch OWNER/NAME or OWNER/NAME@REVISION; raises ExportError."""
    folder = Path(checkpoint)
    if folder.is_dir():
        return folder
    found = _REPOSITORY.fullmatch(checkpoint)
    if found is None:
        raise ExportError(f"{checkpoint} is not a folder, nor OWNER/NAME on the Hugging Face hub")
    from huggingface_hub import snapshot_download  # comes with transformers

    try:
        return Path(
            snapshot_download(found["name"], revision=found["revision"], allow_patterns=list(FILES))
        )
    except Exception as error:  # its HTTP library's too, whichever that is
        told = f"{checkpoint} cannot be had from the Hugging Face hub: {error}"
        raise ExportError(told) from error
