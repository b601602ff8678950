"""SECURITY.md speaks of settings, tests and commands that there are."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from streamer.audio.files import BLOCK_SAMPLES
from streamer.audio.isolation.limits import BLOCK_CPU_S, MEMORY_BYTES
from streamer.pipeline.runner import MAX_OWED_S
from streamer.protocols.native.replay_buffer import KEPT_BYTES
from streamer.server.admission.quotas import BURST_S
from streamer.server.admission.refusals import LOGGED_PER_SECOND
from streamer.server.calls import KEPT_MESSAGES
from streamer.server.connection.outbox import CAPACITY
from streamer.server.connection.rate_limit import FRAMES_PER_SECOND, FRAMES_PER_TURN
from streamer.server.http.transcriptions import MAX_S
from streamer.server.http.uploads import LARGEST_AT_ONCE
from streamer.server.listeners.http import BODY_S, BURST, HEAD_S, PER_SECOND
from streamer.settings import Settings

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")


def test_every_option_is_a_setting() -> None:
    known = {f"--{name.replace('_', '-')}" for name in Settings.model_fields}
    assert set(re.findall(r"--[a-z][a-z-]+", TEXT)) <= known


def test_every_file_and_command_exists() -> None:
    for path in re.findall(r"`((?:tests/)?(?:\w+/)*test_\w+\.py)`", TEXT):
        found = [ROOT / path] if "/" in path else (ROOT / "tests" / "server").rglob(path)
        assert any(one.exists() for one in found), path
    for module in re.findall(r"python -m ([\w.]+)", TEXT):
        assert importlib.util.find_spec(module), module


@pytest.mark.parametrize(
    "bound",
    [
        f"{FRAMES_PER_SECOND} frames a second",
        f"{FRAMES_PER_TURN} frames parsed in a turn",
        f"{CAPACITY} messages",
        f"{BURST_S:g} s at once",
        f"up to {KEPT_BYTES >> 10} kB a\nsession",
        f"the last {KEPT_MESSAGES} messages",
        f"{MAX_OWED_S:g} s of finals",
        f"cut after {HEAD_S:g} s",
        f"{BURST:g} of a connection at once, then {PER_SECOND:g} a second",
        f"not wanted after {BODY_S:g} s",
        f"{BLOCK_SAMPLES * 4 >> 20} MB of samples",
        f"at most {MAX_S / 3600:g} hours",
        f"gets {MEMORY_BYTES >> 30} GiB of memory and {BLOCK_CPU_S} s of computing",
        f"{ {4: 'four'}[LARGEST_AT_ONCE] } times that in all",
        f"{ {10: 'ten'}[LOGGED_PER_SECOND] } refusals a second",
    ],
)
def test_the_bounds_are_those_of_the_code(bound: str) -> None:
    assert bound in TEXT
