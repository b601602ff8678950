"""The engine that a server is to have: its own, a cluster's, or another server's."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import TypeVar, TypeVarTuple

from streamer.cli.errors import CommandError, ExitCode
from streamer.cli.loading import load_engine, model_folder
from streamer.engines.base import Engine
from streamer.engines.pool import EnginePool
from streamer.engines.ray.loading import load_ray
from streamer.engines.upstream.address import PREFIX, parse_upstream
from streamer.engines.worker.engine import WorkerEngine
from streamer.engines.worker.launch import Launch, launches
from streamer.models.catalogue import MOONSHINE
from streamer.models.errors import ModelError
from streamer.models.registry import AUTO
from streamer.runtime.threads import in_daemon_thread, lower_priority
from streamer.settings import Settings

log = logging.getLogger(__name__)

Args = TypeVarTuple("Args")
Result = TypeVar("Result")


async def serving_engine(settings: Settings) -> Engine:
    """Load the engine that the settings want; raises CommandError."""
    try:
        if settings.model.startswith(PREFIX):
            return await _upstream(settings)
        if settings.engine == "worker":
            return await _workers(settings)
        if settings.engine == "ray":
            return await _cluster(settings)
    except ModelError as error:
        raise CommandError(str(error)) from error
    if settings.devices or settings.workers > 1:
        problem = "--devices and --workers are for processes of the model: --engine worker"
        raise CommandError(problem, ExitCode.USAGE)
    return await in_daemon_thread(politely, load_engine, settings, log.warning)


def politely(load: Callable[[*Args], Result], *args: *Args) -> Result:
    """Load in a thread that gives way, so that those of ONNX Runtime do too."""
    lower_priority()
    return load(*args)


async def _workers(settings: Settings) -> Engine:
    folder = await in_daemon_thread(model_folder, settings.model, log.warning)
    launch = Launch(
        folder, settings.provider, settings.threads, settings.max_batch, settings.log_format
    )
    devices = settings.devices.split(",") if settings.devices else []
    workers = [
        WorkerEngine(one.command, one.environment, one.label)
        for one in launches(launch, devices, settings.workers)
    ]
    await _load_all(workers)
    return workers[0] if len(workers) == 1 else EnginePool(workers)


async def _cluster(settings: Settings) -> Engine:
    application = MOONSHINE.name if settings.model == AUTO else settings.model
    return await load_ray(settings.ray_address, application)


async def _load_all(workers: Sequence[WorkerEngine]) -> None:
    """Load all at once; where one cannot be, or nobody waits any more, end the others."""
    loads = [asyncio.create_task(worker.load()) for worker in workers]
    try:
        await asyncio.gather(*loads)
    except BaseException:
        for load in loads:
            load.cancel()
        await asyncio.gather(*loads, return_exceptions=True)
        await asyncio.gather(*(worker.close() for worker in workers))
        raise


async def _upstream(settings: Settings) -> Engine:
    from streamer.engines.upstream.loading import Wanted, load_upstream  # httpx takes a while

    wanted = Wanted(
        settings.upstream_model,
        settings.upstream_key.get_secret_value(),
        tuple(settings.upstream_languages),
        settings.upstream_in_flight,
    )
    return await load_upstream(parse_upstream(settings.model), wanted)
