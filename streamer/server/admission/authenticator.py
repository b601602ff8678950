"""Who a client is: API keys and browser origins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from streamer.protocols.door import RefusalError
from streamer.server.admission.keys import KeyRing, digest, read_keys
from streamer.server.admission.origins import Origins
from streamer.server.admission.quotas import Peer


class Authenticator:
    """Knows clients by the given keys and those of a key file. Raises KeyFileError.

    Where there are neither, everybody is let in without a key.
    """

    def __init__(
        self,
        keys: Sequence[str] = (),
        keys_file: Path | None = None,
        origins: Origins | None = None,
    ) -> None:
        self._keys = keys
        self._keys_file = keys_file
        self._origins = origins or Origins()
        self._ring = self._read()

    def reload(self) -> None:
        """Read the key file again; raises KeyFileError, and the old keys stay.

        Sessions that were opened with a key that is gone go on to their end.
        """
        self._ring = self._read()

    def identify(self, brought: Sequence[str], headers: Mapping[str, str], address: str) -> Peer:
        """Return who a client is that brings these keys and comes from this network address.

        Raises RefusalError for one that brings no key of ours, or comes from a foreign page.
        """
        holder = self._ring.holder(brought) if self._ring is not None else None
        if self._ring is not None and holder is None:
            how = {"WWW-Authenticate": "Bearer"}
            raise RefusalError(401, "unauthorized", "an API key is needed", headers=how)
        if not self._origins.lets_in(headers):
            problem = (
                f"pages of {headers.get('Origin')} are not let in: allow it by --allowed-origins, "
                "or name this server's own address by --public-url where a proxy changes it"
            )
            raise RefusalError(403, "forbidden_origin", problem)
        return Peer.of(holder, address)

    def _read(self) -> KeyRing | None:
        digests = {f"setting {number}": digest(key) for number, key in enumerate(self._keys, 1)}
        if self._keys_file is not None:
            digests |= read_keys(self._keys_file)
        # A key file without keys lets nobody in, rather than everybody.
        return KeyRing(digests) if digests or self._keys_file is not None else None
