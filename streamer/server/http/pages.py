"""The microphone page, served with headers that let it do no more than it needs."""

from __future__ import annotations

from http import HTTPStatus

from websockets.http11 import Response

from streamer.server.http.assets import load_assets
from streamer.server.http.responses import response, text

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "media-src 'self' blob:; img-src 'self' data:; worker-src 'self'; object-src 'none'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "microphone=(self)",
    "Cache-Control": "no-cache",
}


class Pages:
    """The page's files, which are read once."""

    def __init__(self) -> None:
        self._assets = load_assets()

    def answer(self, path: str, accepted: str) -> Response:
        """Answer with a file; `accepted` is what the client says of encodings."""
        asset = self._assets.get(path)
        if asset is None:
            return text(HTTPStatus.NOT_FOUND, "not found\n")
        headers = SECURITY_HEADERS | {"Vary": "Accept-Encoding"}
        if asset.zipped is None or "gzip" not in accepted:
            return response(HTTPStatus.OK, asset.content_type, asset.body, headers)
        headers["Content-Encoding"] = "gzip"
        return response(HTTPStatus.OK, asset.content_type, asset.zipped, headers)
