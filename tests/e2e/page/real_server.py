"""The server that people start, as a process of its own, and a page of it with a microphone."""

import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import soundfile
import soxr
from e2e.page.browser import WIDE, Launch, wait_until_ready
from playwright.sync_api import ConsoleMessage, Page, ViewportSize


class StreamerServe:
    """``streamer serve``, to be killed and started again on the same port."""

    def __init__(self, model: str) -> None:
        self._model = model
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "streamer", "serve", "--model", self._model]
        command += ["--port", str(self.port)]
        command += ["--watch-hours", "1"]
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


def microphone(recording: Path, wav: Path, seconds: float | None = None) -> Path:
    """Write what Chromium's microphone is to hear: the beginning of a recording, or all of it."""
    samples, rate = soundfile.read(recording, dtype="float32")
    heard = samples if seconds is None else samples[: round(seconds * rate)]
    # Chromium plays the file again and again: the pause ends the last utterance.
    heard = np.concatenate([np.asarray(heard), np.zeros(2 * rate, np.float32)])
    soundfile.write(wav, soxr.resample(heard, rate, 48_000), 48_000, subtype="PCM_16")
    return wav


@contextmanager
def opened(
    launch: Launch, wav: Path, server: StreamerServe, viewport: ViewportSize = WIDE
) -> Generator[Page]:
    """Open the server's page, and hold it to having nothing to complain of in the console."""
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        restart = "net::", "503", "405"  # gone, loading, and what it says when it is asked why
        if not any(sign in message.text for sign in restart):
            complaints.append(message.text)

    browser = launch(wav)
    page = browser.new_page(viewport=viewport)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", listen)
    page.goto(f"http://localhost:{server.port}/")
    wait_until_ready(page)
    yield page
    browser.close()
    assert not complaints, complaints
