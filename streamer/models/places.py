"""Where models that were brought here are kept."""

from __future__ import annotations

from pathlib import Path

import platformdirs

SAMPLE = Path(__file__).parent / "sample" / "sample.flac"
"""A recording that comes with the package."""


def pulled_folder(name: str) -> Path:
    """Where a published model is kept on this machine, pulled or not."""
    try:
        return platformdirs.user_data_path("streamer") / "models" / name
    except RuntimeError:
        # A user without a home, as in some containers: what lies there for all is all there is.
        return shared_folder(name)


def shared_folder(name: str) -> Path:
    """Where a published model may lie for all users of a machine, or in an image."""
    return platformdirs.site_data_path("streamer") / "models" / name
