"""Loading the model that a command works with."""

from __future__ import annotations

from streamer.cli.errors import CommandError
from streamer.decoding.step_engine import StepEngine
from streamer.engines.local import LocalEngine
from streamer.families.registry import load_model
from streamer.models.errors import ModelError
from streamer.models.registry import resolve
from streamer.settings import Settings
from streamer.speech.engine_info import EngineInfo


def load_step_engine(settings: Settings) -> StepEngine:
    """Find and load the model; raises CommandError in words that tell what to mend."""
    try:
        return load_model(
            resolve(settings.model), provider=settings.provider, threads=settings.threads
        )
    except ModelError as error:
        raise CommandError(str(error)) from error


def load_engine(settings: Settings) -> LocalEngine:
    """Load the model and put it in a thread of its own; raises CommandError."""
    return LocalEngine(load_step_engine(settings), settings.max_batch)


def describe(info: EngineInfo) -> str:
    """Say in one line which model runs where."""
    line = f"{info.name} ({info.precision}, {info.provider}), languages: {' '.join(info.languages)}"
    if info.demonstration:
        line += (
            "\nThis is the small demonstration model that ships with streamer; "
            "`streamer models` tells how to get the real one."
        )
    return line
