"""Who may open a session: as many as there are places for, the engine bears, and each may have."""

from __future__ import annotations

from collections.abc import Sized
from contextlib import ExitStack

from streamer.pipeline.memory_budget import MemoryBudget
from streamer.protocols.endings import GOING_AWAY
from streamer.server.admission.load import LoadLimit
from streamer.server.admission.quotas import Peer, QuotaError, Quotas
from streamer.server.admission.refusals import try_later


class AdmissionController:
    """Admits clients, each until what is returned for it is closed; raises RefusalError.

    `sessions` and `subscribers` are those that are served now. There may be `max_sessions` of each:
    a subscriber brings no audio, and takes no session's place.
    """

    def __init__(
        self,
        max_sessions: int,
        load: LoadLimit,
        quotas: Quotas,
        sessions: Sized,
        subscribers: Sized,
        memory: MemoryBudget | None = None,
    ) -> None:
        self._max_sessions = max_sessions
        self._load = load
        self._quotas = quotas
        self._sessions = sessions
        self._subscribers = subscribers
        self._memory = memory or MemoryBudget()
        self.draining = False
        """Whether the server is about to stop, and no session begins any more."""

    @property
    def trouble(self) -> str | None:
        """Why new streams should go elsewhere; None while they are welcome."""
        return "draining" if self.draining else self._load.trouble

    def admit(self, peer: Peer) -> ExitStack:
        """Count a new session of a peer."""
        if self.draining:
            raise try_later(503, "draining", GOING_AWAY)
        sessions = len(self._sessions)
        if sessions >= self._max_sessions:
            raise try_later(503, "overloaded", "every session is taken")
        if not self._memory.admits:
            raise try_later(503, "overloaded", "memory is short")
        if (objection := self._load.objection(sessions)) is not None:
            raise try_later(503, "overloaded", objection)
        return self._counted(peer)

    def admit_returning(self, peer: Peer) -> ExitStack:
        """Count a peer that comes back to a session of its own, even where no new one may begin.

        It may be quicker than the news that its old connection is gone.
        """
        return self._counted(peer, beyond=True)

    def admit_subscriber(self, peer: Peer) -> ExitStack:
        """Count a peer that brings no audio, and only listens."""
        if len(self._subscribers) >= self._max_sessions:
            raise try_later(503, "overloaded", "too many listen already")
        return self._counted(peer)

    def _counted(self, peer: Peer, *, beyond: bool = False) -> ExitStack:
        place = ExitStack()
        try:
            place.enter_context(self._quotas.session(peer, beyond=beyond))
        except QuotaError as error:
            raise try_later(429, "too_many_sessions", str(error)) from error
        return place
