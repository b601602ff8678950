"""How far a session is ahead of what real time gives it: what it is patient for. No clock.

A live stream brings a second of audio a second, and its finals are urgent. Whoever brings more, be
it a file sent in a moment or hundreds of tiny utterances, waits for as long as it is ahead, where
others have something urgent.
"""

from __future__ import annotations

LEAST_CHARGE_S = 0.5
"""What an utterance costs however short it is: a pass of the model is never free, and nobody says
more than two things a second."""

BURST_S = 2.0
"""Short utterances that may come together, in seconds of charges: four."""

CREDIT_S = 30.0
"""Audio that may come late at once and still be live: a client that was away for as long as a
session is kept for it, and sends what it has missed."""

MOST_S = 120.0
"""The longest patience. Behind it all are equal, so that no file waits for ever."""


class _Bucket:
    """Fills with what is charged, and runs dry by a second a second, down to a credit."""

    def __init__(self, now: float, credit_s: float) -> None:
        self._credit_s = credit_s
        self._level_s = 0.0
        self._at = now

    def charge(self, now: float, seconds: float) -> float:
        """Add a charge; returns by how much more has been charged than time has passed."""
        level_s = self._level_s - (now - self._at) + seconds
        self._level_s, self._at = min(max(level_s, -self._credit_s), MOST_S), now
        return max(0.0, self._level_s)


class Account:
    """One session's; times are seconds of one monotonic clock.

    Audio is charged by channel, for those of a call speak at the same time; utterances are charged
    over all channels.
    """

    def __init__(self, now: float) -> None:
        self._began = now
        self._audio: dict[int, _Bucket] = {}
        self._ends_s: dict[int, float] = {}
        self._utterances = _Bucket(now, BURST_S)

    def patience_s(self, now: float, channel: int, end_s: float) -> float:
        """Charge an utterance that ends after so many seconds of its channel's audio.

        Returns how many seconds its final may wait where others are in more of a hurry.
        """
        if (audio := self._audio.get(channel)) is None:
            audio = self._audio[channel] = _Bucket(self._began, CREDIT_S)
        ahead_s = audio.charge(now, end_s - self._ends_s.get(channel, 0.0))
        self._ends_s[channel] = end_s
        return max(ahead_s, self._utterances.charge(now, LEAST_CHARGE_S))
