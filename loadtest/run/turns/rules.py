"""The rules that are compared: what a client would ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

BAR = "auto"
"""The rule that bars are about."""

RULES: Mapping[str, Mapping[str, Any]] = {
    "silence 300": {"endpoint_silence_ms": 300},
    "silence 400": {"endpoint_silence_ms": 400},
    "silence 500": {"endpoint_silence_ms": 500},
    "silence 600": {"endpoint_silence_ms": 600},
    "silence 800": {"endpoint_silence_ms": 800},
    "fast": {"turn": "fast"},
    "auto 300": {"turn": "auto", "endpoint_silence_ms": 300},
    "auto 400": {"turn": "auto", "endpoint_silence_ms": 400},
    BAR: {"turn": "auto"},
    "auto 700": {"turn": "auto", "endpoint_silence_ms": 700},
    "patient": {"turn": "patient"},
}

NEVER: Mapping[str, Any] = {
    "turn": "auto",
    "endpoint_silence_ms": 3000,
    "turn_hold_ms": 60_000,
    "turn_threshold": 1.0,
}
"""Ends nothing, so that every pause is asked about."""
