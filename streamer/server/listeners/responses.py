"""Answers to those who ask for a WebSocket and get none; the connection ends with them."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from websockets.datastructures import Headers
from websockets.http11 import Response


def response(
    status: HTTPStatus, content_type: str, body: bytes, headers: Mapping[str, str] | None = None
) -> Response:
    """Answer with a body."""
    fields = Headers(
        {
            "Content-Type": content_type,
            "Content-Length": str(len(body)),
            "Connection": "close",
            **(headers or {}),
        }
    )
    return Response(status.value, status.phrase, fields, body)


def text(status: HTTPStatus, words: str, headers: Mapping[str, str] | None = None) -> Response:
    """Answer in plain words."""
    return response(status, "text/plain; charset=utf-8", words.encode(), headers)
