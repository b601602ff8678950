"""What the page's tests share: how Chromium is started, and what is done with a page."""

import io
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from e2e.page.tones import tones

try:
    from playwright.sync_api import Browser, Page, ViewportSize
except ImportError:
    pytest.skip("the page's tests need `pip install playwright`", allow_module_level=True)

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    # An address that is not localhost, as a page opened from another machine has.
    "--host-resolver-rules=MAP elsewhere.test 127.0.0.1",
]
WIDE: ViewportSize = {"width": 1180, "height": 820}
PHONE: ViewportSize = {"width": 390, "height": 844}

Launch = Callable[[Path], Browser]
OpenPage = Callable[..., Page]
Screenshot = Callable[[Page, str], None]


def flags_with(microphone: Path) -> list[str]:
    """Chromium's flags; ``microphone`` is the WAV file that it takes for one."""
    return [*FLAGS, f"--use-file-for-fake-audio-capture={microphone}"]


def flac(count: int, *, channels: int = 1) -> bytes:
    """A recording of ``count`` sentences; in stereo, the right ear hears them a sentence later."""
    sound = tones(count, 16_000)
    if channels == 2:
        silence = np.zeros(2 * 16_000, np.float32)
        sound = np.stack(
            [np.concatenate([sound, silence]), np.concatenate([silence, sound])], axis=1
        )
    file = io.BytesIO()
    soundfile.write(file, sound, 16_000, format="FLAC")
    return file.getvalue()


def lines_of(page: Page) -> list[str]:
    """The texts of the lines shown."""
    return page.locator("#lines li p").all_inner_texts()


def drop(page: Page, recording: bytes, *names: str) -> None:
    """Drop a file on the page, as from a file manager; or one under each of several names."""
    transfer = page.evaluate_handle(
        """([bytes, names]) => {
            const transfer = new DataTransfer();
            for (const name of names)
                transfer.items.add(new File([new Uint8Array(bytes)], name));
            return transfer;
        }""",
        [list(recording), list(names) or ["talk.flac"]],
    )
    page.dispatch_event("body", "dragover", {"dataTransfer": transfer})
    assert page.locator("body.dropping").count() == 1
    page.dispatch_event("body", "drop", {"dataTransfer": transfer})


def wait_until_ready(page: Page) -> None:
    """Nothing is being recorded, and the server is there."""
    page.wait_for_selector("#connection[data-state=ready]")
