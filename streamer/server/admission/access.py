"""Who is let in: API keys and browser origins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from streamer.server.admission.keys import KeyRing, digest, read_keys
from streamer.settings import Settings


class UnknownKeyError(Exception):
    """Keys are asked for, and the client brought none of them."""


class Access:
    """The keys of the settings and of the key file. Raises KeyFileError."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._ring = self._read()

    def reload(self) -> None:
        """Read the key file again; raises KeyFileError, and the old keys stay.

        Sessions that were opened with a key that is gone go on to their end.
        """
        self._ring = self._read()

    def holder(self, brought: Sequence[str]) -> str | None:
        """Return whose key a client brought, or None where no keys are asked for.

        Raises UnknownKeyError for a client without one of ours.
        """
        if self._ring is None:
            return None
        holder = self._ring.holder(brought)
        if holder is None:
            raise UnknownKeyError
        return holder

    def _read(self) -> KeyRing | None:
        given = [key.get_secret_value() for key in self._settings.api_keys]
        digests = {f"setting {number}": digest(key) for number, key in enumerate(given, 1)}
        if self._settings.keys_file is not None:
            digests |= read_keys(self._settings.keys_file)
        # A key file without keys lets nobody in, rather than everybody.
        return KeyRing(digests) if digests or self._settings.keys_file is not None else None


def is_allowed_origin(headers: Mapping[str, str], allowed: Sequence[str]) -> bool:
    """Whether a browser page of this origin may connect; other clients send no origin."""
    origin = headers.get("Origin")
    if origin is None or "*" in allowed or origin in allowed:
        return True
    try:
        return urlsplit(origin).netloc == headers.get("Host")
    except ValueError:  # http://[
        return False
