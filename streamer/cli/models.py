"""`streamer models`: which models there are, and how they get here and away."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from streamer.cli.errors import CommandError, ExitCode
from streamer.cli.parsers import Commands
from streamer.cli.progress import progress_bar
from streamer.models.assets import Asset, find, installed
from streamer.models.bringing import bring, remove
from streamer.models.catalogue import ASSETS
from streamer.models.errors import AssetMissingError, ModelError, PullError
from streamer.models.places import pulled_folder, shared_folder
from streamer.models.pull import pull, verify
from streamer.models.registry import EMBEDDED, EMBEDDED_SUMMARY, PUBLISHED


def add_to(commands: Commands) -> None:
    """Add the commands to the command line."""
    names = _names()
    parser = commands.add_parser(
        "models",
        help="list, pull, verify or remove models",
        description="List the known models, or do something with one.",
    )
    parser.set_defaults(run=list_models)
    actions = parser.add_subparsers(metavar="ACTION")
    actions.add_parser("list", help="list the known models").set_defaults(run=list_models)
    pulling = actions.add_parser(
        "pull",
        help="bring a model onto this machine",
        description=(
            "Bring a model here and check it against its published checksums: from the package "
            "index that pip or uv is set up for, or from the Hugging Face hub (needs the extra "
            "`hub`); or from a file or folder."
        ),
    )
    pulling.add_argument("name", choices=names, metavar="NAME")
    pulling.add_argument(
        "--from",
        dest="source",
        type=Path,
        metavar="PATH",
        help="take it from this wheel or folder, without a network",
    )
    pulling.set_defaults(run=pull_model)
    verifying = actions.add_parser("verify", help="check the files of models by their checksums")
    verifying.add_argument("name", nargs="?", choices=names, metavar="NAME")
    verifying.set_defaults(run=verify_models)
    removing = actions.add_parser("remove", help="delete a model that was pulled")
    removing.add_argument("name", choices=names, metavar="NAME")
    removing.set_defaults(run=remove_model)


def list_models(arguments: argparse.Namespace) -> ExitCode:
    """Print each known model, and whether it is here."""
    for asset in ASSETS.values():
        if asset.transcribes:
            print(_line(asset))
    print(f"{EMBEDDED:<13}  {EMBEDDED_SUMMARY}; serves where moonshine cannot be had")
    for name, model in PUBLISHED.items():
        folder = pulled_folder(name)
        size_gb = sum(file.size for file in model.files) / 1e9
        place = f"in {folder}" if folder.is_dir() else f"not here: streamer models pull {name}"
        print(f"{name:<13}  {model.summary}, {size_gb:.1f} GB; {place}")
    print("\nUsed beside them, where they are here:")
    for asset in ASSETS.values():
        if not asset.transcribes:
            print(_line(asset))
    print(
        "\nServe a model with `streamer serve --model NAME`, or any folder with `--model FOLDER`."
    )
    return ExitCode.OK


def pull_model(arguments: argparse.Namespace) -> ExitCode:
    """Bring a model here; say where it is and whether it is the published one."""
    name: str = arguments.name
    published = True
    folder = pulled_folder(name)
    try:
        with progress_bar() as show:
            if name in ASSETS:
                folder = bring(ASSETS[name], arguments.source, show)
            else:
                published = pull(name, folder, arguments.source, show)
    except PullError as error:
        raise CommandError(str(error)) from error
    kind = "the published files" if published else "files other than the published ones"
    print(f"{name}: {kind}, in {folder}")
    if name not in ASSETS or ASSETS[name].transcribes:
        print(f"Serve it: streamer serve --model {name}")
    return ExitCode.OK


def verify_models(arguments: argparse.Namespace) -> ExitCode:
    """Check one model, or all that are here, and say of each what is wrong."""
    names = [arguments.name] if arguments.name else _names()
    wrong = 0
    for name in names:
        try:
            folder = find(ASSETS[name]) if name in ASSETS else verify(name)
        except AssetMissingError as error:
            if arguments.name:
                raise CommandError(str(error)) from error
        except ModelError as error:
            wrong += 1
            print(error, file=sys.stderr)
        else:
            print(f"{name}: as published, in {folder}")
    return ExitCode.FAILED if wrong else ExitCode.OK


def remove_model(arguments: argparse.Namespace) -> ExitCode:
    """Delete a model's folder."""
    name: str = arguments.name
    folder = pulled_folder(name)
    try:
        there = remove(folder)
    except PullError as error:
        raise CommandError(str(error)) from error
    if there:
        print(f"{name}: removed from {folder}")
    else:
        print(f"streamer: {name}: nothing to remove in {folder}", file=sys.stderr)
    shared = shared_folder(name)
    if shared != folder and shared.is_dir():
        print(f"It is there for all users of this machine, too, and stays: {shared}")
    if name in ASSETS and installed(ASSETS[name]) is not None:
        print(f"It is installed as a package, too: pip uninstall {ASSETS[name].package}")
    return ExitCode.OK if there else ExitCode.FAILED


def _names() -> list[str]:
    return sorted([*ASSETS, *PUBLISHED])


def _line(asset: Asset) -> str:
    return f"{asset.name:<13}  {asset.summary}, {asset.size / 1e6:.0f} MB; {_place(asset)}"


def _place(asset: Asset) -> str:
    try:
        return f"in {find(asset)}"
    except AssetMissingError:
        return f"not here: streamer models pull {asset.name}"
    except ModelError as error:
        return str(error)
