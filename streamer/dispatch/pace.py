"""How often a growing utterance is heard again, where the engine asks for a pace. No clock."""

from __future__ import annotations

from streamer.dispatch.job import Job, JobKind


class PartialPace:
    """When each channel's last growing clip was sent; times are seconds of one clock."""

    def __init__(self) -> None:
        self._sent: dict[tuple[str, int], float] = {}

    def sent(self, job: Job, now: float) -> None:
        """Note a job that is sent now."""
        if _grows(job):
            self._sent[job.key.session, job.key.channel] = now

    def allows(self, job: Job, now: float, every_s: float) -> bool:
        """Whether so many seconds have passed since the last one of its channel."""
        if not _grows(job):
            return True
        return now - self._sent.get((job.key.session, job.key.channel), -every_s) >= every_s

    def forget(self, session: str) -> None:
        """Forget a session that is over."""
        for channel in [one for one in self._sent if one[0] == session]:
            del self._sent[channel]


def _grows(job: Job) -> bool:
    return job.kind is JobKind.PARTIAL and not job.clip.exact
