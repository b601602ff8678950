"""A picture of delay against false ends."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt

from loadtest.run.turns.scores import Score

SERIES = {"silence": "silence", "auto": "turn model, auto", "fast": "fast", "patient": "patient"}


def draw(found: Mapping[str, Mapping[str, Score]], path: Path) -> None:
    """Draw a panel a kind: the median delay of each rule, and the share of pauses that it ends."""
    figure, panels = plt.subplots(
        1, len(found), figsize=(4.5 * len(found), 4), layout="constrained", sharey=True
    )
    for panel, (kind, scores) in zip(
        panels if len(found) > 1 else [panels], found.items(), strict=True
    ):
        for prefix, label in SERIES.items():
            rules = [rule for rule in scores if rule.split()[0] == prefix]
            rules.sort(key=lambda rule: scores[rule].delay_p50)
            delays = [scores[rule].delay_p50 for rule in rules]
            shares = [scores[rule].false_share for rule in rules]
            panel.plot(delays, shares, marker="o", label=label)
        panel.set(title=kind, xlabel="delay, median, s", ylim=(0, None))
        panel.grid(visible=True, alpha=0.3)
    first = panels[0] if len(found) > 1 else panels
    first.set_ylabel("pauses inside sentences that end a turn")
    first.legend(fontsize="small")
    figure.savefig(path, dpi=80)
    plt.close(figure)
