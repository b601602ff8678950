"""What a session has sent lately, to be sent again when its connection drops."""

from __future__ import annotations

from collections import deque

from streamer.protocols.dialect import NeverSentError

KEPT_BYTES = 524_288
"""More than the socket buffers of both sides hold, which is what a dropped connection can lose:
a client that has not even this much has not read for long."""


class ReplayBuffer:
    """The written messages that the client may lack, by their numbers from 0."""

    def __init__(self, limit: int = KEPT_BYTES) -> None:
        self._limit = limit
        self._texts: deque[str] = deque()
        self._size = 0
        self.next = 0

    @property
    def first(self) -> int:
        """The number of the first message kept, or of the next if none is."""
        return self.next - len(self._texts)

    def add(self, text: str) -> None:
        """Keep the next message; the oldest give way beyond the limit."""
        self._texts.append(text)
        self.next += 1
        self._size += len(text)
        while self._size > self._limit:
            self._size -= len(self._texts.popleft())

    def forget(self, last_seq: int) -> None:
        """The client has everything up to this number; raises NeverSentError."""
        self._check(last_seq)
        while self._texts and self.first <= last_seq:
            self._size -= len(self._texts.popleft())

    def after(self, last_seq: int) -> list[str] | None:
        """Return the messages after this number; None if the first of them is not kept.

        Raises NeverSentError.
        """
        self._check(last_seq)
        if last_seq + 1 < self.first:
            return None
        return list(self._texts)[last_seq + 1 - self.first :]

    def _check(self, last_seq: int) -> None:
        if last_seq >= self.next:
            raise NeverSentError(f"message {last_seq} was never sent: the last is {self.next - 1}")
