"""Reading AudioHook's messages, with problems in words for their sender."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from streamer.protocols.audiohook.messages import ClientMessage, Media

MAX_TEXT = 65_535
"""Characters that a message may have, by the protocol."""

RATE = 8000

_Model = TypeVar("_Model", bound=BaseModel)


class InvalidMessageError(Exception):
    """A message that is not one of the protocol, or comes at the wrong time."""


def parse(text: str) -> ClientMessage:
    """Read what all messages have; raises InvalidMessageError."""
    if len(text) > MAX_TEXT:
        raise InvalidMessageError(f"a text message has at most {MAX_TEXT} characters")
    try:
        return ClientMessage.model_validate_json(text)
    except ValidationError as error:
        raise InvalidMessageError(_problem(error)) from error


def read(model: type[_Model], parameters: Mapping[str, Any]) -> _Model:
    """Read the parameters of one type of message; raises InvalidMessageError."""
    try:
        return model.model_validate(parameters)
    except ValidationError as error:
        raise InvalidMessageError(f"parameters.{_problem(error)}") from error


def chosen(offer: Sequence[Media]) -> Media | None:
    """Choose of an offer what tells the most: both sides of the call, if they are there."""
    known = [
        one
        for one in offer
        if (one.type, one.format, one.rate) == ("audio", "PCMU", RATE)
        and 1 <= len(one.channels) <= 2
    ]
    return max(known, key=lambda one: len(one.channels), default=None)


def _problem(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(map(str, first["loc"]))
    return f"{place}: {first['msg']}" if place else first["msg"]
