"""The microphone page, served with headers that let it do no more than it needs."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from streamer.server.http.assets import Asset, load_assets

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
    "Vary": "Accept-Encoding",
}


def page_routes() -> list[Route]:
    """Return a route for each of the page's files, which are read once."""
    return [_route(path, asset) for path, asset in load_assets().items()]


def _route(path: str, asset: Asset) -> Route:
    async def answer(request: Request) -> Response:
        headers = SECURITY_HEADERS | {"Content-Type": asset.content_type}
        accepted = ", ".join(request.headers.getlist("Accept-Encoding"))
        if asset.zipped is None or "gzip" not in accepted:
            return Response(asset.body, headers=headers)
        return Response(asset.zipped, headers=headers | {"Content-Encoding": "gzip"})

    return Route(path, answer)
