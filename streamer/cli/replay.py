"""`streamer replay`: a recorded session, run again."""

from __future__ import annotations

import argparse
from pathlib import Path

from streamer.cli.errors import CommandError, ExitCode
from streamer.cli.loading import load_step_engine
from streamer.cli.options import add_settings, read_settings
from streamer.cli.parsers import Commands
from streamer.recording.entries import EngineName
from streamer.recording.lines import RecordingError, read_recording
from streamer.recording.replay import Difference, Replay, Tally
from streamer.speech.engine_info import EngineInfo


def add_to(commands: Commands) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "replay",
        help="run a recorded session again",
        description=(
            "Run a recording of `streamer serve --record DIR` through the session core and the "
            "model, as fast as they go. Ends with 0 if every event and every hypothesis is as it "
            "was, and with 1 after showing the first that is not."
        ),
    )
    parser.add_argument("file", type=Path, metavar="FILE")
    add_settings(parser, ["model", "provider", "threads", "max_batch"])
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Replay a file."""
    settings = read_settings(arguments)
    path: Path = arguments.file
    try:
        with read_recording(path) as (header, entries):
            engine = load_step_engine(settings)
            _compare(header.engine, engine.info)
            replay = Replay(header, engine, settings.max_batch)
            difference = replay.run(entries)
    except RecordingError as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from error
    print(_told(replay.tally))
    if difference is None:
        return ExitCode.OK
    print(_shown(difference))
    return ExitCode.FAILED


def _compare(recorded: EngineName, here: EngineInfo) -> None:
    if (recorded.name, recorded.precision) != (here.name, here.precision):
        print(
            f"Recorded with {recorded.name} ({recorded.precision}), replayed with {here.name} "
            f"({here.precision}): texts will differ. --model chooses the model."
        )


def _told(tally: Tally) -> str:
    speed = tally.audio_s / tally.wall_s if tally.wall_s else 0.0
    return (
        f"The same: {tally.inputs} inputs, {tally.events} events, {tally.hypotheses} hypotheses; "
        f"{tally.audio_s:.1f} s of audio in {tally.wall_s:.2f} s ({speed:.0f} times real time)."
    )


def _shown(difference: Difference) -> str:
    return (
        f"First difference, line {difference.line} (after {difference.at:.3f} s):\n"
        f"  recorded: {difference.recorded or 'nothing'}\n"
        f"  replayed: {difference.replayed or 'nothing'}"
    )
