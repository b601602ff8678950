"""From an address to an engine that has been heard of."""

from __future__ import annotations

import asyncio

from streamer.engines.ray.cluster import RayCalls, join
from streamer.engines.ray.engine import RayEngine
from streamer.engines.ray.roster import roster_of


async def load_ray(address: str, application: str) -> RayEngine:
    """Join the cluster and ask the application what it serves; raises ModelError."""
    handle, lost = await asyncio.to_thread(join, address, application)
    engine = RayEngine(RayCalls(handle, lost), roster_of(application))
    await engine.load()
    return engine
