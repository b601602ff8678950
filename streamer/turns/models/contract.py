"""What a folder of a turn model says about its graph, so that no code need know which it is.

A folder holds `turn.onnx` and `turn.json`:

    {"name": "mine-1", "languages": ["en", "de"],
     "front_end": {"kind": "whisper_log_mel", "seconds": 8, "bands": 80},
     "input": "input_features", "output": "logits",
     "thresholds": {"auto": 0.2, "fast": 0.05, "patient": 0.09}}

The graph takes (n, bands, 100 a second) float32 and gives (n, 1) probabilities of a finished turn.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from streamer.turns.models.base import Thresholds, TurnModelInfo

GRAPH = "turn.onnx"
NUMBERS = "turn.json"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class FrontEnd(_Part):
    """What the graph is shown: log-mel frames of the last seconds."""

    kind: Literal["whisper_log_mel"]
    seconds: int = Field(ge=1, le=30)
    bands: int = Field(ge=1, le=256)


class RuleThresholds(_Part):
    """From which probability on a rule takes it that the speaker has finished."""

    auto: float = Field(gt=0, lt=1)
    fast: float = Field(gt=0, lt=1)
    patient: float = Field(gt=0, lt=1)


class TurnContract(_Part):
    """The numbers of a turn model."""

    name: str = Field(min_length=1)
    languages: tuple[str, ...] = Field(min_length=1)
    front_end: FrontEnd
    input: str
    output: str
    thresholds: RuleThresholds

    @property
    def info(self) -> TurnModelInfo:
        """What a session and its client are told."""
        rules = self.thresholds
        thresholds = Thresholds(rules.auto, rules.fast, rules.patient)
        return TurnModelInfo(self.name, frozenset(self.languages), thresholds)


class ContractError(ValueError):
    """Numbers that do not describe a turn model: which, and why."""


def parse_contract(text: str | bytes) -> TurnContract:
    """Read `turn.json`; raises ContractError for the first value that is wrong."""
    try:
        return TurnContract.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ContractError(f"{place}: {first['msg']}" if place else first["msg"]) from error
