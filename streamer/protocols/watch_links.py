"""Tokens of links on which others watch along.

A token is its expiry (8 bytes, seconds since 1970), 12 random bytes, and 16 bytes of HMAC-SHA-256
over both, as URL-safe Base64. The server keeps no list of them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field

NONCE_BYTES = 12
_EXPIRY_BYTES, _MAC_BYTES = 8, 16


class WatchTokenError(ValueError):
    """No token of this server, or one that has expired."""


@dataclass(frozen=True, slots=True)
class WatchLinks:
    """Makes tokens and checks them; `now` is since 1970, `nonce` random and used once.

    `sign` is `signer` with the server's secret, which is nobody else's.
    """

    sign: Callable[[bytes], bytes] = field(repr=False)
    lifetime_s: float
    now: float
    nonce: bytes = field(repr=False)

    def issue(self) -> str:
        """Make a token that holds for the lifetime."""
        expiry = int(self.now + self.lifetime_s).to_bytes(_EXPIRY_BYTES, "big")
        said = expiry + self.nonce
        return base64.urlsafe_b64encode(said + self.sign(said)).decode()

    def expiry(self, token: str) -> float:
        """Return until when a token holds; raises WatchTokenError for one that does not."""
        try:
            raw = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
        except (binascii.Error, UnicodeEncodeError) as error:
            raise WatchTokenError("this is no link of this server") from error
        said, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
        if not hmac.compare_digest(mac, self.sign(said)):
            raise WatchTokenError("this is no link of this server, or it was started again since")
        expiry = int.from_bytes(said[:_EXPIRY_BYTES], "big")
        if expiry <= self.now:
            raise WatchTokenError("this link has expired")
        return float(expiry)


def signer(secret: bytes) -> Callable[[bytes], bytes]:
    """Return what signs with a secret."""

    def sign(said: bytes) -> bytes:
        return hmac.new(secret, said, hashlib.sha256).digest()[:_MAC_BYTES]

    return sign


def topic_of(token: str) -> str:
    """Name what is published for a token; no call is named so, since their ids have no blanks."""
    return f"watch {token}"
