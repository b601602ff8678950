"""The report as people read it: offline and streamed side by side."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from loadtest.run.wer.evaluation import OFFLINE

NUMBERS = ("WER %", "over", "unheard", "false ends", "flicker", "taken back", "texts")
"""`over` is above offline, in points."""


def table(report: dict[str, Any]) -> Table:
    """Draw a line for each kind of sound and each way that it was heard."""
    title = f"{report['model']}, {report['clips']} recordings, {report['words']} words"
    drawn = Table(
        title=title, title_justify="left", box=None, pad_edge=False, collapse_padding=True
    )
    for name in ("sound", "heard"):
        drawn.add_column(name, no_wrap=True)
    for name in NUMBERS:
        drawn.add_column(name, justify="right", no_wrap=True)
    for kind, ways in report["heard"].items():
        for way, found in ways.items():
            over = "" if way == OFFLINE else f"{found['wer'] - ways[OFFLINE]['wer']:+.2f}"
            flicker = found.get("flicker", {})
            ends = [found.get("false_ends"), flicker.get("ratio"), flicker.get("taken_back")]
            unheard = str(len(found["unheard"]))
            drawn.add_row(kind, way, f"{found['wer']:.2f}", over, unheard, *map(_shown, ends))
    sounds = report["made_up"]["sounds"]
    for way, found in report["made_up"].items():
        if way != "sounds":
            texts = f"{len(found['texts'])} of {sounds}"
            drawn.add_row("no speech", way, *[""] * 6, texts)
    return drawn


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
