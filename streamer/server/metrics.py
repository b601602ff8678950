"""What Prometheus is told. One registry a server, so that tests can run several."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from streamer import __version__
from streamer.decoding.step_engine import EngineWork
from streamer.dispatch.dispatcher import Dispatcher
from streamer.dispatch.job import JobKind
from streamer.dispatch.observer import BatchReport
from streamer.engines.base import Capacity

LAG_INTERVAL_S = 0.1
"""How often the event loop's lag is sampled."""

_LATENCIES = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30)


class _WorkCollector(Collector):
    """The engine's own totals as counters."""

    def __init__(self, work: Callable[[], EngineWork]) -> None:
        self._work = work

    def collect(self) -> Iterator[Metric]:
        work = self._work()
        encoded = CounterMetricFamily(
            "streamer_encoded_seconds", "Audio encoded; padding is lost", labels=["kind"]
        )
        encoded.add_metric(["speech"], work.encoded_s)
        encoded.add_metric(["padding"], work.padding_s)
        yield encoded
        drafts = CounterMetricFamily(
            "streamer_draft_tokens", "Tokens of drafts that were checked", labels=["outcome"]
        )
        drafts.add_metric(["accepted"], work.accepted)
        drafts.add_metric(["rejected"], work.drafted - work.accepted)
        yield drafts


