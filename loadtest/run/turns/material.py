"""Recordings between stretches of their own room, as they come out of a room or a telephone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import soxr

from loadtest.run.wer.manifest import Recording
from loadtest.run.wer.noises import Samples, mixed, white
from loadtest.run.wer.sounds import SNR_DB, TELEPHONE_HZ, mulaw
from streamer.audio.encodings import Encoding, decode
from streamer.speech.clip import SAMPLE_RATE

KINDS = ("clean", "mulaw", "noise")

LEAD_S, TAIL_S = 0.5, 4.0
"""Of room before and behind: the longest wait of any rule, and some more."""

_STEP = SAMPLE_RATE // 100
_BELOW_DB = 32.0
"""What is more quiet than that below the loud parts is no sound of the speaker's."""

_ENDED = re.compile(r"[.?!][\"')\]]*$")
_BROKEN = re.compile(r"[.?!;:][\"')\]]*\s+\S")


@dataclass(slots=True, eq=False)
class Heard:
    """A recording as it is heard: where its sound ends, in seconds, and what became of it."""

    samples: Samples
    sound_ends: float
    text: str
    pauses: list[float] = field(default_factory=list[float])
    """Where each pause of 200 ms has lasted so long."""
    ends: Mapping[str, list[float]] = field(default_factory=dict[str, list[float]])
    """Where each rule ended an utterance, by its silence."""

    @property
    def is_complete(self) -> bool:
        """Whether it ends with its sentence."""
        return bool(_ENDED.search(self.text.strip()))

    @property
    def is_one_sentence(self) -> bool:
        """Whether every pause inside it is inside a sentence."""
        return not _BROKEN.search(self.text.strip())


def heard_of(recording: Recording, kind: str, noise: Samples | None, seed: int) -> Heard:
    """Hear a recording in one of the KINDS, always the same for a seed."""
    clip, rng = recording.samples(), np.random.default_rng(seed)
    levels = _levels(clip)
    room = max(float(np.percentile(np.sqrt(levels), 3)), 1e-5)
    lead, tail = (room * white(rng, int(seconds * SAMPLE_RATE)) for seconds in (LEAD_S, TAIL_S))
    samples = np.concatenate([lead, clip, tail]).astype(np.float32)
    if kind == "mulaw":
        narrow = mulaw(soxr.resample(samples, SAMPLE_RATE, TELEPHONE_HZ))
        samples = soxr.resample(decode(Encoding.MULAW, narrow), TELEPHONE_HZ, SAMPLE_RATE)
    elif kind == "noise":
        assert noise is not None
        begin = int(rng.integers(len(noise)))
        samples = mixed(samples, np.resize(np.roll(noise, -begin), len(samples)), SNR_DB, len(lead))
    return Heard(samples, LEAD_S + _sound_ends(levels), recording.text)


def _levels(clip: Samples) -> Samples:
    """The power of each 10 ms."""
    steps = clip[: len(clip) // _STEP * _STEP].reshape(-1, _STEP)
    return np.mean(np.square(steps), axis=1)


def _sound_ends(levels: Samples) -> float:
    decibel = 10 * np.log10(levels + 1e-12)
    return float(np.flatnonzero(decibel > np.percentile(decibel, 95) - _BELOW_DB)[-1] + 1) / 100
