"""`turn.json`: what a folder says of its turn model."""

from __future__ import annotations

import json
from typing import Any

import pytest

from streamer.turns.models.base import Thresholds
from streamer.turns.models.contract import ContractError, parse_contract
from streamer.turns.models.smart_turn import CONTRACT

NUMBERS: dict[str, Any] = {
    "name": "mine-1",
    "languages": ["en", "de"],
    "front_end": {"kind": "whisper_log_mel", "seconds": 8, "bands": 80},
    "input": "input_features",
    "output": "logits",
    "thresholds": {"auto": 0.2, "fast": 0.05, "patient": 0.09},
}


def test_a_session_is_told_what_it_needs() -> None:
    info = parse_contract(json.dumps(NUMBERS)).info
    assert (info.name, info.languages) == ("mine-1", {"en", "de"})
    assert info.thresholds == Thresholds(0.2, 0.05, 0.09)


def test_the_published_model_hears_its_23_languages() -> None:
    assert len(CONTRACT.info.languages) == 23
    assert "el" not in CONTRACT.info.languages


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"languages": []}, "languages"),
        ({"front_end": {"kind": "mfcc", "seconds": 8, "bands": 80}}, "front_end.kind"),
        ({"front_end": {"kind": "whisper_log_mel", "seconds": 0, "bands": 80}}, "front_end.sec"),
        ({"thresholds": {"auto": 1.5, "fast": 0.05, "patient": 0.09}}, "thresholds.auto"),
        ({"input": None}, "input"),
        ({"threshold": 0.5}, "threshold"),
    ],
)
def test_what_is_wrong_is_named(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(ContractError, match=f"^{named}"):
        parse_contract(json.dumps(NUMBERS | changes))


@pytest.mark.parametrize("text", ["", "{", "[]", b"\xff"])
def test_what_is_no_object_is_refused(text: str | bytes) -> None:
    with pytest.raises(ContractError):
        parse_contract(text)
