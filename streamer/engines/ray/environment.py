"""What must stand in the environment of every process that Ray has a part in."""

from __future__ import annotations

import os

ENVIRONMENT = {
    "RAY_SERVE_THROUGHPUT_OPTIMIZED": "1",
    # It switches this on as well, with which a replica that is to end takes half a minute more.
    "RAY_SERVE_ENABLE_DIRECT_INGRESS": "0",
    # 0.1 s is too little for a machine that is busy, and each miss is a warning of several lines.
    "RAY_SERVE_QUEUE_LENGTH_RESPONSE_DEADLINE_S": "0.5",
    "RAY_USAGE_STATS_ENABLED": "0",
}
"""Calls go from gateway to replica directly, without threads and an object store in between, which
takes a third of the CPU. Ray reads them when it is imported, on gateways and nodes alike."""


def prepare() -> None:
    """Set what nobody has set otherwise; before Ray is imported."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
