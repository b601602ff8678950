"""A browser brings its key as a subprotocol, and fails unless one is answered."""

from __future__ import annotations

import shutil

import pytest
from servers import serving

try:
    from playwright.async_api import async_playwright
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


async def test_chromium_is_answered_with_a_subprotocol_that_is_not_the_key() -> None:
    if CHROMIUM is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    async with (
        serving(api_keys=["secret"]) as address,
        async_playwright() as playwright,
        await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        ) as browser,
    ):
        page = await browser.new_page()
        await page.goto(f"http://{address}/healthz")

        async def answered(path: str, *protocols: str) -> str:
            return await page.evaluate(CONNECT, [f"ws://{address}{path}", list(protocols)])

        assert await answered(LISTEN, "token", "secret") == "token"
        assert await answered(LISTEN, "bearer", "secret") == "bearer"
        assert await answered(LISTEN, "token", "wrong") == "refused"
        assert await answered(REALTIME, "realtime", "openai-insecure-api-key.secret") == "realtime"
        assert await answered(REALTIME, "realtime", "openai-insecure-api-key.no") == "refused"
