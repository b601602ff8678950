"""Copying an asset's members into their folder, so that no reader ever sees half a file.

Each goes through a file of its own in the same folder, which takes its place only when it is whole.
So any number of processes may do it at once; who is killed leaves a hidden file, which a later
run sweeps away, and the members that were done. A file is never written in place: readers map it.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import tempfile
import time
import zipfile
import zlib
from pathlib import Path
from typing import IO

from streamer.models.assets import Asset, Member, problem_of
from streamer.models.errors import SourceError, StoreError
from streamer.models.progress import Progress, no_progress
from streamer.models.sources import Source

_SUFFIX = ".partial"
_ABANDONED_S = 3600.0
"""After which nobody still writes to a file: the largest member takes a second."""
_CHUNK = 1 << 20


def install(asset: Asset, source: Source, progress: Progress = no_progress) -> None:
    """Copy what is not in the asset's folder yet. Raises SourceError and StoreError."""
    folder = asset.folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            _install(asset, source, folder, progress)
        finally:
            with contextlib.suppress(OSError):
                folder.rmdir()  # only an empty one goes: where nothing could be brought
    except OSError as error:
        raise _unwritable(folder, error) from error


def _install(asset: Asset, source: Source, folder: Path, progress: Progress) -> None:
    _sweep(folder)
    wanted = [*asset.members, asset.licence]
    missing = [one for one in wanted if problem_of(folder / one.name, one)]
    require_space(folder, sum(member.size for member in missing))
    for member in missing:
        _copy(source, member, folder, progress)


def require_space(folder: Path, size: int) -> None:
    """Raise StoreError where the folder's disk has no place for so many bytes."""
    free = shutil.disk_usage(folder).free
    if free < size:
        raise StoreError(
            f"{folder} has place for {free / 1e6:.0f} MB; {size / 1e6:.0f} MB are needed"
        )


def _copy(source: Source, member: Member, folder: Path, progress: Progress) -> None:
    with source.open(member) as content:
        handle, name = tempfile.mkstemp(_SUFFIX, f".{member.name}.", folder)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                _copy_checked(content, member, file, progress)
                file.flush()
                os.fsync(file.fileno())
            temporary.chmod(0o644)
            _take_place(temporary, folder / member.name, member)
        finally:
            temporary.unlink(missing_ok=True)


def _copy_checked(content: IO[bytes], member: Member, file: IO[bytes], progress: Progress) -> None:
    """Copy and check; nothing of a file that is too long or wrong is ever put in place."""
    digest, done = hashlib.sha256(), 0
    try:
        while done <= member.size and (chunk := content.read(_CHUNK)):
            file.write(chunk)
            digest.update(chunk)
            done += len(chunk)
            progress(member.name, min(done, member.size), member.size)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise SourceError(f"{member.name} is damaged in its source ({error})") from error
    if done != member.size or digest.hexdigest() != member.sha256:
        raise SourceError(f"{member.name} is not the published file: its SHA-256 is another")


def _take_place(temporary: Path, target: Path, member: Member) -> None:
    try:
        temporary.replace(target)
    except PermissionError:
        # Windows replaces no file that is open; another process may have brought the same.
        if problem_of(target, member):
            raise


def _sweep(folder: Path) -> None:
    """Remove what processes that were killed left behind."""
    before = time.time() - _ABANDONED_S
    for file in folder.glob(f".*{_SUFFIX}"):
        try:
            if file.stat().st_mtime < before:
                file.unlink(missing_ok=True)
        except FileNotFoundError:
            continue  # somebody else swept it


def _unwritable(folder: Path, error: OSError) -> StoreError:
    reason = {
        errno.ENOSPC: "the disk is full",
        errno.EDQUOT: "the quota of disk space is used up",
        errno.EFBIG: "files of this size are not allowed",
        errno.EROFS: "the file system can only be read",
        errno.EACCES: "permission denied",
    }.get(error.errno or 0, str(error))
    return StoreError(f"nothing can be written to {folder}: {reason}")
