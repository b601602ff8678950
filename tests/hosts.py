"""The server as a dialect under test sees it."""

from __future__ import annotations

from typing import Any

from engines import CountingEngine

from streamer.protocols.door import Host
from streamer.server.doors import limits_of
from streamer.settings import Settings
from streamer.speech.engine_info import EngineInfo
from streamer.turns.models.base import TurnModelInfo


def a_host(
    info: EngineInfo | None = None,
    session: str = "s",
    turns: TurnModelInfo | None = None,
    **settings: Any,
) -> Host:
    """A server with the usual limits but for these settings."""
    limits = limits_of(Settings(**settings))
    return Host(info or CountingEngine().info, limits, session, turns)
