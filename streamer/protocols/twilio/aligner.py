"""One stream of all tracks from chunks that come track by track, late, or not at all."""

from __future__ import annotations

import numpy as np

from streamer.audio.encodings import Encoding

WINDOW_MS = 200
"""How long a missing chunk is waited for: ten chunks of Twilio's, two of Exotel's."""

SLACK_MS = 10
"""A chunk so near to the end of the one before it follows it at once: senders' timestamps are
whole milliseconds, and jitter. Half of the shortest chunk that is sent in practice."""

GAP_MS = 2000
"""A timestamp further than this from the others is no gap to be filled, but a clock that jumped."""

_SILENCE = {
    Encoding.PCM_S16LE: b"\0\0",
    Encoding.PCM_F32LE: b"\0\0\0\0",
    Encoding.MULAW: b"\xff",
    Encoding.ALAW: b"\xd5",
}


class Aligner:
    """Chunks of `tracks` in, interleaved audio out, a channel a track.

    Within the window the output depends on timestamps alone, not on the order of arrival. What is
    missing is silence; what comes later than the window is left out. Chunks without a timestamp
    follow the newest of their track.
    """

    def __init__(self, tracks: int, encoding: Encoding, rate: int) -> None:
        self._rate = rate
        self._tracks = [_Track(encoding, self._samples(SLACK_MS)) for _ in range(tracks)]
        self._width = encoding.sample_bytes
        self._origin = 0  # sample of the client's clock at which our output begins
        self._newest = 0  # end of the newest chunk
        self._out = 0  # samples given out

    @property
    def seconds(self) -> float:
        """Audio given out."""
        return self._out / self._rate

    def jump_s(self, timestamp_ms: float | None) -> float:
        """Seconds from where a timestamp is expected; 0 if it is in step, or after a short gap."""
        if timestamp_ms is None:
            return 0.0
        off = self._samples(timestamp_ms) - self._origin - self._newest
        return 0.0 if abs(off) <= self._samples(GAP_MS) else off / self._rate

    def follow_jump(self, timestamp_ms: float) -> bytes:
        """End what is before a jump of the client's clock; its time then goes on from there."""
        rest = self.finish()
        self._origin = self._samples(timestamp_ms) - self._newest
        return rest

    def add(self, track: int, timestamp_ms: float | None, payload: bytes) -> bytes:
        """Take a chunk that does not jump; returns what is complete on all tracks."""
        line = self._tracks[track]
        whole = payload[: len(payload) - len(payload) % self._width]
        if timestamp_ms is None:
            position = line.newest
        else:
            position = self._samples(timestamp_ms) - self._origin
        line.add(position, whole)
        self._newest = max(self._newest, position + len(whole) // self._width)
        return self._settle(self._newest - self._samples(WINDOW_MS))

    def finish(self) -> bytes:
        """Wait for nothing more; returns the rest, all tracks equally long."""
        audio = self._settle(self._newest)
        end = max(track.end for track in self._tracks)
        audio += self._settle(end + self._samples(SLACK_MS))
        for track in self._tracks:
            track.break_off()
        self._newest = end
        return audio

    def _settle(self, horizon: int) -> bytes:
        for track in self._tracks:
            track.settle(horizon)
        ready = min(track.end for track in self._tracks)
        taken = [track.take(ready - self._out) for track in self._tracks]
        self._out = ready
        if len(taken) == 1:
            return taken[0]
        samples = [np.frombuffer(one, np.uint8).reshape(-1, self._width) for one in taken]
        return np.stack(samples, axis=1).tobytes()

    def _samples(self, milliseconds: float) -> int:
        return round(milliseconds * self._rate / 1000)


class _Track:
    """Chunks by position, in samples, and the audio that they make."""

    def __init__(self, encoding: Encoding, slack: int) -> None:
        self._silence = _SILENCE[encoding]
        self._width = encoding.sample_bytes
        self._slack = slack
        self._waiting: dict[int, bytes] = {}
        self._line = bytearray()  # audio that was not taken yet
        self._last: int | None = None  # end of the last chunk; silence may have been added since
        self.end = 0
        self.newest = 0

    def add(self, position: int, samples: bytes) -> None:
        """Take a chunk; of two for one place the first counts."""
        if samples:
            self._waiting.setdefault(position, samples)
        self.newest = max(self.newest, position + len(samples) // self._width)

    def settle(self, horizon: int) -> None:
        """Put chunks in their places that follow the last one, or begin before the horizon."""
        for position in sorted(self._waiting):
            follows = position <= (self.end if self._last is None else self._last + self._slack)
            if not follows and position >= horizon:
                break
            self._place(position, self._waiting.pop(position))
        # No further: a chunk that is still to come may begin so much before its timestamp.
        self._pad(horizon - self._slack)

    def take(self, samples: int) -> bytes:
        """Hand out the next samples."""
        taken = bytes(self._line[: samples * self._width])
        del self._line[: samples * self._width]
        return taken

    def break_off(self) -> None:
        """What comes next does not follow what was."""
        self._last = None
        self.newest = self.end

    def _place(self, position: int, samples: bytes) -> None:
        start = position
        if self._last is not None and abs(position - self._last) <= self._slack:
            start = self._last
        end = start + len(samples) // self._width
        if end <= self.end:
            return  # all of it was there before, or comes too late
        self._pad(start)
        self._line += samples[(self.end - start) * self._width :]
        self._last = self.end = end

    def _pad(self, end: int) -> None:
        if end > self.end:
            self._line += self._silence * (end - self.end)
            self.end = end
