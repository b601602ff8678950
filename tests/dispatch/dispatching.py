"""A dispatcher that runs, jobs for it, and somebody who hears the answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import numpy as np
from engines import CountingEngine

from streamer.dispatch.account import Account
from streamer.dispatch.dispatcher import Dispatcher
from streamer.dispatch.job import Job, JobKind, UtteranceKey
from streamer.dispatch.observer import BatchReport
from streamer.engines.local import LocalEngine
from streamer.speech.clip import StoredClip
from streamer.speech.hypothesis import Hypothesis
from streamer.speech.options import DecodeOptions


@dataclass
class Answers:
    heard_texts: dict[int, str] = field(default_factory=dict[int, str])
    failures: dict[int, str] = field(default_factory=dict[int, str])
    kinds: list[JobKind] = field(default_factory=list[JobKind])
    superseded_ends: list[int] = field(default_factory=list[int])
    account: Account = field(default_factory=lambda: Account(0.0))
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def on_result(self, job: Job, hypothesis: Hypothesis) -> None:
        self.heard_texts[job.key.utterance] = hypothesis.text
        self.kinds.append(job.kind)
        self.changed.set()

    def on_failure(self, job: Job, message: str) -> None:
        self.failures[job.key.utterance] = message
        self.changed.set()

    def on_superseded(self, job: Job) -> None:
        self.superseded_ends.append(job.end)

    async def wait_for(self, count: int) -> None:
        async with asyncio.timeout(20):
            while len(self.heard_texts) + len(self.failures) < count:
                self.changed.clear()
                await self.changed.wait()


@dataclass
class Reports:
    batches: list[BatchReport] = field(default_factory=list[BatchReport])
    steps: int = 0
    superseded: int = 0

    def batch_joined(self, report: BatchReport) -> None:
        self.batches.append(report)

    def step_done(self, seconds: float) -> None:
        self.steps += 1

    def partial_superseded(self) -> None:
        self.superseded += 1


def job(
    utterance: int, kind: JobKind = JobKind.FINAL, seconds: float = 1.0, session: str = "s"
) -> Job:
    samples = np.zeros(round(16_000 * seconds), np.int16)
    clip = StoredClip(samples, DecodeOptions("en"))
    return Job(UtteranceKey(session, 0, utterance), kind, clip, len(samples), 0.0)


@asynccontextmanager
async def running(
    engine: CountingEngine, max_batch: int = 4, reports: Reports | None = None
) -> AsyncGenerator[Dispatcher]:
    local = LocalEngine(engine, max_batch)
    if reports is not None:
        local.on_step = reports.step_done
    dispatcher = Dispatcher(local, reports)
    dispatcher.start()
    try:
        yield dispatcher
    finally:
        engine.may_run.set()
        await dispatcher.close()
