"""Posts to one server, over connections that are kept."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from typing import Any, cast

import httpx

from streamer.engines.upstream.answer import MAX_ANSWER_BYTES, Answer, failed, read
from streamer.engines.upstream.profiles import Profile
from streamer.engines.upstream.request import form, wav
from streamer.models.errors import ModelError
from streamer.speech.clip import Clip

CONNECT_TIMEOUT_S = 3.0
"""To a server that is there; one that is not is missed sooner than its answer would be."""

ERRORS = (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, OSError)
"""What a request raises; `TimeoutError` is an `OSError`."""

LIST_TIMEOUT_S = 10.0
"""For the list of its models, at the start."""


class Poster:
    """Asks one server; `url` is where its API begins, `key` is never logged."""

    def __init__(self, url: str, profile: Profile, key: str, in_flight: int) -> None:
        self.url = url
        self._profile = profile
        self._client = httpx.AsyncClient(
            headers=_headers(key),
            timeout=httpx.Timeout(None, connect=CONNECT_TIMEOUT_S),
            limits=httpx.Limits(max_connections=in_flight + 1, max_keepalive_connections=in_flight),
            trust_env=False,  # a proxy of the environment would see what is said
        )
        logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs each request

    async def models(self) -> list[Mapping[str, Any]]:
        """Ask which models there are.

        Raises ModelError for an answer that another try will not change, and OSError for none.
        """
        try:
            async with asyncio.timeout(LIST_TIMEOUT_S):
                response = await self._client.get(f"{self.url}/models")
        except ERRORS as error:
            raise ConnectionError(_reason(error)) from error
        if response.status_code in (429, 500, 502, 503, 504):
            raise ConnectionError(f"it answers {response.status_code}")
        if response.status_code in (401, 403):
            raise ModelError(
                f"{self.url} refuses the key (answer {response.status_code}): it belongs in "
                "STREAMER_UPSTREAM_KEY"
            )
        try:
            found = json.loads(response.content)["data"]
            return [cast("dict[str, Any]", one) for one in found if isinstance(one["id"], str)]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise ModelError(
                f"{self.url}/models answers {response.status_code} and no list of models: "
                "is this the address of an OpenAI-compatible API?"
            ) from error

    async def transcribe(self, clip: Clip, model: str, timeout_s: float) -> Answer:
        """Post a clip and read the answer. Who cancels this closes its connection."""
        try:
            async with (
                asyncio.timeout(timeout_s),
                self._client.stream(
                    "POST",
                    f"{self.url}/audio/transcriptions",
                    data=form(clip, self._profile, model),
                    files={"file": ("clip.wav", wav(clip.samples), "audio/wav")},
                ) as response,
            ):
                body = bytearray()
                async for piece in response.aiter_bytes():
                    body += piece
                    if len(body) > MAX_ANSWER_BYTES:
                        return failed("nonsense", "the upstream's answer has no end")
        except TimeoutError:
            return failed("timeout", f"the upstream has not answered in {timeout_s:.1f} s")
        except ERRORS as error:
            return failed("unreachable", f"the upstream cannot be asked: {_reason(error)}")
        retry_after = response.headers.get("Retry-After", "")
        return read(response.status_code, retry_after, bytes(body), self._profile, clip.options)

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()


def _headers(key: str) -> Mapping[str, str]:
    plain = {"User-Agent": "streamer", "Accept-Encoding": "identity"}
    return {**plain, "Authorization": f"Bearer {key}"} if key else plain


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
