"""What a reader of recordings and the process that decodes one say to each other."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Open(_Message):
    """Find out what is in the file, which errors call `name`; samples are wanted at `rate` Hz."""

    type: Literal["open"] = "open"
    name: str
    rate: int


class Play(_Message):
    """Send all blocks, as `AudioFile.blocks` has them."""

    type: Literal["play"] = "play"
    seconds: float
    mixed: bool


class Opened(_Message):
    """There is sound in it, of so many channels, and of so many seconds as it claims."""

    type: Literal["opened"] = "opened"
    channels: int = Field(gt=0)
    seconds: float = Field(ge=0)
    warnings: tuple[str, ...]


class Block(_Message):
    """The body is float32 samples: interleaved ones of `channels`, or where that is 0, mixed."""

    type: Literal["block"] = "block"
    channels: int = Field(ge=0)


class Ended(_Message):
    """That was all, and these are all warnings."""

    type: Literal["ended"] = "ended"
    warnings: tuple[str, ...]


class Failed(_Message):
    """The file cannot be read, or no further."""

    type: Literal["failed"] = "failed"
    message: str


Answer = Opened | Block | Ended | Failed

OPEN: TypeAdapter[Open] = TypeAdapter(Open)
PLAY: TypeAdapter[Play] = TypeAdapter(Play)
ANSWERS: TypeAdapter[Answer] = TypeAdapter(Annotated[Answer, Field(discriminator="type")])
