"""A report: JSON on standard output, and in a file where that was asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def tell(report: dict[str, Any], path: Path | None) -> None:
    """Print it, and write it."""
    text = json.dumps(report, indent=2)
    print(text)
    if path is not None:
        path.write_text(text + "\n", encoding="utf-8")
