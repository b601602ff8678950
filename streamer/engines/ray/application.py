"""The Serve application: what `serve deploy` and `serve run` take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from ray import serve
from ray.serve import Application

from streamer.decoding.step_engine import StepEngine
from streamer.engines.ray.replica import EngineReplica
from streamer.families.registry import load_model
from streamer.models.registry import resolve

DEPLOYMENT = "engine"

MOST_CALLS = 1024
"""That a replica has at a time, so that it never refuses one: gateways know how many it takes."""

SERVE_OPTIONS: dict[str, Any] = {
    "max_ongoing_requests": MOST_CALLS,
    "health_check_period_s": 2,
    "health_check_timeout_s": 5,
    # Longer than any clip takes: a replica that is to end ends what it has first.
    "graceful_shutdown_timeout_s": 40,
    "graceful_shutdown_wait_loop_s": 0.5,
    "request_router_config": {
        "request_router_class": "streamer.engines.ray.router:RosterRouter",
    },
}


class Arguments(BaseModel):
    """`args` of an application in Serve's configuration; names and meaning as of the settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    provider: Literal["auto", "cuda", "cpu"] = "auto"
    threads: int = Field(default=0, ge=0, le=256)
    max_batch: int = Field(default=8, ge=1, le=256)


def build(args: Mapping[str, Any]) -> Application:
    """Build the application of one model; replicas and their resources are Serve's to configure."""
    asked = Arguments.model_validate(args)
    load = partial(_load, asked.model, asked.provider, asked.threads)
    return application_of(load, asked.max_batch)


def application_of(load: Callable[[], StepEngine], max_batch: int) -> Application:
    """Return the application whose replicas load a model so."""
    deployment = serve.deployment(name=DEPLOYMENT, **SERVE_OPTIONS)(EngineReplica)
    return deployment.bind(load, max_batch)


def _load(model: str, provider: Literal["auto", "cuda", "cpu"], threads: int) -> StepEngine:
    return load_model(resolve(model), provider=provider, threads=threads)
