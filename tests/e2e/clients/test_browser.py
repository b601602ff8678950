"""Browsers: they bring keys as subprotocols, and upload from pages of allowed origins."""

from __future__ import annotations

import base64
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from server.http.rest_client import TEXT, recording
from servers import serving

try:
    from playwright.async_api import Page, async_playwright
except ImportError:
    pytest.skip("needs `pip install playwright`", allow_module_level=True)

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

CONNECT = """([url, protocols]) => new Promise((resolve) => {
    const ws = new WebSocket(url, protocols);
    ws.onopen = () => { resolve(ws.protocol); ws.close(); };
    ws.onerror = () => resolve("refused");
})"""

LISTEN = "/v1/listen?encoding=linear16&sample_rate=16000"
REALTIME = "/v1/realtime?intent=transcription"


UPLOAD = """async ([url, audio, stream]) => {
    const form = new FormData();
    const bytes = Uint8Array.from(atob(audio), (c) => c.charCodeAt(0));
    form.append("file", new Blob([bytes], { type: "audio/wav" }), "speech.wav");
    form.append("model", "whisper-1");
    if (stream) form.append("stream", "true");
    const headers = { Authorization: "Bearer secret" };
    try {
        const answer = await fetch(url, { method: "POST", headers, body: form });
        return stream ? await answer.text() : (await answer.json()).text;
    } catch (error) {
        return String(error);
    }
}"""


@asynccontextmanager
async def browsing() -> AsyncGenerator[Page]:
    if CHROMIUM is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    async with (
        async_playwright() as playwright,
        await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        ) as browser,
    ):
        yield await browser.new_page()


async def test_a_page_of_an_allowed_origin_uploads_a_form_and_reads_the_answer() -> None:
    audio = base64.b64encode(recording()[1]).decode()
    async with serving() as elsewhere:
        allowed: dict[str, Any] = {"allowed_origins": [f"http://{elsewhere}"]}
        async with (
            serving(api_keys=["secret"], **allowed) as address,
            serving(api_keys=["secret"]) as closed,
            browsing() as page,
        ):
            await page.goto(f"http://{elsewhere}/healthz")
            path = "/v1/audio/transcriptions"
            told = await page.evaluate(UPLOAD, [f"http://{address}{path}", audio, False])
            streamed = await page.evaluate(UPLOAD, [f"http://{address}{path}", audio, True])
            kept_out = await page.evaluate(UPLOAD, [f"http://{closed}{path}", audio, False])
    assert told.startswith(TEXT)
    assert streamed.startswith('data: {"type": "transcript.text.delta"')
    assert "Failed to fetch" in kept_out


async def test_chromium_is_answered_with_a_subprotocol_that_is_not_the_key() -> None:
    async with serving(api_keys=["secret"]) as address, browsing() as page:
        await page.goto(f"http://{address}/healthz")

        async def answered(path: str, *protocols: str) -> str:
            return await page.evaluate(CONNECT, [f"ws://{address}{path}", list(protocols)])

        assert await answered(LISTEN, "token", "secret") == "token"
        assert await answered(LISTEN, "bearer", "secret") == "bearer"
        assert await answered(LISTEN, "token", "wrong") == "refused"
        assert await answered(REALTIME, "realtime", "openai-insecure-api-key.secret") == "realtime"
        assert await answered(REALTIME, "realtime", "openai-insecure-api-key.no") == "refused"
