"""A real browser's MediaRecorder, chunk by chunk, against both doors that read containers."""

from __future__ import annotations

import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from e2e.clients.speech import is_heard, speech
from servers import serving

from streamer.decoding.step_engine import StepEngine

try:
    from playwright.async_api import Page, async_playwright
except ImportError:
    pytest.skip("needs `pip install playwright`", allow_module_level=True)

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
RATE = 48_000
RECORDED_MS = 7000

RECORD = """async ([url, type, slice, length, end, dropAt]) => {
    const media = await navigator.mediaDevices.getUserMedia({audio: {
        echoCancellation: false, noiseSuppression: false, autoGainControl: false}});
    const recorder = new MediaRecorder(media, {mimeType: type});
    const messages = [], chunks = [];
    let ws, session, sent = 0, over;
    const done = new Promise((resolve) => { over = resolve; });
    const push = async () => {
        while (ws.readyState === 1 && sent < chunks.length) ws.send(chunks[sent++]);
    };
    const open = (query) => new Promise((resolve) => {
        ws = new WebSocket(url + query);
        ws.onmessage = (event) => {
            const message = JSON.parse(event.data);
            messages.push(message);
            if (message.type === "ready") { session = message.session; resolve(message); }
        };
        ws.onopen = () => { if (!url.includes("/v1/stream")) resolve({}); };
        ws.onclose = (event) => { if (event.code === 1000) over(); };
    });
    await open("");
    recorder.ondataavailable = (event) => { chunks.push(event.data); push(); };
    recorder.start(slice);
    if (dropAt) setTimeout(async () => {
        const seq = Math.max(...messages.map((one) => one.seq));
        ws.close(4000);
        const ready = await open(`&resume=${session}&last_seq=${seq}`);
        const all = new Blob(chunks);
        ws.send(all.slice(ready.bytes_received));
        sent = chunks.length;
    }, dropAt);
    await new Promise((resolve) => setTimeout(resolve, length));
    await new Promise((resolve) => { recorder.onstop = resolve; recorder.stop(); });
    await push();
    ws.send(end);
    await done;
    return {messages, type: recorder.mimeType, chunks: chunks.length};
}"""

NATIVE = ("/v1/stream?encoding=container&partials=false", '{"type":"stop"}')
LISTEN = ("/v1/listen?model=nova-3&interim_results=false", '{"type":"CloseStream"}')


@asynccontextmanager
async def browsing(engine: StepEngine, folder: Path) -> AsyncGenerator[tuple[Page, str]]:
    """A page whose microphone hears the sample, of a server with the demonstration model."""
    if CHROMIUM is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    wav = folder / "spoken.wav"
    pause = np.zeros(RATE, np.float32)
    soundfile.write(wav, np.concatenate([pause, speech(RATE), pause]), RATE, subtype="PCM_16")
    flags = ["--no-sandbox", "--disable-gpu", "--use-fake-ui-for-media-stream"]
    flags += ["--use-fake-device-for-media-stream"]
    flags += [f"--use-file-for-fake-audio-capture={wav}%noloop"]
    async with (
        serving(engine=engine) as address,
        async_playwright() as playwright,
        await playwright.chromium.launch(executable_path=CHROMIUM, args=flags) as browser,
    ):
        page = await browser.new_page()
        await page.goto(f"http://{address}/healthz")
        yield page, address


async def recorded(
    page: Page, address: str, door: tuple[str, str], kind: str, slice_ms: int, drop_ms: int = 0
) -> dict[str, Any]:
    if not await page.evaluate("(type) => MediaRecorder.isTypeSupported(type)", kind):
        pytest.skip(f"this Chromium does not record {kind}")
    path, end = door
    given = [f"ws://{address}{path}", kind, slice_ms, RECORDED_MS, end, drop_ms]
    return await page.evaluate(RECORD, given)


def text_of(messages: list[dict[str, Any]]) -> str:
    native = [one["text"] for one in messages if one["type"] == "final"]
    results = [one for one in messages if one["type"] == "Results" and one["is_final"]]
    return " ".join(native + [one["channel"]["alternatives"][0]["transcript"] for one in results])


@pytest.mark.parametrize("door", [NATIVE, LISTEN], ids=["stream", "listen"])
@pytest.mark.parametrize(
    ("kind", "slice_ms"),
    [
        ("audio/webm;codecs=opus", 100),
        ("audio/webm;codecs=opus", 3000),
        ("audio/webm;codecs=pcm", 250),
        ("audio/mp4;codecs=opus", 500),  # Debian's has no encoder for AAC: `LIVE` has Safari's kind
    ],
)
async def test_a_browsers_recorder_is_heard(
    engine: StepEngine, tmp_path: Path, door: tuple[str, str], kind: str, slice_ms: int
) -> None:
    async with browsing(engine, tmp_path) as (page, address):
        took = await recorded(page, address, door, kind, slice_ms)
    assert is_heard(text_of(took["messages"])), took
    assert not [one for one in took["messages"] if one["type"] in ("warning", "error", "Error")]


@pytest.mark.parametrize("slice_ms", [100, 1000])
async def test_a_browsers_recorder_goes_on_after_a_dropped_connection(
    engine: StepEngine, tmp_path: Path, slice_ms: int
) -> None:
    async with browsing(engine, tmp_path) as (page, address):
        took = await recorded(page, address, NATIVE, "audio/webm;codecs=opus", slice_ms, 3300)
    readies = [one for one in took["messages"] if one["type"] == "ready"]
    assert [one.get("resumed") for one in readies] == [None, True]
    assert is_heard(text_of(took["messages"])), took
    assert took["messages"][-1]["audio"] == pytest.approx(RECORDED_MS / 1000, abs=1.0)