class Metrics:
    """Counters of everything that an operator would ask about."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        counter = self._counter
        ProcessCollector(registry=self.registry)
        self.sessions = self._gauge("streamer_sessions", "Sessions now open")
        self.max_sessions = self._gauge("streamer_max_sessions", "Sessions that may be open")
        self.suspended = Gauge(
            "streamer_suspended", "Sessions that wait for their clients", registry=self.registry
        )
        self.listeners = Gauge(
            "streamer_listeners", "Clients that listen in on calls", registry=self.registry
        )
        self.webhook = counter("streamer_webhook_messages", "Messages for the webhook", ["outcome"])
        tasks = Gauge("streamer_tasks", "Tasks of the event loop", registry=self.registry)
        tasks.set_function(lambda: len(asyncio.all_tasks()))
        self.resumed = counter("streamer_resumed", "Sessions that clients came back to")
        self.expired = counter("streamer_expired", "Suspended sessions that were given up")
        self.refused = counter("streamer_refused", "Handshakes refused", ["reason"])
        self.audio = counter("streamer_audio_seconds", "Audio received, over all channels")
        self.usage = counter(
            "streamer_usage_seconds", "Audio that finals are charged for, by key", ["key"]
        )
        self.events = counter("streamer_events", "Messages sent to clients", ["type"])
        self.dropped = counter("streamer_dropped_clients", "Clients that did not read")
        self.superseded = counter("streamer_partials_superseded", "Partials never run")
        self.turn_asks = counter(
            "streamer_turn_asks", "Pauses that a turn model was asked about", ["outcome"]
        )
        self.recordings = counter("streamer_recordings", "Recordings that ended", ["outcome"])
        self.utterances = counter("streamer_utterances", "Finals, by what closed them", ["reason"])
        self.final_characters = counter("streamer_final_characters", "Characters of finals")
        self.erased_characters = counter(
            "streamer_erased_characters", "Characters that were shown and taken back: flicker"
        )
        self.final_latency = self._histogram(
            "streamer_final_latency_seconds",
            "From the arrival of an utterance's last speech to its final, in real time",
            _LATENCIES,
        )
        self.first_partial = self._histogram(
            "streamer_first_partial_seconds",
            "From the arrival of an utterance's first speech to its first partial, in real time",
            _LATENCIES,
        )
        self.partial_lag = self._histogram(
            "streamer_partial_lag_seconds",
            "How far the newest partial is behind the audio, each 100 ms of live speech",
            _LATENCIES,
        )
        self.final_wait = self._histogram(
            "streamer_final_seconds", "From the end of an utterance to its final", _LATENCIES
        )
        self.batch_clips = self._histogram(
            "streamer_batch_clips", "Clips that join the engine together", (1, 2, 4, 8, 16, 32, 64)
        )
        self.step_seconds = self._histogram(
            "streamer_step_seconds", "Time of an engine's step, new clips encoded", _LATENCIES
        )
        self.queue_wait = self._histogram(
            "streamer_queue_seconds", "Longest wait in a batch, by kind", _LATENCIES, ["kind"]
        )
        self.engine_audio = counter("streamer_engine_audio_seconds", "Audio transcribed", ["kind"])
        self.upstream_posts = counter(
            "streamer_upstream_posts", "Clips that were posted, by the answer", ["answer"]
        )
        self.upstream_seconds = self._histogram(
            "streamer_upstream_seconds", "From the post of a clip to its answer", _LATENCIES
        )
        self.loop_lag = self._histogram(
            "streamer_loop_lag_seconds",
            "How late the event loop runs a timer",
            (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1),
        )

    def watch(self, dispatcher: Dispatcher, trouble: Callable[[], str | None]) -> None:
        """Read what changes by itself whenever Prometheus asks."""
        jobs = self._gauge("streamer_queue_jobs", "Jobs waiting for the engine", ["kind"])
        ages = self._gauge("streamer_queue_age_seconds", "Wait of the oldest job", ["kind"])
        for place, kind in enumerate(JobKind):
            jobs.labels(kind).set_function(lambda place=place: dispatcher.waiting[place])
            ages.labels(kind).set_function(lambda place=place: dispatcher.oldest_s[place])
        ready = self._gauge("streamer_ready", "1 while new streams are welcome, as /readyz says")
        ready.set_function(lambda: trouble() is None)
        info = dispatcher.info
        self._gauge(
            "streamer_info",
            "Always 1",
            ["version", "model", "provider", "precision"],
        ).labels(__version__, info.name, info.provider, info.precision).set(1)

    def watch_memory(self, limit: int, held: Callable[[], int]) -> None:
        """Read what all sessions hold together whenever Prometheus asks."""
        self._gauge("streamer_memory_budget_bytes", "What sessions may hold together").set(limit)
        self._gauge("streamer_memory_held_bytes", "What they hold now").set_function(held)

    def render(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self.registry)

    def batch_joined(self, report: BatchReport) -> None:
        """Count a batch (`SchedulerObserver`)."""
        self.batch_clips.observe(report.clips)
        self.queue_wait.labels(report.kind).observe(report.longest_wait_s)
        self.engine_audio.labels(report.kind).inc(report.audio_s)

    def step_done(self, seconds: float) -> None:
        """Count a step (`SchedulerObserver`)."""
        self.step_seconds.observe(seconds)

    def partial_superseded(self) -> None:
        """Count a partial that was never run (`SchedulerObserver`)."""
        self.superseded.inc()

    async def sample_loop_lag(self) -> None:
        """Measure for ever how late timers fire."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + LAG_INTERVAL_S
            await asyncio.sleep(LAG_INTERVAL_S)
            self.loop_lag.observe(max(0.0, loop.time() - due))

    def watch_engine(self, work: Callable[[], EngineWork]) -> None:
        """Read what the engine counts itself whenever Prometheus asks."""
        self.registry.register(_WorkCollector(work))

    def watch_members(self, capacities: Callable[[], Sequence[Capacity]]) -> None:
        """Read how many engines there are, and what they can take, whenever Prometheus asks."""
        engines = self._gauge("streamer_engines", "Engines, by whether they serve", ["state"])
        places = self._gauge("streamer_engine_places", "Clips that those take", ["state"])

        def count(value: Callable[[Capacity], int]) -> Callable[[], float]:
            return lambda: sum(value(one) for one in capacities())

        engines.labels("serving").set_function(count(lambda one: one.trouble is None))
        engines.labels("away").set_function(count(lambda one: one.trouble is not None))
        places.labels("free").set_function(count(lambda one: 0 if one.trouble else one.free))
        places.labels("all").set_function(count(lambda one: 0 if one.trouble else one.slots))

    def upstream_answered(self, answer: str, seconds: float) -> None:
        """Count a clip that was posted to an upstream, and what came of it after so long."""
        self.upstream_posts.labels(answer).inc()
        self.upstream_seconds.observe(seconds)

    def _gauge(self, name: str, text: str, labels: list[str] | None = None) -> Gauge:
        return Gauge(name, text, labels or [], registry=self.registry)

    def _counter(self, name: str, text: str, labels: list[str] | None = None) -> Counter:
        return Counter(name, text, labels or [], registry=self.registry)

    def _histogram(
        self, name: str, text: str, buckets: tuple[float, ...], labels: list[str] | None = None
    ) -> Histogram:
        return Histogram(name, text, labels or [], buckets=buckets, registry=self.registry)
