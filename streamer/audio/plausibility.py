"""Whether bytes are samples of the encoding that they are said to be; what they look like if not.

Only what is all but certain is told: a container's first bytes, text, and windows in which the
bytes are noise as what they are said to be, but sound as something else. Sound is smooth: what one
sample is tells much of the next. Noise, which wrong bytes become, is not; and real noise is noise
in every reading of its bytes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from streamer.audio.encodings import Encoding, decode
from streamer.audio.signatures import HEAD_BYTES, container_of, other_kind_of

WINDOW_BYTES = 8192
"""A quarter of a second of 16-bit samples at 16 kHz, or of an eighth of floats."""

MAX_WINDOWS = 120
"""Half a minute of 16-bit samples; after that they are what they are said to be."""

TEXT_BYTES = 256
"""So many printable characters in a row are no samples: those change their sign."""

ROUGH = 0.6
ROUGHEST = 1.4
SMOOTH = 0.3
"""1 - r of neighbouring samples: 1 for white noise, and for wrong bytes about that; voiced speech
at 8 kHz has 0.05 to 0.25, a tone near half the rate up to 2."""

FLOATS = 0.99
"""Share of a window's values that are 0 < |x| < 1.5, and above 2^-24: of random bytes, 10 %."""

LEAST_VALUES = 64
"""Different ones in a window that can tell."""

LEAST_WINDOWS = 3
LEAST_SHARE = 0.25
"""So many windows, and such a share of those so far, must look like the same other thing: a hiss in
speech may for a moment look like nearly everything."""

TEXT_VARIETY = 20
"""Different characters that a text has at least: silence in mu-law is `~` and `}`."""

BEYOND = 0.15
"""Share of 32-bit floats above 2, or none at all, that no audio has."""


