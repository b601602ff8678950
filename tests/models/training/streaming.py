"""What a client of the server is told: audio through the session core, answered at once."""

from collections import deque

import numpy as np
from numpy.typing import NDArray

from streamer.audio.encodings import Encoding
from streamer.decoding.batched_engine import transcribe
from streamer.decoding.step_engine import StepEngine
from streamer.dispatch.job import Job
from streamer.session.events import Final
from streamer.session.inputs import Audio, Input, JobDone, Stop
from streamer.session.session import Session
from streamer.session.settings import StreamSettings
from streamer.speech.clip import SAMPLE_RATE

_BLOCK = SAMPLE_RATE // 10
_MIN_SPEECH_MS = 160
"""The server's default (`streamer.settings`)."""


def finals(engine: StepEngine, samples: NDArray[np.float32]) -> list[str]:
    """The finals' texts of (n,) samples, streamed in pieces of 100 ms with partials.

    The engine answers each job before the next piece comes: the server's own decisions on a machine
    that is never late.
    """
    settings = StreamSettings(language="en", encoding=Encoding.PCM_F32LE)
    session = Session("evaluation", settings, _MIN_SPEECH_MS)
    waiting: deque[Input] = deque(
        Audio(samples[at : at + _BLOCK].astype(np.float32).tobytes())
        for at in range(0, len(samples), _BLOCK)
    )
    waiting.append(Stop())
    texts: list[str] = []
    while waiting:
        answers: list[Input] = []
        for output in session.handle(waiting.popleft()):
            if isinstance(output, Job):
                ((_, hypothesis),) = transcribe(engine, [output.clip.loaded()])
                answers.append(JobDone(output, hypothesis))
            elif isinstance(output, Final):
                texts.append(output.text)
        waiting.extendleft(reversed(answers))
    return texts
