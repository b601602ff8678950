"""Which browser pages may connect: those of allowed origins, and the server's own.

A browser names the page's origin, and scripts cannot change that. The server knows its own
addresses by what the same request says of the host that was asked, in whatever spelling a proxy
passes that on, and by `--public-url`. A proxy may pass nothing on (nginx's documented example for
WebSockets does not): then it is the browser's word that page and address are of one origin,
`Sec-Fetch-Site`, which no script can set either. Chromium gives it for every request but those for
a WebSocket, so what it said once is remembered.

Clients that are no browsers may say what they like: they could come without a page as well. What is
kept out is a foreign page in the browser of somebody who reaches this server.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlsplit

MAX_LEARNT = 64
"""Own origins that are remembered: a server has a few names. The oldest are forgotten."""

_FORWARDED_HOST = re.compile(r'\bhost="?([^";,\s]+)', re.IGNORECASE)

_DEFAULT_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}


class Origins:
    """Knows the origins whose pages are let in."""

    def __init__(self, allowed: Sequence[str] = (), public_url: str = "") -> None:
        self._allowed = {_canonical(origin) for origin in allowed}
        self._public = urlsplit(public_url).netloc
        self._learnt: dict[str, None] = {}

    def lets_in(self, headers: Mapping[str, str]) -> bool:
        """Whether who sends these headers is no page, or one of an origin that may connect."""
        origin = headers.get("Origin")
        if origin is None or "*" in self._allowed:
            return True
        origin = _canonical(origin)
        if origin in self._allowed or origin in self._learnt:
            return True
        if headers.get("Sec-Fetch-Site") == "same-origin":
            self._learn(origin)
            return True
        return any(_is_at(origin, place) for place in (self._public, *_asked(headers)))

    def _learn(self, origin: str) -> None:
        self._learnt[origin] = None
        if len(self._learnt) > MAX_LEARNT:
            del self._learnt[next(iter(self._learnt))]


def _asked(headers: Mapping[str, str]) -> Iterator[str]:
    """Yield the names of the host that was asked, as proxies pass them on."""
    for name in ("Host", "X-Forwarded-Host"):
        yield from (place.strip() for place in headers.get(name, "").split(","))
    yield from _FORWARDED_HOST.findall(headers.get("Forwarded", ""))


def _canonical(origin: str) -> str:
    """Write an origin in lower case, without the port that its scheme has anyway."""
    origin = origin.strip().rstrip("/").lower()
    scheme, _, place = origin.partition("://")
    return f"{scheme}://{place.removesuffix(f':{_DEFAULT_PORTS.get(scheme)}')}" if place else origin


def _is_at(origin: str, place: str) -> bool:
    """Whether an origin is a host's own.

    A host without a port says nothing of it: proxies leave it out (nginx's `$host`).
    """
    try:
        page, host = urlsplit(origin), urlsplit(f"//{place}")
        if not host.hostname or page.hostname != host.hostname:
            return False
        default = _DEFAULT_PORTS.get(page.scheme)
        return host.port is None or host.port == (page.port or default)
    except ValueError:  # http://[
        return False
