"""How many replicas there are to be: as many as live streams are expected to need."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Protocol

TARGET = 0.6
"""Share of a replica that finals may take: what is left absorbs a burst, and the work of one of a
few replicas that is lost."""


class Context(Protocol):
    """What Ray Serve tells of a deployment."""

    @property
    def aggregated_metrics(self) -> Mapping[str, Mapping[object, float]]:
        """What `record_autoscaling_stats` returned, by name and replica, of late."""
        ...


def on_expected_load(context: Context) -> tuple[int, dict[str, object]]:
    """Return the number of replicas wanted; delays and limits are Serve's own.

    A replica that has not told yet counts as idle: it was started for a share of the load.
    """
    told = context.aggregated_metrics.get("expected_load", {})
    return max(1, ceil(sum(told.values()) / TARGET - 0.01)), {}
