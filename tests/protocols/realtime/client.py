"""A client of the Realtime dialect, without a socket."""

from __future__ import annotations

import base64
import json
from typing import Any

from dialogues import said
from hosts import a_host

from streamer.protocols.dialect import Action
from streamer.protocols.realtime.dialect import RealtimeDialect
from streamer.session import events
from streamer.speech.end_reason import EndReason
from streamer.turns.models.base import TurnModelInfo

APPEND = "input_audio_buffer.append"
DELTA = "conversation.item.input_audio_transcription.delta"
COMPLETED = "conversation.item.input_audio_transcription.completed"
FAILED = "conversation.item.input_audio_transcription.failed"


class Client:
    """A client of a dialect whose session is played by the test."""

    def __init__(self, turns: TurnModelInfo | None = None) -> None:
        self.dialect = RealtimeDialect(a_host(turns=turns))
        self.actions: list[Action] = list(self.dialect.connected())

    def send(self, kind: str, **fields: Any) -> list[Action]:
        actions = list(self.dialect.received(json.dumps({"type": kind, **fields})))
        self.actions += actions
        return actions

    def append(self, seconds: float) -> list[Action]:
        return self.send(APPEND, audio=base64.b64encode(bytes(round(seconds * 48_000))).decode())

    def update(self, **audio_input: Any) -> list[Action]:
        return self.send("session.update", session={"audio": {"input": audio_input}})

    def happen(self, *happening: events.Event) -> None:
        for event in happening:
            self.actions += self.dialect.happened(event)

    def said(self, *kinds: str) -> list[dict[str, Any]]:
        """Everything that was said, once, or what of it is of these types."""
        told = said(self.dialect, self.actions)
        self.actions = []
        return [one for one in told if not kinds or one["type"] in kinds]


def ended(number: int, at: float, reason: EndReason = EndReason.SILENCE) -> events.SpeechEnded:
    return events.SpeechEnded(0, number, at, reason)


def final(number: int, text: str, failure: str | None = None) -> events.Final:
    silence = EndReason.SILENCE
    return events.Final(0, number, text, 0.0, 1.0, silence, "en", 0.9, failure=failure)
