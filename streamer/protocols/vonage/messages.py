"""What Vonage's Voice API sends in text messages; audio comes in binary ones.

From Vonage's documentation, Voice API, guide "WebSockets": the first message holds the format and
the headers of the NCCO's endpoint.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

_FORMAT = re.compile(r"audio/l16\s*;\s*rate=(\d{4,6})", re.IGNORECASE)
_CALL_HEADERS = ("call", "uuid", "conversation_uuid")
"""Headers that may name the call, whatever NCCOs call it; the first counts."""


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow", allow_inf_nan=False)


class Connected(_Message):
    """The first message; whatever else stands in it are the NCCO's own headers."""

    event: Literal["websocket:connected"] = "websocket:connected"
    content_type: str = Field(validation_alias="content-type", max_length=256)

    @property
    def rate(self) -> int | None:
        """Hz of the 16-bit little-endian mono samples, if they are some."""
        found = _FORMAT.fullmatch(self.content_type.strip())
        return None if found is None else int(found[1])

    @property
    def headers(self) -> dict[str, Any]:
        """What the NCCO's author has put there."""
        return dict(self.model_extra or {})

    @property
    def call(self) -> str | None:
        """The id of the call, where a header tells it."""
        named = (self.headers.get(name) for name in _CALL_HEADERS)
        return next((one for one in named if isinstance(one, str) and 0 < len(one) <= 256), None)


class Dtmf(_Message):
    """A key was pressed."""

    event: Literal["websocket:dtmf"]
    digit: Annotated[str, Field(min_length=1, max_length=1)]


_messages: TypeAdapter[Connected | Dtmf] = TypeAdapter(Connected | Dtmf)


def parse(text: str) -> Connected | Dtmf | None:
    """Read a message; None for one of another kind, such as `websocket:cleared`, or a wrong one."""
    try:
        return _messages.validate_json(text)
    except ValidationError:
        return None
