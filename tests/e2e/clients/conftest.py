"""The demonstration model, loaded once for all clients."""

from __future__ import annotations

import pytest

from streamer.cli.loading import load_engine
from streamer.engines.base import Engine
from streamer.settings import Settings


@pytest.fixture(scope="package")
def engine() -> Engine:
    return load_engine(Settings(threads=1))
