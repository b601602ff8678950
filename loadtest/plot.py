"""A picture of the runs of a load test: latency against the number of streams."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt

LINES = {
    "final_beyond_silence_ms": "final, beyond the silence",
    "first_partial_ms": "first partial",
    "partial_lag_ms": "partial lag",
}


def plot_runs(runs: list[dict[str, Any]], path: Path) -> None:
    """Draw p50 (thin) and p95 (thick) of each measure over the streams."""
    runs = sorted(runs, key=lambda run: run["streams"])
    streams = [run["streams"] for run in runs]
    figure, axes = plt.subplots(figsize=(8, 4.5), layout="constrained")
    for number, (name, label) in enumerate(LINES.items()):
        colour = f"C{number}"
        for percentile, width in (("p50", 1), ("p95", 2.5)):
            values = [run[name][percentile] for run in runs]
            axes.plot(
                streams, values, color=colour, lw=width, marker="o", label=f"{label} {percentile}"
            )
    axes.axhline(500, color="grey", ls=":", label="goal for finals, p95")
    axes.set(xlabel="real-time streams", ylabel="milliseconds", yscale="log")
    axes.grid(visible=True, alpha=0.3)
    axes.legend(fontsize="small")
    figure.savefig(path, dpi=120)
    plt.close(figure)


def plot_memory(readings: list[tuple[float, int]], path: Path) -> None:
    """Draw (seconds, bytes) of resident memory over the minutes."""
    figure, axes = plt.subplots(figsize=(8, 3), layout="constrained")
    axes.plot([at / 60 for at, _ in readings], [rss / 2**20 for _, rss in readings], lw=1)
    axes.set(xlabel="minutes", ylabel="resident MiB", ylim=(0, None))
    axes.grid(visible=True, alpha=0.3)
    figure.savefig(path, dpi=120)
    plt.close(figure)
