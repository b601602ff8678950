"""What a server's answer means: a text, or whose fault it is that there is none."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

from streamer.engines.upstream.profiles import Profile
from streamer.speech.hypothesis import EngineError, Hypothesis, Outcome
from streamer.speech.options import DecodeOptions
from streamer.speech.plain import without_punctuation

MAX_ANSWER_BYTES = 1 << 20
"""Of a body; a clip of 35 s has a thousand characters."""

LONGEST_HOLD_S = 30.0
"""What is believed of a `Retry-After`."""

_SHOWN = 200
"""Characters of a server's own message that are logged."""


class Fault(StrEnum):
    """Who is to blame for a post."""

    NONE = "none"
    CLIP = "clip"
    """The server is well, and does not like what it was sent."""
    SERVER = "server"
    BUSY = "busy"
    """It asks for patience."""
    REFUSED = "refused"
    """It will take nothing of ours until somebody mends a setting."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How a post ended. `label` is what metrics count it as: a status, or what went wrong."""

    outcome: Outcome
    label: str
    fault: Fault = Fault.NONE
    hold_s: float = 0.0
    """How long the server asks to be left alone."""


def failed(label: str, message: str) -> Answer:
    """Tell of a post that has no answer at all: nobody knows if the clip was heard."""
    return Answer(EngineError(message, away=True), label, Fault.SERVER)


def read(
    status: int, retry_after: str, body: bytes, profile: Profile, options: DecodeOptions
) -> Answer:
    """Read a whole answer."""
    label = str(status)
    if status == 200:
        return _text(body, profile, options)
    message = f"the upstream answered {status}: {_message(body)}"
    if status in (429, 503):
        return Answer(EngineError(message, away=True), label, Fault.BUSY, _hold_s(retry_after))
    if status in (401, 403, 404, 405):
        return Answer(EngineError(message, away=True), label, Fault.REFUSED)
    if status in (502, 504):  # of a proxy that finds nobody
        return Answer(EngineError(message, away=True), label, Fault.SERVER)
    fault = Fault.SERVER if status >= 500 or status < 400 else Fault.CLIP
    return Answer(EngineError(message), label, fault)


def _text(body: bytes, profile: Profile, options: DecodeOptions) -> Answer:
    found = _json(body)
    text = cast("dict[str, Any]", found).get("text") if isinstance(found, dict) else None
    if not isinstance(text, str):
        return Answer(EngineError("the upstream's answer has no text"), "nonsense", Fault.SERVER)
    if profile.preamble is not None:
        text = profile.preamble.sub("", text.lstrip())
    # Text goes out as JSON, which no surrogate alone can be part of.
    text = " ".join(text.encode("utf-8", "replace").decode().split())
    if not options.punctuation:
        text = without_punctuation(text)
    return Answer(Hypothesis(text, tokens=(), confidence=None), "200")


def _message(body: bytes) -> str:
    """Find what a server says is wrong: each has a shape of its own."""
    found = _json(body)
    for name in ("error", "message", "detail"):
        if isinstance(found, dict):
            found = cast("dict[str, Any]", found).get(name, found)
    told = found if isinstance(found, str) else body[:_SHOWN].decode("utf-8", "replace")
    return re.sub(r"[^ -~]+", " ", told)[:_SHOWN].strip() or "nothing"


def _json(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _hold_s(retry_after: str) -> float:
    """Read a `Retry-After` in seconds; a date, or none, is a second."""
    seconds = float(retry_after) if retry_after.isascii() and retry_after.isdigit() else 1.0
    return min(seconds, LONGEST_HOLD_S)
