"""Getting a published model onto this machine, with its checksums."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path

from streamer.models.errors import AssetDamagedError, AssetMissingError, ModelError, PullError
from streamer.models.folder import ModelFolder
from streamer.models.hub import fetch
from streamer.models.places import pulled_folder
from streamer.models.progress import Progress, no_progress
from streamer.models.registry import PUBLISHED, HubModel

CHECKSUMS = "SHA256SUMS"
"""Written beside the files, in the format of `sha256sum --check`."""

_CHUNK = 1 << 20


def pull(
    name: str, destination: Path, source: Path | None = None, progress: Progress = no_progress
) -> bool:
    """Bring a known model into the folder `destination`; tell whether its files are the published.

    From the hub they always are: each file is checked against the pinned checksum. With `source`, a
    folder of the user's own, they are copied as they are, and need only make up a model. Files that
    are there already and have the checksums of the last pull are left alone; what a broken download
    left is continued. Raises PullError.
    """
    try:
        model = PUBLISHED[name]
    except KeyError:
        raise PullError(f"no model {name} to pull; there is {', '.join(PUBLISHED)}") from None
    try:
        if source is None:
            _from_hub(model, destination, progress)
        else:
            _from_folder(source, destination, progress)
    except OSError as error:
        raise PullError(f"{name} could not be written to {destination}: {error}") from error
    published = {file.name: file.sha256 for file in model.files}
    return recorded(destination) == published


def verify(name: str) -> Path:
    """Check a pulled model by the checksums of its pull; return its folder. Raises ModelError."""
    folder = pulled_folder(name)
    if not folder.is_dir():
        raise AssetMissingError(f"{name} is not on this machine yet: `streamer models pull {name}`")
    checksums = recorded(folder) or {file.name: file.sha256 for file in PUBLISHED[name].files}
    wrong = [file for file, sha256 in checksums.items() if not _holds(folder / file, sha256)]
    if wrong:
        raise AssetDamagedError(
            f"{name} is not as it was pulled ({folder}: {', '.join(wrong)}); "
            f"`streamer models pull {name}` brings it anew"
        )
    return folder


def recorded(folder: Path) -> dict[str, str]:
    """Read the checksums of the last pull, by file name; empty where there was none."""
    try:
        lines = (folder / CHECKSUMS).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    pairs = (line.split("  ", 1) for line in lines if "  " in line)
    return {name: checksum for checksum, name in pairs}


def _from_hub(model: HubModel, destination: Path, progress: Progress) -> None:
    before = recorded(destination)
    partial = destination.with_name(f"{destination.name}.partial")
    wanted = {file.name: file.sha256 for file in model.files}
    missing = [
        file
        for file in model.files
        if before.get(file.name) != file.sha256 or not _holds(destination / file.name, file.sha256)
    ]
    if missing:
        partial.mkdir(parents=True, exist_ok=True)
        fetch(model, [file.name for file in missing], partial, progress)
        for file in missing:
            if not _holds(partial / file.name, file.sha256):
                (partial / file.name).unlink(missing_ok=True)
                raise PullError(
                    f"{file.name} arrived damaged (its SHA-256 is not that of the published file); "
                    "pull again"
                )
        destination.mkdir(parents=True, exist_ok=True)
        for file in missing:
            (partial / file.name).replace(destination / file.name)
        shutil.rmtree(partial)
    _record(destination, wanted)


def _from_folder(source: Path, destination: Path, progress: Progress) -> None:
    try:
        model = ModelFolder.find(source)
    except ModelError as error:
        raise PullError(str(error)) from error
    if source.resolve() == destination.resolve():
        raise PullError(f"{source} is where the model is to be brought; give another folder")
    graphs = (model.encoder, model.decoder)
    weights = [path for graph in graphs for path in sorted(source.glob(f"{graph.name}?data"))]
    partial = destination.with_name(f"{destination.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    files = [*graphs, *weights, model.tokens]
    checksums = {path.name: _copy(path, partial / path.name, progress) for path in files}
    _record(partial, checksums)
    shutil.rmtree(destination, ignore_errors=True)
    partial.replace(destination)


def _copy(source: Path, target: Path, progress: Progress) -> str:
    """Copy a file and return its SHA-256."""
    size, done, digest = source.stat().st_size, 0, hashlib.sha256()
    with source.open("rb") as read, target.open("wb") as write:
        while chunk := read.read(_CHUNK):
            write.write(chunk)
            digest.update(chunk)
            done += len(chunk)
            progress(source.name, done, size)
    return digest.hexdigest()


def _holds(path: Path, sha256: str) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256


def _record(folder: Path, checksums: Mapping[str, str]) -> None:
    lines = [f"{checksum}  {name}\n" for name, checksum in checksums.items()]
    (folder / CHECKSUMS).write_text("".join(lines), encoding="utf-8")
