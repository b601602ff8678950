"""Command-line options made from the settings model, so that each is described once."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from streamer.cli.errors import CommandError, ExitCode
from streamer.settings import Settings


def add_settings(parser: argparse.ArgumentParser, names: Iterable[str] | None = None) -> None:
    """Add an option for each of these settings, or for all."""
    for name in names or Settings.model_fields:
        field = Settings.model_fields[name]
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            dest=name,
            action="append" if get_origin(field.annotation) is list else "store",
            metavar=metavar(field),
            help=f"{field.description} (default: {default(field)})",
        )


def read_settings(arguments: argparse.Namespace) -> Settings:
    """Read the settings: options win over the environment, which wins over the defaults.

    Raises CommandError for a value that will not do.
    """
    given = {
        name: value
        for name in Settings.model_fields
        if (value := getattr(arguments, name, None)) is not None
    }
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = str(first["loc"][0]) if first["loc"] else "settings"
        option = f"--{name.replace('_', '-')} (STREAMER_{name.upper()})"
        problem = f"{option}: {first['msg']}, not {first['input']!r}"
        raise CommandError(problem, ExitCode.USAGE) from error


def metavar(field: FieldInfo) -> str:
    """Name the kind of value that a setting takes."""
    kind: Any = field.annotation
    if get_origin(kind) is list:
        return "VALUE"
    if get_origin(kind) is Literal:
        return "{" + ",".join(str(choice) for choice in get_args(kind)) + "}"
    named = next((one for one in get_args(kind) if one is not NoneType), kind)
    return named.__name__.upper()


def default(field: FieldInfo) -> str:
    """Show a setting's default."""
    return "none" if field.default in ([], None) else str(field.default) or "none"


def settings_table() -> str:
    """Describe all settings as a Markdown table, for the README."""
    rows = [
        f"| `--{name.replace('_', '-')}` | `STREAMER_{name.upper()}` | "
        f"{default(field)} | {field.description} |\n"
        for name, field in Settings.model_fields.items()
    ]
    return "| option | environment | default | meaning |\n| --- | --- | --- | --- |\n" + "".join(
        rows
    )
