"""Loading the model that a command works with."""

from __future__ import annotations

from streamer.cli.errors import CommandError
from streamer.decoding.engine import OnnxEngine
from streamer.engines.base import Engine
from streamer.models.errors import ModelError
from streamer.models.registry import resolve
from streamer.settings import Settings


def load_engine(settings: Settings) -> Engine:
    """Find and load the model; raises CommandError in words that tell what to mend."""
    try:
        return OnnxEngine.load(
            resolve(settings.model), provider=settings.provider, threads=settings.threads
        )
    except ModelError as error:
        raise CommandError(str(error)) from error


def describe(engine: Engine) -> str:
    """Say in one line which model runs where."""
    info = engine.info
    line = f"{info.name} ({info.precision}, {info.provider}), languages: {' '.join(info.languages)}"
    if info.demonstration:
        line += (
            "\nThis is the small demonstration model that ships with streamer; "
            "`streamer models` tells how to get the real one."
        )
    return line
