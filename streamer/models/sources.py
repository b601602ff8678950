"""What an asset's members are read from: a wheel, or a folder."""

from __future__ import annotations

import zipfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

from streamer.models.assets import Member
from streamer.models.errors import SourceError


class Source(Protocol):
    """Something that members are read from."""

    def open(self, member: Member) -> IO[bytes]:
        """Open a member to be read. Raises SourceError where it is missing or damaged."""
        ...


@contextmanager
def opened(path: Path) -> Generator[Source]:
    """Open a wheel, a folder that a package is installed in, or one that holds the members alone.

    Raises SourceError for what is none of these.
    """
    if path.is_dir():
        yield Folder(path)
        return
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise SourceError(f"{path} is neither a wheel nor a folder ({error})") from error
    with archive:
        yield Wheel(path, archive)


class Folder:
    """Members in a folder, in the package's folders or side by side."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def open(self, member: Member) -> IO[bytes]:
        """Open a member to be read."""
        for file in (self._path / member.path, self._path / member.name):
            if file.is_file():
                try:
                    return file.open("rb")
                except OSError as error:
                    raise SourceError(f"{file} cannot be read ({error.strerror})") from error
        raise SourceError(f"{self._path} has no {member.name}")


class Wheel:
    """Members of a wheel, which has them in its root or in `*.data/purelib` (or platlib)."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self._path = path
        self._archive = archive
        self._names = {_installed_as(name): name for name in archive.namelist()}

    def open(self, member: Member) -> IO[bytes]:
        """Open a member to be read."""
        name = self._names.get(member.path)
        if name is None:
            raise SourceError(f"{self._path} has no {member.path}; is it the right wheel?")
        try:
            return self._archive.open(name)
        except (OSError, zipfile.BadZipFile) as error:
            raise SourceError(f"{self._path} is damaged ({error})") from error


def _installed_as(name: str) -> str:
    first, _, rest = name.partition("/")
    scheme, _, path = rest.partition("/")
    return path if first.endswith(".data") and scheme in ("purelib", "platlib") else name
