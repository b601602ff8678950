"""What may not be exceeded, and whether it was."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from typing import Any

from loadtest.run.wer.sounds import KINDS
from streamer.vad.registry import DETECTORS

DETECTOR = next(iter(DETECTORS))
"""The one that a client gets which asks for none: bars are about it."""


def wer_bar(text: str) -> tuple[str, float]:
    """Read `KIND=PERCENT`, or a number for what is clean."""
    kind, equals, number = text.rpartition("=")
    kind = kind if equals else "clean"
    if kind not in KINDS:
        raise argparse.ArgumentTypeError(f"{kind} is none of {', '.join(KINDS)}")
    try:
        return kind, float(number)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{number} is no number") from None


@dataclass(frozen=True, slots=True)
class Bars:
    """In per cent, points, and words erased over words said; None where nothing is asked."""

    wer: dict[str, float] = field(default_factory=dict[str, float])
    gap: float | None = None
    flicker: float | None = None
    overruled: int | None = None
    made_up: int | None = None

    def missed(self, report: dict[str, Any]) -> list[str]:
        """Say what is not as it should be. No partial may take back what was promised."""
        found: list[str] = []

        def check(what: str, value: float, most: float | None) -> None:
            if most is not None and value > most:
                found.append(f"{what}: {value:g}, at most {most:g}")

        for kind, most in self.wer.items():
            if kind in report["wer"]:
                check(f"WER, {kind}", report["wer"][kind][DETECTOR], most)
        if "clean" in report["wer"]:
            clean = report["wer"]["clean"]
            check("streamed over offline", round(clean[DETECTOR] - clean["offline"], 2), self.gap)
        check("sounds with made-up text", len(report["made_up"][DETECTOR]["texts"]), self.made_up)
        if "flicker" in report:
            check("flicker", report["flicker"]["ratio"], self.flicker)
            check("promises taken back", report["flicker"]["taken_back"], 0)
            check("promises overruled", report["flicker"]["overruled"], self.overruled)
        return found
