"""Who is let in: API keys and browser origins."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from pydantic import SecretStr


def has_key(brought: Sequence[str], keys: Sequence[SecretStr]) -> bool:
    """Whether one of the keys that a client brought is one of ours, or none is needed."""
    if not keys:
        return True
    # No early end: how long this takes must not tell which key was nearly right.
    matches = [
        hmac.compare_digest(one.encode(), key.get_secret_value().encode())
        for one in brought
        for key in keys
    ]
    return any(matches)


def is_allowed_origin(headers: Mapping[str, str], allowed: Sequence[str]) -> bool:
    """Whether a browser page of this origin may connect; other clients send no origin."""
    origin = headers.get("Origin")
    if origin is None or "*" in allowed or origin in allowed:
        return True
    return urlsplit(origin).netloc == headers.get("Host")
