"""What a server and its engine's process say to each other."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from streamer.decoding.step_engine import EngineWork
from streamer.speech.engine_info import EngineInfo
from streamer.speech.hypothesis import EngineError, Hypothesis
from streamer.speech.options import DecodeOptions


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Submit(_Message):
    """Transcribe the clip whose samples are the body."""

    type: Literal["submit"] = "submit"
    key: int
    options: DecodeOptions
    draft: tuple[int, ...] = ()
    incremental: str | None = None
    patient: bool = False


class Cancel(_Message):
    """Forget a clip."""

    type: Literal["cancel"] = "cancel"
    key: int


Request = Submit | Cancel


class Loaded(_Message):
    """The model is there, and clips are welcome."""

    type: Literal["loaded"] = "loaded"
    info: EngineInfo
    slots: int


class NotLoaded(_Message):
    """The model cannot be loaded; the process ends."""

    type: Literal["not_loaded"] = "not_loaded"
    message: str


class Advanced(_Message):
    """What has come of the steps since the last such message.

    `busy_s` and `work` are totals since the process began; `steps_s` is how long each step took.
    """

    type: Literal["advanced"] = "advanced"
    heard: tuple[tuple[int, Hypothesis], ...] = ()
    failed: tuple[tuple[int, EngineError], ...] = ()
    steps_s: tuple[float, ...] = ()
    busy_s: float = 0.0
    trouble: str | None = None
    work: EngineWork = Field(default_factory=EngineWork)


Answer = Loaded | NotLoaded | Advanced

REQUESTS: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Field(discriminator="type")])
ANSWERS: TypeAdapter[Answer] = TypeAdapter(Annotated[Answer, Field(discriminator="type")])
