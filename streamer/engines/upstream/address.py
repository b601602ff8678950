"""What `--model upstream:…` means: which kind of server, and where there are some."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from streamer.engines.upstream.profiles import PROFILES, Profile
from streamer.models.errors import ModelError

PREFIX = "upstream:"

FORM = "upstream:PROFILE+URL, such as upstream:vllm-cohere+http://127.0.0.1:8000/v1"


@dataclass(frozen=True, slots=True)
class Upstream:
    """Servers of one kind that serve the same model; each URL ends where `/models` follows."""

    profile: Profile
    urls: tuple[str, ...]


def parse_upstream(model: str) -> Upstream:
    """Read a model's name that begins with `PREFIX`; raises ModelError, and repeats no secrets."""
    profile, urls = PROFILES["generic"], list[str]()
    for number, part in enumerate(model.removeprefix(PREFIX).split(",")):
        name, plus, url = part.strip().partition("+")
        if not plus or ":" in name:
            url = part.strip()
        elif name not in PROFILES:
            raise ModelError(f"{name!r} is no kind of upstream: there is {', '.join(PROFILES)}")
        elif number and PROFILES[name] is not profile:
            raise ModelError("all upstreams must be of one kind, named before the first URL")
        else:
            profile = PROFILES[name]
        urls.append(_base(url))
    if len(set(urls)) < len(urls):
        raise ModelError("the same upstream is named twice")
    return Upstream(profile, tuple(urls))


def _base(url: str) -> str:
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname)
        _ = parts.port  # raises where it is no number
    except ValueError:
        is_address, parts = False, urlsplit("")
    if not is_address:
        raise ModelError(f"an upstream is no http:// or https:// address: write {FORM}")
    if parts.username is not None or parts.query or parts.fragment:
        raise ModelError(
            "an upstream's address has a user, a query or a fragment: a key belongs in "
            "STREAMER_UPSTREAM_KEY"
        )
    path = parts.path.rstrip("/") or "/v1"
    return f"{parts.scheme}://{parts.netloc}{path}"
