"""What may not be exceeded, and whether it was."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from typing import Any

from loadtest.run.wer.sounds import KINDS


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
        """Say what is not as it should be. No partial may take back what was promised.

        Other bars are about the first detector, which is the server's default.
        """
        found: list[str] = []

        def check(what: str, value: float, most: float | None) -> None:
            if most is not None and value > most:
                found.append(f"{what}: {value:g}, at most {most:g}")

        heard, detector = report["heard"], report["detectors"][0]
        for kind, most in self.wer.items():
            if kind in heard:
                check(f"WER, {kind}", heard[kind][detector]["wer"], most)
        check("sounds with made-up text", len(report["made_up"][detector]["texts"]), self.made_up)
        if "clean" in heard:
            clean = heard["clean"][detector]
            gap = round(clean["wer"] - heard["clean"]["offline"]["wer"], 2)
            check("streamed over offline", gap, self.gap)
            if "flicker" in clean:
                check("flicker", clean["flicker"]["ratio"], self.flicker)
                check("promises overruled", clean["flicker"]["overruled"], self.overruled)
            for name, way in heard["clean"].items():
                taken_back = way.get("flicker", {}).get("taken_back", 0)
                check(f"promises taken back, {name}", taken_back, 0)
        return found
