"""What all clients of a server share."""

from __future__ import annotations

from dataclasses import dataclass, field

from streamer.dispatch.dispatcher import Dispatcher
from streamer.pipeline.observers import SessionObserver
from streamer.recording.recorder import Recorder
from streamer.server.admission.quotas import Quotas
from streamer.server.calls import Calls
from streamer.server.connection.ticker import Ticker
from streamer.server.meter import SessionMeter
from streamer.server.metrics import Metrics
from streamer.session.session import Session
from streamer.settings import Settings


@dataclass(frozen=True, slots=True)
class Service:
    """What all clients of a server share."""

    settings: Settings
    dispatcher: Dispatcher
    metrics: Metrics
    quotas: Quotas
    recorder: Recorder | None = None
    calls: Calls = field(default_factory=Calls)
    ticker: Ticker = field(default_factory=Ticker)

    def observers(self, session: Session) -> list[SessionObserver]:
        """Return who looks on at a session that begins, of a stream or of an upload."""
        meter = SessionMeter(session.settings, self.metrics)
        if self.recorder is None:
            return [meter]
        return [meter, self.recorder.record(session, self.dispatcher.info)]
