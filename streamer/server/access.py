"""Who is let in: API keys and browser origins."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from pydantic import SecretStr
from websockets.datastructures import Headers

KEY_PARAMETER = "api_key"
"""The query parameter for clients that cannot set a header: browsers."""


def has_key(headers: Headers, query: Mapping[str, str], keys: Sequence[SecretStr]) -> bool:
    """Whether the request brings one of the keys, as `Authorization: Bearer` or in the query."""
    if not keys:
        return True
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    brought = token.strip() if scheme.lower() == "bearer" else query.get(KEY_PARAMETER, "")
    # No early end: how long this takes must not tell which key was nearly right.
    matches = [
        hmac.compare_digest(brought.encode(), key.get_secret_value().encode()) for key in keys
    ]
    return any(matches)


def is_allowed_origin(headers: Headers, allowed: Sequence[str]) -> bool:
    """Whether a browser page of this origin may connect; other clients send no origin."""
    origin = headers.get("Origin")
    if origin is None or "*" in allowed or origin in allowed:
        return True
    return urlsplit(origin).netloc == headers.get("Host")
