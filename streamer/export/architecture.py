"""Which model a Hugging Face checkpoint folder holds."""

from __future__ import annotations

import json
from pathlib import Path

from streamer.export.errors import ExportError


def architecture_of(checkpoint: Path) -> str:
    """Return the `model_type` of a folder's config.json. Raises ExportError where there is none."""
    try:
        config = json.loads((checkpoint / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ExportError(f"{checkpoint} is no checkpoint: {error}") from error
    return str(config.get("model_type")) if isinstance(config, dict) else "nameless"
