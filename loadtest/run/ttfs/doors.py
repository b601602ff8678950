"""What a voice agent says to each door, and how it tells a final."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import soxr

from loadtest.run.wer.noises import Samples
from streamer.speech.clip import SAMPLE_RATE

Message = dict[str, Any]
Wire = str | bytes

REALTIME_RATE = 24_000
_COMPLETED = "conversation.item.input_audio_transcription.completed"


@dataclass(frozen=True, slots=True)
class Door:
    """`final` returns the text of a message that is a final, and None for any other.

    `rate` is of the samples that `wrap` is given. `accepted` is the message after which a client
    may speak, if it has to wait for one.
    """

    path: str
    rate: int
    opening: tuple[Wire, ...]
    accepted: str | None
    wrap: Callable[[bytes], Wire]
    ask: Wire
    final: Callable[[Message], str | None]

    def at_its_rate(self, samples: Samples) -> Samples:
        """Resample what is said, as the client does."""
        if self.rate == SAMPLE_RATE:
            return samples
        return soxr.resample(samples, SAMPLE_RATE, self.rate)


def _listened(message: Message) -> str | None:
    if message["type"] != "Results" or not message["is_final"]:
        return None
    return message["channel"]["alternatives"][0]["transcript"]


def _completed(message: Message) -> str | None:
    return message["transcript"] if message["type"] == _COMPLETED else None


def _append(data: bytes) -> str:
    audio = base64.b64encode(data).decode()
    return json.dumps({"type": "input_audio_buffer.append", "audio": audio})


_FORMAT = {"type": "audio/pcm", "rate": REALTIME_RATE}
_SESSION = {
    "type": "transcription",
    "audio": {"input": {"format": _FORMAT, "turn_detection": None}},
}

DOORS = {
    "listen": Door(
        path=f"/v1/listen?encoding=linear16&sample_rate={SAMPLE_RATE}&interim_results=true",
        rate=SAMPLE_RATE,
        opening=(),
        accepted=None,
        wrap=bytes,
        ask=json.dumps({"type": "Finalize"}),
        final=_listened,
    ),
    "realtime": Door(
        path="/v1/realtime?intent=transcription",
        rate=REALTIME_RATE,
        opening=(json.dumps({"type": "session.update", "session": _SESSION}),),
        accepted="session.updated",
        wrap=_append,
        ask=json.dumps({"type": "input_audio_buffer.commit"}),
        final=_completed,
    ),
}