class Examiner:
    """Looks at a stream's bytes until it is sure, or has seen enough; `over` says that it is."""

    def __init__(self, encoding: Encoding, channels: int) -> None:
        self._encoding = encoding
        self._channels = channels
        self._head = b""
        self._window = b""
        self._windows = 0
        self._looked_like: Counter[tuple[str, str | None]] = Counter()
        self.over = encoding.is_compressed

    def feed(self, data: bytes) -> str | None:
        """Take the next bytes; returns what is wrong with them, once."""
        found = self._begin(data) if len(self._head) < HEAD_BYTES else None
        self._window += data
        while found is None and len(self._window) >= WINDOW_BYTES and not self.over:
            window, self._window = self._window[:WINDOW_BYTES], self._window[WINDOW_BYTES:]
            found = self._look_at(window)
            self._windows += 1
            self.over = self._windows == MAX_WINDOWS
        if found is not None:
            self.over = True
        if self.over:
            self._window = b""
        return found

    def _begin(self, data: bytes) -> str | None:
        self._head += data[: HEAD_BYTES - len(self._head)]
        if (container := container_of(self._head)) is not None:
            return self._told(f"a {container} stream or file", "container")
        varied = len(set(self._head[:TEXT_BYTES])) >= TEXT_VARIETY
        if (
            varied
            and len(self._head) >= TEXT_BYTES
            and (kind := other_kind_of(self._head)) is not None
        ):
            return self._told(kind, None)
        return None

    def _look_at(self, window: bytes) -> str | None:
        """Judge one window, and all so far."""
        if self._encoding is Encoding.PCM_F32LE:
            if _are_floats(window, "<f8"):
                return self._told("64-bit floats", None)
            if not _exceed(window):
                return None
        elif _are_floats(window, "<f4"):
            return self._told("32-bit floats", "pcm_f32le")
        elif _are_floats(window, "<f8"):
            return self._told("64-bit floats", None)
        else:
            declared = decode(self._encoding, window)
            rows = declared[: len(declared) // self._channels * self._channels]
            rough = min(map(_roughness, rows.reshape(-1, self._channels).T))
            if not SMOOTH <= rough <= ROUGHEST:
                return None
            if rough < ROUGH and not (self._encoding.sample_bytes == 2 and _are_bytes(window)):
                return None
        for words, setting, is_so in _readings(window, self._encoding):
            if is_so:
                self._looked_like[words, setting] += 1
        if not self._looked_like:
            return None
        (words, setting), count = self._looked_like.most_common(1)[0]
        enough = count >= LEAST_WINDOWS and count >= LEAST_SHARE * (self._windows + 1)
        return self._told(words, setting) if enough else None

    def _told(self, looks_like: str, setting: str | None) -> str:
        advice = f"set encoding={setting}" if setting else "convert it to 16-bit samples"
        return f"the audio is said to be {self._encoding}, but looks like {looks_like}: {advice}"


def _readings(window: bytes, declared: Encoding) -> Iterator[tuple[str, str | None, bool]]:
    """Yield what bytes may be: in words, the setting for it, and whether they look so."""
    words = np.frombuffer(window, "<i2")
    swapped = np.frombuffer(window, ">i2")
    if declared is not Encoding.PCM_S16LE:
        yield "16-bit integers", "pcm_s16le", _is_sound(words)
    if declared is Encoding.PCM_F32LE:
        yield "floats up to 32768, not 1", None, _are_scaled_floats(window)
    yield "16-bit integers whose bytes are swapped, or shifted by one", None, _is_sound(swapped)
    lower = words[::2]
    is_noise = _roughness(lower) > ROUGH or len(np.unique(lower)) < LEAST_VALUES
    yield "32-bit integers", None, is_noise and _is_sound(words[1::2])
    yield "24-bit integers", None, any(_is_sound(_wide(window[at:])) for at in range(3))
    yield "unsigned 8-bit integers", None, _is_sound(np.frombuffer(window, np.uint8))
    if declared not in LAWS:
        by_law = any(_is_sound(decode(law, window)) for law in LAWS)
        yield "8-bit phone audio", "mulaw or encoding=alaw", by_law and _are_bytes(window)


LAWS = (Encoding.MULAW, Encoding.ALAW)


def _are_floats(window: bytes, kind: str) -> bool:
    with np.errstate(invalid="ignore", over="ignore"):
        values = np.frombuffer(window, kind)
        size = np.abs(values[values != 0])
        if len(size) < 4 * LEAST_VALUES:
            return False
        plausible = np.mean((size < 1.5) & (size > 2.0**-24))
        both = 0.05 < np.mean(values > 0) < 0.95
    return bool(plausible >= FLOATS and both and len(np.unique(size)) >= LEAST_VALUES)


def _exceed(window: bytes) -> bool:
    """Tell whether floats are larger than those of audio."""
    with np.errstate(invalid="ignore"):
        return bool(np.mean(~(np.abs(np.frombuffer(window, "<f4")) <= 2)) > BEYOND)


def _are_scaled_floats(window: bytes) -> bool:
    values = np.frombuffer(window, "<f4")
    with np.errstate(invalid="ignore"):
        if not np.all(np.abs(values) <= 32768):
            return False
    return _is_sound(values)


def _are_bytes(window: bytes) -> bool:
    """Tell whether even and odd bytes are of one kind: those of 16-bit audio are not."""
    nibbles = np.frombuffer(window, np.uint8) >> 4
    even, odd = (np.bincount(nibbles[at::2], minlength=16) for at in (0, 1))
    return float(np.abs(even - odd).sum()) < 0.1 * len(nibbles)


def _is_sound(values: NDArray[np.generic]) -> bool:
    samples = values.astype(np.float32)
    return len(np.unique(samples)) >= LEAST_VALUES and _roughness(samples) < SMOOTH


def _roughness(values: NDArray[np.generic]) -> float:
    """1 - r of neighbours; 0 of what does not move at all."""
    samples = values.astype(np.float32)
    moved = samples - samples.mean()
    energy = float(np.dot(moved, moved))
    if energy <= 0:
        return 0.0
    steps = np.diff(moved)
    return float(np.dot(steps, steps)) / (2 * energy)


def _wide(data: bytes) -> NDArray[np.int16]:
    """Read 24-bit integers by their upper 16 bits."""
    triples = np.frombuffer(data[: len(data) // 3 * 3], np.uint8).reshape(-1, 3)
    return np.ascontiguousarray(triples[:, 1:]).view("<i2")[:, 0]
