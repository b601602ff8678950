"""The way to one application of a cluster: calls out, answers or the loss of a replica back."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Protocol

from streamer.engines.ray.environment import prepare
from streamer.engines.ray.route import Route
from streamer.models.errors import ModelError

if TYPE_CHECKING:
    from ray.serve.handle import DeploymentHandle, DeploymentResponse

NAMESPACE = "streamer"

MISSING = "--engine ray needs Ray: pip install 'streamer-transcriber[ray]'"


class LostError(Exception):
    """A call has no answer: whoever had it is gone, or cannot be reached."""


class Calls(Protocol):
    """What an engine asks of a cluster."""

    async def describe(self, route: Route) -> bytes:
        """Ask a replica what it serves; raises LostError."""
        ...

    async def transcribe(self, head: bytes, body: bytes, route: Route) -> bytes:
        """Have a clip heard; raises LostError. Who is cancelled takes the clip along."""
        ...


def join(address: str, application: str) -> tuple[DeploymentHandle, tuple[type[Exception], ...]]:
    """Become part of a cluster; return the way to an application, and what a lost call raises.

    Blocks for seconds. Raises ModelError in words that tell what to mend.
    """
    prepare()
    try:
        import ray
        from ray import serve
        from ray.exceptions import RayError
        from ray.serve.exceptions import RayServeException
    except ImportError as error:
        raise ModelError(MISSING) from error
    try:
        ray.init(address, namespace=NAMESPACE, log_to_driver=False, logging_level="error")
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise ModelError(
            f"no Ray cluster at {address}: a gateway needs one on its own machine, "
            "`ray start --address=HEAD:6379 --num-cpus=0`"
        ) from error
    logging.getLogger("ray.serve").setLevel(logging.ERROR)  # a lost replica is pages else
    try:
        handle = serve.get_app_handle(application)
    except (RayServeException, RayError) as error:
        ray.shutdown()
        raise ModelError(
            f"the cluster has no application {application}: "
            "its name is that of --model, see `serve status`"
        ) from error
    return handle, (RayError, RayServeException, OSError)


class RayCalls:
    """An application of Ray Serve. Belongs to the event loop that it is made on."""

    def __init__(self, handle: DeploymentHandle, lost: tuple[type[Exception], ...]) -> None:
        self._describe = handle.describe
        self._transcribe = handle.transcribe
        self._lost = lost

    async def describe(self, route: Route) -> bytes:
        """Ask a replica what it serves."""
        return await self._answer(self._describe.remote(route))

    async def transcribe(self, head: bytes, body: bytes, route: Route) -> bytes:
        """Have a clip heard."""
        return await self._answer(self._transcribe.remote(head, body, route))

    async def _answer(self, response: DeploymentResponse) -> bytes:
        try:
            return await response
        except asyncio.CancelledError:
            response.cancel()
            raise
        except self._lost as error:
            raise LostError(f"{type(error).__name__}: {str(error).splitlines()[0]}") from error
