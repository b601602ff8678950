"""How a client asks for a session that its dropped connection had."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from streamer.session.settings import InvalidSettingError

_ACCEPTED = {
    "resume": "the `session` of a `ready`",
    "last_seq": "the `seq` of the last message that has come, -1 if none has",
}


class Resumption(BaseModel):
    """Which session, and what the client has of it; None stands for whatever is not kept."""

    model_config = ConfigDict(frozen=True)

    resume: str = Field(min_length=1, max_length=256)
    last_seq: int | None = Field(default=None, ge=-1)


def parse_resumption(settings: Mapping[str, Any]) -> Resumption | None:
    """Find a wish to resume among settings; the others are then those that the session has.

    Raises InvalidSettingError for one that cannot be understood.
    """
    if "resume" not in settings:
        return None
    try:
        return Resumption.model_validate(dict(settings))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = str(first["loc"][0])
        raise InvalidSettingError(name, first["msg"], _ACCEPTED[name]) from error
