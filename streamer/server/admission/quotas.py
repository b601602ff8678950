"""What one key, and one address, may have: sessions at a time, and seconds of audio a second.

Too many sessions are refused at the handshake. Audio above its rate is not: it is read more slowly,
which TCP's flow control passes on to the sender.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

BURST_S = 10.0
"""Seconds of audio that may come at once: a client that catches up after a pause is no abuse."""


class QuotaError(Exception):
    """A session too many; the message says whose."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is at the other end: the holder of a key, if keys are asked for, and a network address.

    Of an IPv6 address only the network counts, the first 64 bits: its holder has all the others.
    """

    key: str | None
    address: str

    @classmethod
    def of(cls, key: str | None, host: str) -> Peer:
        """Make a peer of a key's holder and a socket's address."""
        try:
            address = ipaddress.ip_address(host.partition("%")[0])
        except ValueError:
            return cls(key, host)
        if isinstance(address, ipaddress.IPv4Address):
            return cls(key, str(address))
        if address.ipv4_mapped is not None:
            return cls(key, str(address.ipv4_mapped))
        return cls(key, str(ipaddress.ip_network((address, 64), strict=False)))


@dataclass(frozen=True, slots=True)
class Limits:
    """What one holder may have; 0 is no limit."""

    sessions: int
    audio_rate: float


class TokenBucket:
    """Lets `rate` a second through, and `burst` at once; what is taken beyond that is owed."""

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._at = now

    def take(self, amount: float, now: float) -> float:
        """Take an amount; returns for how many seconds the taker must now wait."""
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        self._tokens -= amount
        return max(0.0, -self._tokens / self._rate)

    def is_full(self, now: float) -> bool:
        """Whether nothing is remembered of what was taken."""
        return self._tokens + (now - self._at) * self._rate >= self._burst


@dataclass(slots=True)
class _Account:
    bucket: TokenBucket
    sessions: int = 0


@dataclass(slots=True)
class _Ledger:
    """The accounts of one sort of holder."""

    limits: Limits
    sort: str
    accounts: dict[str, _Account] = field(default_factory=dict[str, _Account])

    def check(self, holder: str) -> None:
        account = self.accounts.get(holder)
        if self.limits.sessions and account and account.sessions >= self.limits.sessions:
            raise QuotaError(f"this {self.sort} has all its {self.limits.sessions} sessions")

    def enter(self, holder: str, now: float) -> None:
        self._forget_idle(now)
        account = self.accounts.get(holder)
        if account is None:
            bucket = TokenBucket(self.limits.audio_rate or 1.0, BURST_S, now)
            account = self.accounts[holder] = _Account(bucket)
        account.sessions += 1

    def leave(self, holder: str) -> None:
        self.accounts[holder].sessions -= 1

    def take(self, holder: str, seconds: float, now: float) -> float:
        if not self.limits.audio_rate:
            return 0.0
        return self.accounts[holder].bucket.take(seconds, now)

    def _forget_idle(self, now: float) -> None:
        """Forget who is gone, but not what they owe: coming back must not buy another burst."""
        for holder, account in list(self.accounts.items()):
            if not account.sessions and account.bucket.is_full(now):
                del self.accounts[holder]


class Quotas:
    """The accounts of all who are connected; `paced` tells whether any rate of audio is limited."""

    def __init__(self, per_key: Limits, per_address: Limits, clock: Callable[[], float]) -> None:
        self._keys = _Ledger(per_key, "API key")
        self._addresses = _Ledger(per_address, "address")
        self.paced = bool(per_key.audio_rate or per_address.audio_rate)
        self._clock = clock

    @contextmanager
    def session(self, peer: Peer, *, beyond: bool = False) -> Generator[None]:
        """Count a session as long as the context lasts.

        Raises QuotaError if it is too many, unless it may go `beyond`: a client that comes back to
        its session may be quicker than the news that its old connection is gone.
        """
        if not beyond:
            self._check(peer)
        for ledger, holder in self._of(peer):
            ledger.enter(holder, self._clock())
        try:
            yield
        finally:
            for ledger, holder in self._of(peer):
                ledger.leave(holder)

    async def pace(self, peer: Peer, seconds: float) -> None:
        """Count audio that was read, and wait until more may be."""
        if not self.paced:
            return
        now = self._clock()
        wait = max(ledger.take(holder, seconds, now) for ledger, holder in self._of(peer))
        if wait > 0:
            await asyncio.sleep(wait)

    def _check(self, peer: Peer) -> None:
        for ledger, holder in self._of(peer):
            ledger.check(holder)

    def _of(self, peer: Peer) -> list[tuple[_Ledger, str]]:
        accounts = [(self._addresses, peer.address)]
        return accounts if peer.key is None else [*accounts, (self._keys, peer.key)]
