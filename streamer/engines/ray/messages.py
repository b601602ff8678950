"""What gateways and replicas say to each other: JSON heads, samples of 16 bits, JSON answers.

Gateways and replicas are of one version: a clip that does not parse is a fault.
"""

from __future__ import annotations

import numpy as np
from pydantic import BaseModel, ConfigDict, TypeAdapter

from streamer.engines.base import Capacity
from streamer.engines.worker.messages import REQUESTS, Loaded, Submit
from streamer.speech.clip import Clip
from streamer.speech.hypothesis import EngineError, Hypothesis, Outcome
from streamer.speech.pcm16 import from_pcm16, to_pcm16


class Reply(BaseModel):
    """How a clip ended, and how its replica is: `in_flight` is what it had besides.

    `busy_s` is its total since it was loaded.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    heard: Hypothesis | None = None
    failed: EngineError | None = None
    slots: int
    in_flight: int
    busy_s: float
    trouble: str | None = None

    @property
    def outcome(self) -> Outcome:
        """How the clip ended."""
        if self.heard is not None:
            return self.heard
        return self.failed or EngineError("the replica told nothing of the clip")


REPLIES: TypeAdapter[Reply] = TypeAdapter(Reply)
LOADED: TypeAdapter[Loaded] = TypeAdapter(Loaded)


def written(clip: Clip) -> tuple[bytes, bytes]:
    """Return a clip's head and its samples, half as large as an engine takes them.

    Nothing is lost: all clips have waited for their turn as samples of 16 bits.
    """
    head = Submit(
        key=0,
        options=clip.options,
        draft=clip.draft,
        incremental=clip.incremental,
        patient=clip.patient,
    )
    return REQUESTS.dump_json(head), to_pcm16(clip.samples).tobytes()


def read(head: bytes, body: bytes) -> Clip:
    """Return the clip that was written."""
    request = REQUESTS.validate_json(head)
    assert isinstance(request, Submit)
    return Clip(
        samples=from_pcm16(np.frombuffer(body, np.int16)),
        options=request.options,
        draft=request.draft,
        incremental=request.incremental,
        patient=request.patient,
    )


def reply(outcome: Outcome, capacity: Capacity, in_flight: int) -> bytes:
    """Return the answer to a clip."""
    failed = isinstance(outcome, EngineError)
    told = Reply(
        heard=None if failed else outcome,
        failed=outcome if failed else None,
        slots=capacity.slots,
        in_flight=in_flight,
        busy_s=capacity.busy_s,
        trouble=capacity.trouble,
    )
    return REPLIES.dump_json(told)
