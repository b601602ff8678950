"""What all clients of a server share."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from streamer.dispatch.dispatcher import Dispatcher
from streamer.pipeline.detection import VoiceDetection
from streamer.pipeline.memory_budget import MemoryBudget
from streamer.pipeline.observers import SessionObserver
from streamer.pipeline.turn_judge import TurnJudge
from streamer.protocols.door import Host
from streamer.protocols.watch_links import NONCE_BYTES, WatchLinks, signer
from streamer.recording.recorder import Recorder
from streamer.server.admission.quotas import Peer, Quotas
from streamer.server.calls import Calls
from streamer.server.connection.slices import FILES_AT_ONCE
from streamer.server.connection.ticker import Ticker
from streamer.server.doors import new_host
from streamer.server.meter import SessionMeter
from streamer.server.metrics import Metrics
from streamer.server.usage import SessionUsage, UsageLog
from streamer.server.warning_log import WarningLog
from streamer.session.session import Session
from streamer.settings import Settings
from streamer.vad.registry import ALWAYS_HERE, SILERO


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
    memory: MemoryBudget = field(default_factory=MemoryBudget)
    files: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(FILES_AT_ONCE))
    """Turns of streams that come faster than real time."""
    judge: TurnJudge | None = None
    """Who is asked at pauses, where there is a turn model."""
    warning_log: WarningLog = field(default_factory=WarningLog)
    detection: VoiceDetection | None = None
    """Judges for the detector that is too large for sessions to hold, where it is here."""
    sign: Callable[[bytes], bytes] = field(
        default_factory=lambda: signer(secrets.token_bytes(32)), repr=False
    )
    """Signs links to watch along: they hold until the server is started again."""
    usage_log: UsageLog | None = None

    @property
    def detectors(self) -> tuple[str, ...]:
        """The voice detectors that a client may ask for; the first is the default."""
        return ALWAYS_HERE if self.detection is None else (SILERO, *ALWAYS_HERE)

    def new_host(self) -> Host:
        """Make what the dialect of one more client sees of the server; the session's id is new."""
        turns = None if self.judge is None else self.judge.info
        return new_host(
            self.dispatcher.info, self.settings, turns, self.detectors, self.watch_links()
        )

    def watch_links(self) -> WatchLinks | None:
        """Return what makes and checks links to watch along, where the server gives any."""
        lifetime_s = self.settings.watch_hours * 3600
        if not lifetime_s:
            return None
        nonce = secrets.token_bytes(NONCE_BYTES)
        return WatchLinks(self.sign, lifetime_s, time.time(), nonce)

    def observers(self, session: Session, peer: Peer) -> list[SessionObserver]:
        """Return who looks on at a peer's session that begins, of a stream or of an upload."""
        info = self.dispatcher.info
        meter = SessionMeter(session.settings, self.metrics, heard_s=lambda: session.audio_s)
        usage = SessionUsage(session, peer, info.name, self.metrics.usage, self.usage_log)
        # A recording holds the audio, and what the model heard: neither can be masked.
        if self.recorder is None or session.settings.masks:
            return [meter, usage, self.warning_log]
        return [meter, usage, self.warning_log, self.recorder.record(session, info)]
