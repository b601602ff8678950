"""Conversations with a dialect, as they stand in files: what comes in, and what follows from it.

A line holds one JSON object. What comes in: `client` (a message, or a number of bytes of audio),
`event` (a session's, with its fields), `finished` (how it ended, with the seconds of audio). What
follows: `server` (a message), `does` (an action of the dialect's, audio and settings aside).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from streamer.protocols.dialect import Action, Close, Dialect, Result, Say, SessionEnd
from streamer.session import events
from streamer.session.inputs import Audio
from streamer.speech.end_reason import EndReason

Line = dict[str, Any]


def conversation(path: Path) -> list[Line]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def played(dialect: Dialect, lines: Iterable[Line]) -> list[Line]:
    """Play what comes in to a dialect; returns the conversation that it makes of that."""
    told = list(_told(dialect, dialect.connected()))
    for line in lines:
        if "server" in line or "does" in line:
            continue
        told.append(line)
        told += _told(dialect, _followed(dialect, line))
    return told


def said(dialect: Dialect, actions: Iterable[Action | Result]) -> list[Line]:
    """What goes over the wire."""
    return [json.loads(dialect.encode(one.message)) for one in actions if isinstance(one, Say)]


def _followed(dialect: Dialect, line: Line) -> Iterable[Action | Result]:
    if "event" in line:
        return dialect.happened(_event(**line))
    if "finished" in line:
        return dialect.finished(events.Done(line["audio"], 0), SessionEnd(line["finished"]))
    message = line["client"]
    return dialect.received(bytes(message) if isinstance(message, int) else json.dumps(message))


def _event(event: str, **fields: Any) -> events.Event:
    if "reason" in fields:
        fields["reason"] = EndReason(fields["reason"])
    return getattr(events, event)(**fields)


def _told(dialect: Dialect, actions: Iterable[Action | Result]) -> Iterator[Line]:
    for action in actions:
        match action:
            case Say(message):
                yield {"server": json.loads(dialect.encode(message))}
            case Close(code):
                yield {"does": "Close", "code": code}
            case Audio():
                pass
            case _:
                yield {"does": type(action).__name__}
