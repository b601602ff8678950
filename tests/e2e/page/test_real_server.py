"""The page with the server that it ships with, and the model embedded in it."""

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from e2e.page.browser import WIDE, Launch, Screenshot, drop, lines_of, wait_until_ready
from playwright.sync_api import ConsoleMessage, Page, expect
from synthetic import SAMPLE, SENTENCES

import streamer

MODELS = Path(streamer.__file__).parent / "models"
HEARD_S = 13.4
HEARD = " ".join(SENTENCES[:3])
"""The first three sentences, which end before ``HEARD_S``."""

pytestmark = pytest.mark.skipif(
    not (MODELS / "embedded" / "decoder.onnx").exists(), reason="no embedded model in this checkout"
)


class StreamerServe:
    """``streamer serve``, to be killed and started again on the same port."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "streamer", "serve", "--port", str(self.port)]
        command += ["--resume-window-s", "3"]  # a closed page's session is waited for at the end
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self._process = process
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("Microphone page"):
                return
        raise AssertionError("streamer serve ended")

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        assert self._process is not None
        assert self._process.stdout is not None
        self._process.send_signal(number)
        code = self._process.wait(20)
        self._process.stdout.close()
        return code


@pytest.fixture(scope="module")
def server() -> Iterator[StreamerServe]:
    server = StreamerServe()
    server.start()
    yield server
    assert server.end() == 0


@pytest.fixture
def page(server: StreamerServe, launch: Launch, tmp_path: Path) -> Iterator[Page]:
    """The page, with a microphone that hears the beginning of the bundled recording."""
    samples, rate = soundfile.read(SAMPLE, dtype="float32", frames=round(HEARD_S * 16_000))
    # Chromium plays the file again and again: the pause ends the last utterance.
    samples = np.concatenate([np.asarray(samples), np.zeros(2 * rate, np.float32)])
    microphone = tmp_path / "sample.wav"
    soundfile.write(microphone, soxr.resample(samples, rate, 48_000), 48_000, subtype="PCM_16")
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        restart = "net::", "503"  # gone, then there but still loading
        if not any(sign in message.text for sign in restart):
            complaints.append(message.text)

    browser = launch(microphone)
    page = browser.new_page(viewport=WIDE)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", listen)
    page.goto(f"http://localhost:{server.port}/")
    wait_until_ready(page)
    yield page
    browser.close()
    assert complaints == []


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9']+", text.lower())


def word_errors(said: str, heard: str) -> float:
    """Substituted, lost and added words, over the words said."""
    wanted, got = words(said), words(heard)
    costs = list(range(len(got) + 1))
    for i, word in enumerate(wanted, 1):
        diagonal, costs[0] = costs[0], i
        for j, other in enumerate(got, 1):
            step = min(diagonal + (word != other), costs[j] + 1, costs[j - 1] + 1)
            diagonal, costs[j] = costs[j], step
    return costs[-1] / len(wanted)


def test_a_file_gives_the_same_finals_as_the_command_line(page: Page) -> None:
    command = [sys.executable, "-m", "streamer", "transcribe", str(SAMPLE)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    expect(page.locator("#empty")).to_contain_text("demonstration model")
    drop(page, SAMPLE.read_bytes())
    wait_until_ready(page)
    assert lines_of(page) == [line for line in told.splitlines() if line]


def test_the_microphone_gives_what_was_said_through_a_restart_in_mid_sentence(
    page: Page, server: StreamerServe, screenshot: Screenshot
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
    screenshot(page, "real")
    page.wait_for_selector("#lines li:nth-child(3)[data-state=final]")
    page.click("#record")
    wait_until_ready(page)
    assert word_errors(HEARD, " ".join(lines_of(page)[:3])) <= 0.2
