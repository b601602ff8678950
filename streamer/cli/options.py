"""Command-line options made from the settings model, so that each is described once."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterable
from difflib import get_close_matches
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import SettingsError

from streamer.cli.errors import CommandError, ExitCode
from streamer.cli.text import shown
from streamer.settings import ENVIRONMENT_ONLY, PREFIX, Settings

_OF_KUBERNETES = re.compile(r"STREAMER_(SERVICE_(HOST|PORT)|PORT_\d+_(TCP|UDP))(_\w+)?$")
"""What pods are told of a service that is called `streamer`."""


def add_settings(parser: argparse.ArgumentParser, names: Iterable[str] | None = None) -> None:
    """Add an option for each of these settings, or for all."""
    for name in names or Settings.model_fields:
        field = Settings.model_fields[name]
        if _option(name) is None:
            continue
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
    _refuse_unknown(os.environ)
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = str(first["loc"][0]) if first["loc"] else "settings"
        value = "what was given" if _is_secret(name) else shown(repr(first["input"]))
        raise _wrong(name, f"{first['msg']}, not {value}") from error
    except SettingsError as error:  # a list in the environment that is not JSON
        name = next(
            (name for name in Settings.model_fields if f'"{name}"' in str(error)), "settings"
        )
        raise _wrong(name, 'in the environment a list is JSON, such as ["one", "two"]') from error


def _wrong(name: str, problem: str) -> CommandError:
    option, variable = _option(name), _variable(name)
    named = variable if option is None else f"{option} ({variable})"
    return CommandError(f"{named}: {problem}", ExitCode.USAGE)


def _option(name: str) -> str | None:
    """Write a setting as an option; None for one that stands in the environment alone."""
    field = Settings.model_fields.get(name)
    if field is not None and field.json_schema_extra == ENVIRONMENT_ONLY:
        return None
    return f"--{name.replace('_', '-')}"


def _refuse_unknown(environment: Iterable[str]) -> None:
    """Raise CommandError for a variable that would set nothing."""
    known = {_variable(name) for name in Settings.model_fields}
    for variable in sorted(environment):
        upper = variable.upper()
        if upper.startswith(PREFIX) and upper not in known and not _OF_KUBERNETES.match(upper):
            # The prefix aside: it would make any two of them alike.
            near = get_close_matches(upper.removeprefix(PREFIX).lower(), Settings.model_fields, 1)
            advice = f"; is {_variable(near[0])} meant?" if near else ""
            problem = f"{shown(variable)} in the environment is no setting{advice}"
            raise CommandError(problem, ExitCode.USAGE)


def _variable(name: str) -> str:
    return f"{PREFIX}{name.upper()}"


def _is_secret(name: str) -> bool:
    field = Settings.model_fields.get(name)
    return field is not None and SecretStr in (field.annotation, *get_args(field.annotation))


def metavar(field: FieldInfo) -> str:
    """Name the kind of value that a setting takes."""
    kind: Any = field.annotation
    if SecretStr in (kind, *get_args(kind)):
        return "SECRET"
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
    """Describe all settings as a Markdown table, for docs/guide.md."""
    rows = [
        f"| {f'`{_option(name)}`' if _option(name) else 'none'} | `{_variable(name)}` | "
        f"{default(field)} | {field.description} |\n"
        for name, field in Settings.model_fields.items()
    ]
    return "| option | environment | default | meaning |\n| --- | --- | --- | --- |\n" + "".join(
        rows
    )
