"""Loading the model that a command works with."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from streamer.cli.errors import CommandError
from streamer.cli.progress import progress_bar
from streamer.decoding.step_engine import StepEngine
from streamer.engines.local import LocalEngine
from streamer.engines.upstream.address import PREFIX
from streamer.families.registry import load_model
from streamer.models.catalogue import SMART_TURN
from streamer.models.default import default_folder, detector_folder
from streamer.models.errors import AssetMissingError, ModelError
from streamer.models.progress import Progress, no_progress
from streamer.models.registry import AUTO, resolve
from streamer.pipeline import turn_models
from streamer.pipeline.detection import VoiceDetection
from streamer.pipeline.silero import SileroGraphs
from streamer.settings import Settings
from streamer.speech.engine_info import EngineInfo
from streamer.turns.models.base import TurnModel

OFF = "off"
"""The `--turn-model` that is none."""

Tell = Callable[[str], None]


def load_step_engine(settings: Settings, tell: Tell | None = None) -> StepEngine:
    """Find and load the model; raises CommandError in words that tell what to mend.

    `tell` is given what happens where the default model is not here yet; else the user reads it.
    """
    try:
        folder = model_folder(settings.model, tell)
        return load_model(folder, provider=settings.provider, threads=settings.threads)
    except ModelError as error:
        raise CommandError(str(error)) from error


def load_engine(settings: Settings, tell: Tell | None = None) -> LocalEngine:
    """Load the model and put it in a thread of its own; raises CommandError."""
    return LocalEngine(load_step_engine(settings, tell), settings.max_batch)


def load_turn_model(settings: Settings) -> TurnModel | None:
    """Load the turn model, if there is to be one; raises CommandError."""
    if settings.turn_model == OFF:
        return None
    try:
        name = SMART_TURN.name if settings.turn_model == AUTO else settings.turn_model
        return turn_models.load_turn_model(name)
    except AssetMissingError as error:
        if settings.turn_model == AUTO:
            return None
        raise CommandError(str(error)) from error
    except ModelError as error:
        raise CommandError(f"--turn-model {settings.turn_model}: {error}") from error


def load_detection(
    settings: Settings, info: EngineInfo, tell: Tell | None = None
) -> VoiceDetection | None:
    """Load Silero's detector, which comes with the default model; None where it is not here.

    Raises CommandError for files that cannot be loaded.
    """
    fetch = settings.model == AUTO and not info.demonstration  # else there is no index at hand
    with _telling(tell) as (say, show):
        folder = detector_folder(say, show, fetch=fetch)
    try:
        return None if folder is None else VoiceDetection(SileroGraphs(folder))
    except ModelError as error:
        raise CommandError(str(error)) from error


def model_folder(model: str, tell: Tell | None = None) -> Path:
    """Find a model's folder, and fetch that of the default model; raises CommandError.

    `tell` is as above.
    """
    if model.startswith(PREFIX):
        raise CommandError(f"{model} has no files here: it is for `streamer serve` alone")
    try:
        if model != AUTO:
            return resolve(model)
        with _telling(tell) as (say, show):
            return default_folder(say, show)
    except ModelError as error:
        raise CommandError(str(error)) from error


@contextmanager
def _telling(tell: Tell | None) -> Generator[tuple[Tell, Progress]]:
    """Tell as asked; else the user reads it, and sees a bar for what is fetched."""
    if tell is not None:
        yield tell, no_progress
        return
    with progress_bar() as show:
        yield lambda line: print(line, file=sys.stderr, flush=True), show


def describe(info: EngineInfo) -> str:
    """Say in one line which model runs where."""
    line = f"{info.name} ({info.precision}, {info.provider}), languages: {' '.join(info.languages)}"
    return line if info.advice is None else f"{line}\n{info.advice}"
