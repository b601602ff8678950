"""Bringing an asset onto this machine, and taking it away."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from streamer.models.assets import Asset, find
from streamer.models.errors import ModelError, StoreError
from streamer.models.installing import install, require_space
from streamer.models.progress import Progress, no_progress
from streamer.models.sources import opened
from streamer.models.wheels import fetch


def bring(
    asset: Asset,
    source: Path | None = None,
    progress: Progress = no_progress,
    *,
    limit_s: float | None = None,
) -> Path:
    """Make sure that the asset's members are on this machine; return their folder.

    From its wheel, which the user's package index gives, or which is `source` (also a folder that
    holds the members). What is there already and right stays as it is. Fetching takes `limit_s` at
    most, or as long as it takes. Raises PullError.
    """
    if source is not None:
        with opened(source) as members:
            install(asset, members, progress)
        return asset.folder
    try:
        return find(asset)
    except ModelError:
        with tempfile.TemporaryDirectory(prefix="streamer-") as temporary:
            require_space(Path(temporary), asset.size)
            with opened(fetch(asset, Path(temporary), progress, limit_s)) as members:
                install(asset, members, progress)
    return asset.folder


def remove(folder: Path) -> bool:
    """Delete the folder of a model that was brought, and tell whether it was there.

    Raises StoreError.
    """
    if not folder.is_dir():
        return False
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise StoreError(f"{folder} cannot be removed: {error.strerror}") from error
    return True
