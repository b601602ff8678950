"""API keys: several, each with a name, kept only as digests.

A key is 256 random bits, so a digest cannot be turned back by guessing, and a fast one is enough:
SHA-256. A slow one (scrypt) protects secrets that people think up; here it would only let strangers
buy tens of milliseconds of the event loop, and megabytes, with every handshake.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path

PREFIX = "streamer_"
"""So that people, and the scanners of code hosts, know a leaked key when they see one."""

NAMES = re.compile(r"[A-Za-z0-9._-]{1,64}")
_DIGESTS = re.compile(r"[0-9a-f]{64}")


class KeyFileError(Exception):
    """A file that is no key file, or cannot be read or written; the message says where and why."""


def new_key() -> str:
    """Make a key that nobody can guess."""
    return PREFIX + secrets.token_urlsafe(32)


def digest(key: str) -> str:
    """Return what is kept of a key: the hexadecimal SHA-256."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


class KeyRing:
    """The keys that a server takes, by the name of their holder."""

    def __init__(self, digests: Mapping[str, str]) -> None:
        self._digests = dict(digests)

    def holder(self, brought: Sequence[str]) -> str | None:
        """Return whose key is among those that a client brought, if any is one of ours."""
        found: str | None = None
        for key in brought:
            ours = digest(key)
            # No early end: how long this takes must not tell which key was nearly right.
            for name, known in self._digests.items():
                if hmac.compare_digest(ours, known):
                    found = name
        return found


def read_keys(path: Path) -> dict[str, str]:
    """Read `name:digest` lines; empty ones and those that begin with # are skipped.

    Raises KeyFileError.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise KeyFileError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise KeyFileError(f"{path}: this is not a key file") from error
    digests: dict[str, str] = {}
    for number, line in enumerate(map(str.strip, lines), 1):
        if not line or line.startswith("#"):
            continue
        name, _, kept = line.partition(":")
        if not NAMES.fullmatch(name) or not _DIGESTS.fullmatch(kept):
            # The line is not shown: somebody may have put a key where its digest belongs.
            raise KeyFileError(f"{path}, line {number}: this is not NAME:SHA256 in hexadecimal")
        if name in digests:
            raise KeyFileError(f"{path}, line {number}: {name} has a key already")
        digests[name] = kept
    return digests


def write_keys(path: Path, digests: Mapping[str, str]) -> None:
    """Replace a key file at once, readable by its owner only. Raises KeyFileError."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    text = "".join(f"{name}:{kept}\n" for name, kept in digests.items())
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise KeyFileError(f"{path}: {error.strerror}") from error
