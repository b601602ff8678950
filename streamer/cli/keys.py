"""`streamer keys`: make and remove the keys that clients must bring."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from streamer.cli.errors import CommandError, ExitCode
from streamer.cli.options import add_settings, read_settings
from streamer.cli.parsers import Commands
from streamer.server.admission.keys import (
    NAMES,
    KeyFileError,
    digest,
    new_key,
    read_keys,
    write_keys,
)


def add_to(commands: Commands) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "keys",
        help="make and remove API keys",
        description=(
            "Make, list and remove the API keys in a key file, which holds no key, only names and "
            "SHA-256 digests. A running server reads the file again on SIGHUP."
        ),
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    add = actions.add_parser("add", help="make a key and print it, this once")
    remove = actions.add_parser("remove", help="remove the key of a name")
    listing = actions.add_parser("list", help="list the names")
    for action, command in ((add, _add), (remove, _remove), (listing, _list)):
        if action is not listing:
            action.add_argument("name", metavar="NAME")
        add_settings(action, ["keys_file"])
        action.set_defaults(run=command)


def _add(arguments: argparse.Namespace) -> ExitCode:
    name: str = arguments.name
    if not NAMES.fullmatch(name):
        problem = f"{name!r} is no name; accepted: 1 to 64 letters, digits, dots, dashes, _"
        raise CommandError(problem, ExitCode.USAGE)
    path = _path(arguments)
    digests = _read(path) if path.exists() else {}
    if name in digests:
        raise CommandError(f"{name} has a key already; remove it first")
    key = new_key()
    _write(path, digests | {name: digest(key)})
    print(f"The key of {name}; it is kept nowhere and cannot be shown again:", file=sys.stderr)
    print(key)
    return ExitCode.OK


def _remove(arguments: argparse.Namespace) -> ExitCode:
    path = _path(arguments)
    digests = _read(path)
    if arguments.name not in digests:
        raise CommandError(f"{arguments.name} has no key in {path}")
    _write(path, {name: kept for name, kept in digests.items() if name != arguments.name})
    return ExitCode.OK


def _list(arguments: argparse.Namespace) -> ExitCode:
    for name in _read(_path(arguments)):
        print(name)
    return ExitCode.OK


def _path(arguments: argparse.Namespace) -> Path:
    path = read_settings(arguments).keys_file
    if path is None:
        raise CommandError("--keys-file FILE (STREAMER_KEYS_FILE) is needed", ExitCode.USAGE)
    return path


def _read(path: Path) -> dict[str, str]:
    try:
        return read_keys(path)
    except KeyFileError as error:
        raise CommandError(str(error)) from error


def _write(path: Path, digests: dict[str, str]) -> None:
    try:
        write_keys(path, digests)
    except KeyFileError as error:
        raise CommandError(str(error)) from error
