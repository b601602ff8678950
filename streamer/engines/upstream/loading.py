"""Finding out what upstreams serve, which may take them a while to be there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from streamer.engines.base import Engine
from streamer.engines.pool import EnginePool
from streamer.engines.upstream.address import Upstream
from streamer.engines.upstream.answer import Fault
from streamer.engines.upstream.engine import Served, UpstreamEngine
from streamer.engines.upstream.posting import Poster
from streamer.engines.upstream.profiles import Profile
from streamer.models.errors import ModelError
from streamer.speech.engine_info import EngineInfo
from streamer.speech.hypothesis import EngineError

log = logging.getLogger(__name__)

AGAIN_S = 2.0
"""Between two tries while nobody is there: a model of 2B parameters takes minutes to load."""

NAMED = 12
"""Models that an error names."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of an upstream beyond its address; what is empty is found out."""

    model: str = ""
    key: str = ""
    languages: tuple[str, ...] = ()
    in_flight: int = 32


async def load_upstream(upstream: Upstream, wanted: Wanted) -> Engine:
    """Wait until one of the servers hears a second of speech, and return them all as one engine.

    Raises ModelError where waiting will not help.
    """
    profile = upstream.profile
    posters = [
        Poster(url, profile, _checked(wanted.key), wanted.in_flight) for url in upstream.urls
    ]
    try:
        served = await _found(posters, profile, wanted)
        engines = [UpstreamEngine(one, profile, served, wanted.in_flight) for one in posters]
        await _until_one_hears(engines, posters)
    except BaseException:  # who stops the server while it waits, too
        await asyncio.gather(*(one.close() for one in posters))
        raise
    return engines[0] if len(engines) == 1 else EnginePool(engines)


async def _found(posters: Sequence[Poster], profile: Profile, wanted: Wanted) -> Served:
    said: set[str] = set()
    while True:
        for poster in posters:
            try:
                return serving(poster.url, await poster.models(), profile, wanted)
            except ConnectionError as error:
                if (problem := f"waiting for {poster.url}: {error}") not in said:
                    log.warning("%s", problem)
                    said = {*list(said)[-NAMED:], problem}
        await asyncio.sleep(AGAIN_S)


async def _until_one_hears(engines: Sequence[UpstreamEngine], posters: Sequence[Poster]) -> None:
    while True:
        answers = await asyncio.gather(*(one.check() for one in engines))
        if any(answer.fault is Fault.NONE for answer in answers):
            return
        for poster, answer in zip(posters, answers, strict=True):
            assert isinstance(answer.outcome, EngineError)
            if answer.fault in (Fault.CLIP, Fault.REFUSED):
                raise ModelError(f"{poster.url}: {answer.outcome.message}")
            log.warning("waiting for %s: %s", poster.url, answer.outcome.message)
        await asyncio.sleep(AGAIN_S)


def serving(
    url: str, models: Sequence[Mapping[str, Any]], profile: Profile, wanted: Wanted
) -> Served:
    """Choose of the models that a server lists; raises ModelError, naming what there is."""
    names = [str(one["id"]) for one in models]
    listed = ", ".join(names[:NAMED]) + (", …" if len(names) > NAMED else "")
    if wanted.model and wanted.model not in names:
        raise ModelError(f"{url} serves no model {wanted.model!r}; it serves: {listed}")
    if not wanted.model and len(names) != 1:
        raise ModelError(
            f"{url} serves {len(names)} models: choose with --upstream-model one of: {listed}"
        )
    model = wanted.model or names[0]
    languages = _languages(models[names.index(model)], profile, wanted.languages)
    info = EngineInfo(
        name=model,
        languages=languages,
        provider=f"upstream {profile.name}",
        precision="as served",
        max_seconds=profile.max_seconds,
        demonstration=False,
        confidences=False,
    )
    return Served(model, info)


def _languages(
    model: Mapping[str, Any], profile: Profile, wanted: tuple[str, ...]
) -> tuple[str, ...]:
    told = model.get("languages")
    known = profile.languages
    if not known and isinstance(told, list):
        known = tuple(str(one) for one in cast("list[object]", told))
    for one in wanted if known else ():
        if one not in known:
            raise ModelError(
                f"--upstream-languages: {one!r} is none of {profile.name}'s: {' '.join(known)}"
            )
    return wanted or known or ("en",)


def _checked(key: str) -> str:
    if not (key.isascii() and key.isprintable()):
        raise ModelError("STREAMER_UPSTREAM_KEY has characters that no header can hold")
    return key
