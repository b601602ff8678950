"""Telephone audio for tests, and the messages that Twilio wraps it in."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray
from sounds import Samples

from streamer.audio.encodings import Encoding, decode
from streamer.speech.clip import SAMPLE_RATE

CHUNK = 160  # 20 ms at 8 kHz
STREAM = "MZ82c1"
CALL = "CAe3b0c44298fc1c149afbf4c8996fb9"


def mulaw(samples: Samples) -> NDArray[np.uint8]:
    """Resample to 8 kHz and write each sample as the nearest code."""
    narrow = soxr.resample(samples, SAMPLE_RATE, 8000)
    codes = np.arange(256, dtype=np.uint8)
    values = decode(Encoding.MULAW, codes.tobytes())
    order = np.argsort(values)
    between = (values[order][1:] + values[order][:-1]) / 2
    return codes[order][np.searchsorted(between, narrow)]


def start(tracks: tuple[str, ...] = ("inbound", "outbound"), **fields: Any) -> str:
    """As Twilio writes it: all numbers but those of the format are text."""
    details: dict[str, Any] = {
        "streamSid": STREAM,
        "accountSid": "AC00",
        "callSid": CALL,
        "tracks": list(tracks),
        "customParameters": {},
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
    }
    message = {"event": "start", "sequenceNumber": "1", "streamSid": STREAM}
    return json.dumps({**message, "start": details | fields})


def media(track: str, number: int, payload: bytes, **more: str) -> str:
    chunk = {
        "track": track,
        "chunk": str(number + 1),
        "timestamp": str(20 * number),
        "payload": base64.b64encode(payload).decode(),
    }
    return json.dumps({"event": "media", "streamSid": STREAM, **more, "media": chunk})


def call(inbound: Samples, outbound: Samples) -> Iterator[str]:
    """Everything that Twilio sends of a call, both tracks interleaved."""
    yield '{"event":"connected","protocol":"Call","version":"1.0.0"}'
    yield start()
    sequence = 2
    heard = {"inbound": mulaw(inbound), "outbound": mulaw(outbound)}
    for number in range(max(map(len, heard.values())) // CHUNK):
        for track, codes in heard.items():
            if len(payload := codes[number * CHUNK : (number + 1) * CHUNK].tobytes()):
                yield media(track, number, payload, sequenceNumber=str(sequence))
                sequence += 1
    yield json.dumps({"event": "stop", "sequenceNumber": str(sequence), "streamSid": STREAM})
