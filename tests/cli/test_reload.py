"""SIGHUP makes a running server read its keys again."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest
from cli.test_commands import serving
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from streamer.cli.main import main


def is_let_in(url: str, key: str) -> bool:
    try:
        with connect(f"{url}/v1/stream", additional_headers={"Authorization": f"Bearer {key}"}):
            return True
    except InvalidStatus as error:
        status = error.response.status_code
    if status != 401:
        pytest.fail(f"HTTP {status}")
    return False


def test_a_key_is_good_from_the_signal_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    option = ["--keys-file", str(tmp_path / "keys")]
    assert main(["keys", "add", "anna", *option]) == 0
    first = capsys.readouterr().out.strip()
    with serving(*option, "--resume-window-s", "0") as (process, url):
        assert is_let_in(url, first)
        assert main(["keys", "add", "bert", *option]) == 0
        second = capsys.readouterr().out.strip()
        assert not is_let_in(url, second)
        process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + 10
        while not is_let_in(url, second):
            assert time.monotonic() < deadline
        assert is_let_in(url, first)
        process.terminate()
        assert process.wait(30) == 0
