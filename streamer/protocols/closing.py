"""What every door says when the server ends a stream: WebSocket close codes, and words."""

from __future__ import annotations

IDLE_CODE = 1008
"""Policy violation: nothing came for too long."""

GOING_AWAY_CODE = 1012
"""Service restart: the client may come back, here or to another server."""

IDLE = "idle timeout"
GOING_AWAY = "the server is going away"


def nothing_received(seconds: float) -> str:
    """Say for how long nothing came."""
    return f"nothing was received for {seconds:g} seconds"
