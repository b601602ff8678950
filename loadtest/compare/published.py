"""Where the published contract of a model's weights lies: other runtimes know no other."""

from __future__ import annotations

from pathlib import Path

PUBLISHED = Path(__file__).parents[2] / "tests" / "models" / "published"


def published_folder(model: Path) -> Path:
    """The same weights as in `model`, a folder that bears the name of one of ours."""
    return PUBLISHED / model.name
