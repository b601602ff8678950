"""Requests that are signed: HTTP message signatures with HMAC-SHA256 (RFC 9421, as in draft 11).

AudioHook's client signs its request's target, authority and own headers with the secret that it
shares with the server.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re

from streamer.protocols.door import Handshake, RefusalError, Signing

KEY_HEADER = "X-API-KEY"

NEEDED = frozenset(
    {
        "@request-target",
        "audiohook-organization-id",
        "audiohook-session-id",
        "audiohook-correlation-id",
        "x-api-key",
    }
)
"""What a signature must cover, and the authority besides."""

AUTHORITY = frozenset({"@authority", "host"})

MAX_AGE_S = 30
SKEW_S = 5
"""By which the clocks of the two sides may differ."""

_INPUT = re.compile(
    r'(?P<label>[a-z*][a-z0-9_.*-]*)=(?P<params>\((?P<names>(?:"[a-z0-9@-]+"(?: (?=")|(?=\))))+)\)'
    r'(?P<rest>(?:;[a-z]+=(?:"[^"\\]*"|\d{1,15}))*))',
    re.ASCII,
)
_PARAMETER = re.compile(r';([a-z]+)=(?:"([^"\\]*)"|(\d+))', re.ASCII)
_SIGNATURE = re.compile(r"(?P<label>[a-z*][a-z0-9_.*-]*)=:(?P<bytes>[A-Za-z0-9+/=]+):", re.ASCII)


def check_signature(handshake: Handshake, signing: Signing, now: float) -> bool:
    """Raise RefusalError for a request that is not signed as it should be, where a secret is set.

    Returns False: a signature does not stand for an API key, which is signed too. `now` is in
    seconds since 1970.
    """
    secret = signing.secret.get_secret_value()
    if secret:
        problem = _problem(handshake, base64.b64decode(secret), signing.public_url, now)
        if problem is not None:
            raise RefusalError(401, "unauthorized", f"the signature is refused: {problem}")
    return False


def _problem(handshake: Handshake, secret: bytes, public_url: str, now: float) -> str | None:
    given = _INPUT.fullmatch(handshake.header("Signature-Input").strip())
    signed = _SIGNATURE.fullmatch(handshake.header("Signature").strip())
    if given is None or signed is None or given["label"] != signed["label"]:
        return "one signature and its input are needed"
    names = given["names"].replace('"', "").split()
    if len(set(names)) < len(names) or not set(names) >= NEEDED or not AUTHORITY & set(names):
        return f"it must cover {', '.join(sorted(NEEDED))} and @authority, each once"
    parameters = {name: text or number for name, text, number in _PARAMETER.findall(given["rest"])}
    if (problem := _out_of_date(parameters, now)) is not None:
        return problem
    if parameters.get("keyid") != handshake.header(KEY_HEADER):
        return f"keyid is not the {KEY_HEADER}"
    if parameters.get("alg", "hmac-sha256") != "hmac-sha256":
        return "alg must be hmac-sha256"
    lines = [f'"{name}": {_component(name, handshake, public_url)}' for name in names]
    lines.append(f'"@signature-params": {given["params"]}')
    ours = hmac.new(secret, "\n".join(lines).encode("utf-8", "surrogateescape"), hashlib.sha256)
    try:
        theirs = base64.b64decode(signed["bytes"], validate=True)
    except binascii.Error:
        return "it is not base64"
    return None if hmac.compare_digest(ours.digest(), theirs) else "it does not fit"


def _out_of_date(parameters: dict[str, str], now: float) -> str | None:
    created, expires = parameters.get("created", ""), parameters.get("expires", "")
    if not created.isdecimal() or not expires.isdecimal():
        return "created and expires are needed"
    if int(created) > now + SKEW_S:
        return "it is from the future"
    if min(int(expires), int(created) + MAX_AGE_S) < now - SKEW_S:
        return "it has expired"
    return None


def _component(name: str, handshake: Handshake, public_url: str) -> str:
    authority, slash, prefix = public_url.partition("://")[2].rstrip("/").partition("/")
    match name:
        case "@authority" | "host":
            return authority or handshake.header("Host")
        case "@request-target":
            return f"{slash}{prefix}{handshake.target}"
        case _:
            return handshake.header(name).strip()
