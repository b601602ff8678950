"""X-Twilio-Signature: HMAC-SHA1 of the exact public address, keyed with the account's token."""

from __future__ import annotations

import base64
import hashlib
import hmac

from streamer.protocols.door import Handshake, RefusalError, Signing

HEADER = "X-Twilio-Signature"
_PORTS = {"wss": ":443", "https": ":443", "ws": ":80", "http": ":80"}


def is_signed(handshake: Handshake, signing: Signing) -> bool:
    """Whether Twilio has signed the request, as far as a token is set.

    Raises RefusalError for a wrong signature, and for none where no API key could stand for it.
    """
    token = signing.secret.get_secret_value()
    if not token:
        return False
    brought = handshake.header(HEADER).encode("utf-8", "surrogateescape")
    if not brought:
        if signing.asks_for_keys:
            return False
        raise RefusalError(401, "unauthorized", f"{HEADER} is needed")
    # No early end: how long this takes must not tell which address was nearly right.
    found = [
        hmac.compare_digest(brought, signature(token, one))
        for one in _addresses(handshake, signing)
    ]
    if not any(found):
        raise RefusalError(
            403,
            "wrong_signature",
            f"{HEADER} does not fit this address and the token; see public_url",
        )
    return True


def signature(token: str, address: str) -> bytes:
    """Sign an address."""
    mac = hmac.new(token.encode(), address.encode("utf-8", "surrogateescape"), hashlib.sha1)
    return base64.b64encode(mac.digest())


def _addresses(handshake: Handshake, signing: Signing) -> list[str]:
    """The address with and without its default port: Twilio signs it either way."""
    base = signing.public_url or f"wss://{handshake.header('Host')}"
    scheme, _, place = base.partition("://")
    host, slash, prefix = place.rstrip("/").partition("/")
    bare = host.removesuffix(_PORTS[scheme])
    return [
        f"{scheme}://{one}{slash}{prefix}{handshake.target}"
        for one in (host, bare + _PORTS[scheme], bare)
    ]
