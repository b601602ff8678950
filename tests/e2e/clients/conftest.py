"""The demonstration model, loaded once for all clients."""

from __future__ import annotations

import pytest

from streamer.cli.loading import load_step_engine
from streamer.decoding.step_engine import StepEngine
from streamer.settings import Settings


@pytest.fixture(scope="package")
def engine() -> StepEngine:
    return load_step_engine(Settings(threads=1))
