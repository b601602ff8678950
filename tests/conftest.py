"""Which event loops the tests run on, and how long an example may take."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping

import pytest
import uvloop
from hypothesis import settings

# No test may wait for a network: those that want another model name it.
os.environ["STREAMER_MODEL"] = "embedded"

# How long one example takes on a busy machine says nothing about the code.
settings.register_profile("busy", deadline=None)
settings.load_profile("busy")

LoopFactory = Callable[[], asyncio.AbstractEventLoop]


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, LoopFactory]:
    """Hostile clients meet both loops: floods hit them in different ways, and uvloop harder."""
    loops: dict[str, LoopFactory] = {"asyncio": asyncio.new_event_loop}
    if item.path.stem == "test_hostile_clients":
        loops["uvloop"] = uvloop.new_event_loop
    return loops
