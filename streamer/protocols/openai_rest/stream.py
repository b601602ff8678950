"""A transcript as events, while it comes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from streamer.protocols.openai_rest import answers
from streamer.protocols.openai_rest.request import TranscriptionRequest
from streamer.session.events import Final

END_OF_STREAM = b"data: [DONE]\n\n"


class TranscriptStream:
    """Writes the events of one request; what the deltas say makes the text of the last event."""

    def __init__(self, request: TranscriptionRequest) -> None:
        self._request = request
        self._finals: list[Final] = []

    def add(self, final: Final) -> bytes:
        """Write what an utterance adds; nothing if nothing was heard in it."""
        if not final.text:
            return b""
        self._finals.append(final)
        number = len(self._finals) - 1
        event: dict[str, Any] = {
            "type": "transcript.text.delta",
            "delta": answers.joined(self._request, [final], first=not number),
        }
        if self._request.logprobs:
            event["logprobs"] = answers.logprobs(self._request, [final], first=not number)
        return answers.event(event)

    def end(self, seconds: float, warnings: Sequence[str] = ()) -> bytes:
        """Write the whole, of a recording of so many seconds, and the end of the stream."""
        whole = answers.body(self._request, self._finals, seconds)
        if warnings:
            whole["warnings"] = list(warnings)
        return answers.event({"type": "transcript.text.done", **whole}) + END_OF_STREAM
