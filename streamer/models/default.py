"""Which model serves where none is named, and which detector finds speech."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from streamer.models.assets import find
from streamer.models.bringing import bring
from streamer.models.catalogue import MOONSHINE, SILERO
from streamer.models.errors import AssetDamagedError, ModelError, PullError
from streamer.models.progress import Progress, no_progress
from streamer.models.registry import embedded_folder

FETCH_LIMIT_S = 120.0
"""After which a start goes on without the files: a server that is never ready helps nobody."""


def default_folder(tell: Callable[[str], None], progress: Progress = no_progress) -> Path:
    """Return the folder of Moonshine, fetched if need be; else that of the embedded model.

    `tell` is given a sentence before anything is fetched, and one where that does not succeed.
    """
    try:
        return find(MOONSHINE)
    except ModelError as error:
        again = "anew" if isinstance(error, AssetDamagedError) else "once"
        tell(f"{error}. Fetching its files {again} ({MOONSHINE.size / 1e6:.0f} MB) ...")
    try:
        return bring(MOONSHINE, progress=progress, limit_s=FETCH_LIMIT_S)
    except PullError as error:
        tell(
            f"{error}. Going on with the small demonstration model inside this package, "
            "which hears people badly."
        )
        return embedded_folder()


def detector_folder(
    tell: Callable[[str], None], progress: Progress = no_progress, *, fetch: bool
) -> Path | None:
    """Return the folder of Silero's detector, fetched where asked; None where it is not to be had.

    `tell` is given a sentence before anything is fetched, and one where there will be none.
    """
    try:
        return find(SILERO)
    except ModelError as error:
        problem: ModelError | PullError = error
    if fetch:
        tell(f"{problem}. Fetching its files once ({SILERO.size / 1e6:.1f} MB) ...")
        try:
            return bring(SILERO, progress=progress, limit_s=FETCH_LIMIT_S)
        except PullError as error:
            problem = error
    tell(f"{problem}. Going on with WebRTC's detector, which takes much noise for speech.")
    return None
