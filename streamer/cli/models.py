"""`streamer models`: which models there are, and how they get here."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TransferSpeedColumn,
)

from streamer.cli.errors import CommandError, ExitCode
from streamer.cli.parsers import Commands
from streamer.models.hub import PullError
from streamer.models.pull import pull
from streamer.models.registry import EMBEDDED, EMBEDDED_SUMMARY, PUBLISHED, pulled_folder


def add_to(commands: Commands) -> None:
    """Add the commands to the command line."""
    parser = commands.add_parser(
        "models", help="list known models, or pull one", description="List the known models."
    )
    parser.set_defaults(run=list_models)
    actions = parser.add_subparsers(metavar="ACTION")
    pulling = actions.add_parser(
        "pull",
        help="bring a model onto this machine",
        description=(
            "Download a model from the Hugging Face hub (needs the extra `hub`), and check it "
            "against its published checksums; or copy it from a folder."
        ),
    )
    pulling.add_argument("name", choices=sorted(PUBLISHED), metavar="NAME")
    pulling.add_argument(
        "--from",
        dest="source",
        type=Path,
        metavar="FOLDER",
        help="copy it from here",
    )
    pulling.set_defaults(run=pull_model)


def list_models(arguments: argparse.Namespace) -> ExitCode:
    """Print each known model, and whether it is here."""
    print(f"{EMBEDDED:<13}  {EMBEDDED_SUMMARY}")
    for name, model in PUBLISHED.items():
        folder = pulled_folder(name)
        size_gb = sum(file.size for file in model.files) / 1e9
        place = f"in {folder}" if folder.is_dir() else f"not here: streamer models pull {name}"
        print(f"{name:<13}  {model.summary}, {size_gb:.1f} GB; {place}")
    print("\nServe one with `streamer serve --model NAME`, or any folder with `--model FOLDER`.")
    return ExitCode.OK


def pull_model(arguments: argparse.Namespace) -> ExitCode:
    """Bring a model here; say where it is and whether it is the published one."""
    folder = pulled_folder(arguments.name)
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    tasks: dict[str, TaskID] = {}

    def show(file: str, done: int, size: int) -> None:
        if file not in tasks:
            tasks[file] = bar.add_task(file, total=size)
        bar.update(tasks[file], completed=done)

    try:
        with bar:
            published = pull(arguments.name, folder, arguments.source, show)
    except PullError as error:
        raise CommandError(str(error)) from error
    kind = "the published files" if published else "files other than the published ones"
    print(f"{arguments.name}: {kind}, in {folder}")
    print(f"Serve it: streamer serve --model {arguments.name}")
    return ExitCode.OK
