"""What clients are told when a session ends: one wording for all dialects that have no other."""

from __future__ import annotations

from streamer.protocols.dialect import Close, SessionEnd

IDLE_CODE = "idle_timeout"
GOING_AWAY = "the server is going away"
GOING_AWAY_CODE = 1012
"""WebSocket's "service restart": the client may come back, here or to another server."""

_CLOSES = {
    SessionEnd.STOPPED: Close(1000),
    SessionEnd.IDLE: Close(1008, "idle timeout"),
    SessionEnd.GOING_AWAY: Close(GOING_AWAY_CODE, GOING_AWAY),
}


def closing(end: SessionEnd) -> Close:
    """Return how the connection is closed."""
    return _CLOSES[end]


def idle_text(limit_s: float) -> str:
    """Say why a client that was silent for so long is not listened to any more."""
    return f"nothing was received for {limit_s:g} seconds"
