"""Everything that can follow from a session's inputs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamer.dispatch.job import Job, Withdrawal
from streamer.session.detection import Detect
from streamer.session.events import Event


@dataclass(frozen=True, slots=True, eq=False)
class AskTurn:
    """Ask a turn model about a pause of an utterance: `inputs.TurnJudged` is the answer.

    `samples` is the whole utterance so far, (n,) and read-only, with the pause's beginning. After
    `within_s` plain silence may end it, so that no answer is needed any more.
    """

    channel: int
    utterance: int
    pause: int
    samples: NDArray[np.float32]
    within_s: float


Output = Event | Job | Withdrawal | Detect | AskTurn
