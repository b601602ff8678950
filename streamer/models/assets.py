"""Published files that are pinned, and where they lie on this machine.

They are members of a package that others publish (a wheel), as it is installed, or copied out of it
into the user's data folder. They are recognised by size and SHA-256 at each start: ONNX Runtime
loads damaged weights without an error, and answers with nonsense.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from streamer.models.errors import AssetDamagedError, AssetMissingError
from streamer.models.places import pulled_folder, shared_folder


@dataclass(frozen=True, slots=True)
class Member:
    """A file of a package: its path once the package is installed, bytes, SHA-256 in hex."""

    path: str
    size: int
    sha256: str

    @property
    def name(self) -> str:
        """What the file is called, wherever it lies."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Tags:
    """Which wheel to ask for. What is data suits any machine, so they need not be this one's."""

    platforms: tuple[str, ...] = ()
    """As pip names them; none for a wheel that is for all."""
    python: str = ""
    """CPython's version, as in 3.12, where wheels are bound to one."""


@dataclass(frozen=True, slots=True)
class Asset:
    """Files that belong together, from one package."""

    name: str
    summary: str
    requirement: str
    """With the version: name==1.2.3."""
    members: tuple[Member, ...]
    licence: Member
    """Is kept beside copies of the members."""
    tags: Tags = Tags()
    transcribes: bool = True
    """Whether it is a model to serve; others are used beside one."""

    @property
    def package(self) -> str:
        """The package's name."""
        return self.requirement.partition("==")[0]

    @property
    def size(self) -> int:
        """Bytes of all members."""
        return sum(member.size for member in self.members)

    @property
    def folder(self) -> Path:
        """Where copies of the members are kept, brought or not."""
        return pulled_folder(self.name)


def find(asset: Asset) -> Path:
    """Return a folder that holds the asset's members, checked; no link leads out of it.

    An installed package goes first, which is found without being imported, then the user's data
    folder, then that of all users. Raises AssetMissingError, or AssetDamagedError where there are
    other files than those that were published, or only some of them.
    """
    folders = (installed(asset), asset.folder, shared_folder(asset.name))
    places = [folder for folder in folders if folder is not None]
    wrong: list[str] = []
    for folder in places:
        problems = check(folder, asset)
        if not problems:
            return folder.resolve()
        if folder.is_dir():
            wrong.append(f"{folder}: {', '.join(problems)}")
    cure = f"`streamer models pull {asset.name}`"
    if wrong:
        raise AssetDamagedError(
            f"{asset.name} is not as published ({'; '.join(wrong)}); {cure} brings it anew"
        )
    raise AssetMissingError(f"{asset.name} is not on this machine yet: {cure}")


def installed(asset: Asset) -> Path | None:
    """Return the folder of the members in the installed package, behind all links.

    None without the package, or where its links lead to files of other names or in several folders.
    """
    try:
        package = metadata.distribution(asset.package)
    except metadata.PackageNotFoundError:
        return None
    files = [Path(str(package.locate_file(member.path))).resolve() for member in asset.members]
    folders = {file.parent for file in files}
    named = all(file.name == one.name for file, one in zip(files, asset.members, strict=True))
    return folders.pop() if named and len(folders) == 1 else None


def check(folder: Path, asset: Asset) -> list[str]:
    """Say of each member that is not as published what is wrong with it."""
    problems = ((member.name, problem_of(folder / member.name, member)) for member in asset.members)
    return [f"{name} {problem}" for name, problem in problems if problem]


def problem_of(file: Path, member: Member) -> str:
    """Say what is wrong with a file that should be the member; empty where it is."""
    try:
        size = file.stat().st_size
        if size != member.size:
            return f"has {size} bytes instead of {member.size}"
        with file.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
    except (FileNotFoundError, NotADirectoryError):
        return "is missing"
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return "" if digest == member.sha256 else "has another SHA-256 than the published one"
