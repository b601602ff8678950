"""The page with the server that it ships with, and the model embedded in it."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from e2e.page.browser import Launch, Screenshot, drop, lines_of, wait_until_ready
from e2e.page.real_server import StreamerServe, microphone, opened
from e2e.page.test_looks import check
from e2e.page.words import word_errors
from playwright.sync_api import Page, expect
from recorded import recorded
from synthetic import SAMPLE, SENTENCES

import streamer

MODELS = Path(streamer.__file__).parent / "models"
HEARD_S = 13.4
HEARD = " ".join(SENTENCES[:3])
"""The first three sentences, which end before ``HEARD_S``."""

pytestmark = pytest.mark.skipif(
    not (MODELS / "embedded" / "decoder.onnx").exists(), reason="no embedded model in this checkout"
)


@pytest.fixture(scope="module")
def server() -> Iterator[StreamerServe]:
    server = StreamerServe("embedded")
    server.start()
    yield server
    assert server.end() == 0


@pytest.fixture
def page(server: StreamerServe, launch: Launch, tmp_path: Path) -> Iterator[Page]:
    """The page, with a microphone that hears the beginning of the synthetic recording."""
    wav = microphone(SAMPLE, tmp_path / "sample.wav", HEARD_S)
    with opened(launch, wav, server) as page:
        yield page


def test_a_file_gives_the_same_finals_as_the_command_line(page: Page) -> None:
    command = [sys.executable, "-m", "streamer", "transcribe", str(SAMPLE)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    expect(page.locator("#demonstration")).to_contain_text("streamer models pull moonshine")
    drop(page, SAMPLE.read_bytes())
    wait_until_ready(page)
    assert lines_of(page) == [line for line in told.splitlines() if line]


def test_a_file_that_the_browser_cannot_play_is_read_by_the_server(page: Page) -> None:
    samples, _ = soundfile.read(SAMPLE, dtype="float32")
    heard = np.asarray(samples, np.float32)[: int(HEARD_S * 16_000)]
    drop(page, recorded("aiff", heard), "talk.aiff")
    page.wait_for_selector("#lines li")
    wait_until_ready(page)
    assert word_errors(HEARD, " ".join(lines_of(page))) <= 0.2


def test_others_watch_along_with_a_link(page: Page, screenshot: Screenshot) -> None:
    page.click("#share-open")
    page.click("#share-begin")
    link = page.get_by_label("Link", exact=True)
    expect(link).to_have_value(re.compile(r"/watch\.html#[\w-]{48}$"))
    check(page)
    screenshot(page, "share")
    address = link.input_value()
    page.keyboard.press("Escape")
    browser = page.context.browser
    assert browser is not None
    watcher = browser.new_page()
    watcher.goto(address)
    expect(watcher.locator("#status")).to_contain_text("as soon as somebody speaks")
    page.bring_to_front()
    drop(page, SAMPLE.read_bytes())
    wait_until_ready(page)
    expect(watcher.locator("#said li")).to_have_count(4)
    expect(watcher.locator("#said li").last).to_have_text(lines_of(page)[-1])
    check(watcher)
    screenshot(watcher, "watch")
    watcher.goto(f"{address}&lines=2&clear")
    watcher.reload()
    expect(watcher.locator("#said li")).to_have_count(2)
    assert watcher.evaluate("getComputedStyle(document.body).backgroundColor") == "rgba(0, 0, 0, 0)"
    watcher.goto(address.replace("#", "#A"))
    watcher.reload()
    expect(watcher.locator("#status")).to_contain_text("expired, or it is none of this server")
    watcher.close()


def test_the_microphone_gives_what_was_said_through_a_restart_in_mid_sentence(
    page: Page, server: StreamerServe
) -> None:
    page.click("#record")
    page.wait_for_selector("#lines li:nth-child(2) .faint")
    server.end(signal.SIGKILL)
    page.wait_for_selector("#connection[data-state=waiting]")
    server.start()
    page.wait_for_selector("#connection[data-state=open]")
    expect(page.locator("#notices")).to_contain_text("nothing was lost")
    page.locator(".notice button").evaluate_all("all => all.forEach((one) => one.click())")
    page.wait_for_selector("#lines li:nth-child(3) .faint")
    page.wait_for_selector("#lines li:nth-child(3)[data-state=final]")
    page.click("#record")
    wait_until_ready(page)
    assert word_errors(HEARD, " ".join(lines_of(page)[:3])) <= 0.2
