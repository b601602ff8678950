"""Recordings cut into utterances as the server cuts them: the session by itself, no engine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamer.audio.encodings import Encoding
from streamer.dispatch.job import Job, JobKind
from streamer.session.session import Session
from streamer.session.settings import StreamSettings
from streamer.speech.clip import SAMPLE_RATE, Clip

MIN_SPEECH_MS = 160


@dataclass(frozen=True, slots=True, eq=False)
class Utterance:
    """What goes to an engine, and where it ends, in seconds of the recording."""

    clip: Clip
    end_s: float


class Cutter:
    """Takes audio as it comes, and gives each utterance when the silence behind it is over."""

    def __init__(self, encoding: Encoding) -> None:
        settings = StreamSettings(language="en", partials=False, encoding=encoding)
        self.silence_s = settings.endpoint_silence_ms / 1000
        self._session = Session("cut", settings, MIN_SPEECH_MS)

    def feed(self, data: bytes) -> Iterator[Utterance]:
        """Take the next audio."""
        yield from _utterances(self._session.feed(data))

    def stop(self) -> Iterator[Utterance]:
        """Take the end."""
        yield from _utterances(self._session.stop())


def cut(samples: NDArray[np.float32]) -> list[Clip]:
    """Cut a recording of (n,) samples at 16 kHz."""
    cutter = Cutter(Encoding.PCM_F32LE)
    found = [*cutter.feed(samples.astype(np.float32).tobytes()), *cutter.stop()]
    return [one.clip for one in found]


def _utterances(outputs: Sequence[object]) -> Iterator[Utterance]:
    for output in outputs:
        if isinstance(output, Job) and output.kind is JobKind.FINAL:
            yield Utterance(output.clip.loaded(), output.end / SAMPLE_RATE)
