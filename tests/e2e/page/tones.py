"""Speech that is tones: loud stretches are utterances, the pitch says which sentence each is.

So the same sound gives the same words in any session.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

LOWEST_HZ = 300
STEP_HZ = 100
SENTENCES = (
    "Good morning, and welcome to the first meeting of the year.",
    "The train to Lisbon leaves at seven minutes past nine.",
    "Please call Margaret Osborne before the end of the week.",
    "We sold four hundred and twelve tickets on Saturday.",
    "Turn the lights down in the kitchen, and play some music.",
    "That is all for today. Thank you for listening.",
)
FRAME_S = 0.02
LOUD = 800
SILENT_FRAMES = 30
PARTIAL_FRAMES = 15
PAUSED_FRAMES = 10
PROBABILITY = 0.93


@dataclass
class Channel:
    """One channel's endpointing: loud frames open an utterance, silent ones close it."""

    number: int
    rate: int
    say: Callable[..., Any]
    sentences: tuple[str, ...]
    speaks: bool = False
    """Whether finals tell their words, the second of which is doubtful, and who speaks."""
    frames: list[NDArray[np.int16]] = field(default_factory=list[NDArray[np.int16]])
    now: int = 0
    start: int | None = None
    utterance: int = 0
    silent: int = 0
    judges: bool = False
    """Whether pauses are told, as a turn model judges them."""

    def feed(self, frame: NDArray[np.int16]) -> None:
        self.now += 1
        loud = np.abs(frame.astype(np.int32)).max() > LOUD
        if self.start is None:
            if not loud:
                return
            self.start = self.now - 1
            self.frames = []
            self.silent = 0
            self._tell("speech_started", at=self.start * FRAME_S)
        self.frames.append(frame)
        self.silent = 0 if loud else self.silent + 1
        if self.judges and self.silent == PAUSED_FRAMES:
            at, text = (self.now - self.silent) * FRAME_S, self._sentence()
            self._tell("turn_paused", at=at, probability=PROBABILITY, text=text)
        if self.silent >= SILENT_FRAMES:
            self.close("silence")
        elif len(self.frames) % PARTIAL_FRAMES == 0:
            self._partial()

    def close(self, reason: str) -> None:
        if self.start is None:
            return
        end = (self.now - self.silent) * FRAME_S
        self._tell("speech_ended", at=end, reason=reason)
        self._tell(
            "final",
            **self._details(self.start * FRAME_S, end),
            text=self._sentence(),
            start=self.start * FRAME_S,
            end=end,
            reason=reason,
            language="en",
            confidence=0.97,
        )
        self.start = None
        self.utterance += 1

    def _details(self, start: float, end: float) -> dict[str, object]:
        if not self.speaks:
            return {}
        said = self._sentence().split()
        step = (end - start) / len(said)
        words = [
            {
                "text": word,
                "start": start + n * step,
                "end": start + (n + 1) * step,
                "confidence": 0.3 if n == 1 else 0.97,
            }
            for n, word in enumerate(said)
        ]
        return {"words": words, "speaker": "AB"[self.utterance % 2]}

    def _partial(self) -> None:
        assert self.start is not None
        words = self._sentence().split()[: max(1, len(self.frames) // 7)]
        text = " ".join(words)
        stable = len(" ".join(words[:-2])) if len(words) > 2 else 0
        self._tell(
            "partial", text=text, stable=stable, start=self.start * FRAME_S, end=self.now * FRAME_S
        )

    def _sentence(self) -> str:
        loud = [f for f in self.frames if np.abs(f.astype(np.int32)).max() > LOUD]
        sound = np.concatenate(loud).astype(np.float64)
        spectrum = np.abs(np.fft.rfft(sound))
        pitch = np.argmax(spectrum) * self.rate / len(sound)
        return self.sentences[round((pitch - LOWEST_HZ) / STEP_HZ) % len(self.sentences)]

    def _tell(self, kind: str, **fields: object) -> None:
        self.say(kind, channel=self.number, utterance=self.utterance, **fields)


def tones(count: int, rate: int = 48000, *, pause_s: float = 0.8) -> NDArray[np.float32]:
    """``count`` utterances of 1.2 s, the n-th at the pitch of the n-th sentence; in [-0.3, 0.3]."""
    pieces: list[NDArray[np.float32]] = []
    times = np.arange(round(1.2 * rate)) / rate
    for n in range(count):
        # Loudness that comes and goes like syllables, so that no gain control takes it for noise.
        loudness = 0.2 + 0.1 * np.sin(2 * np.pi * 4 * times)
        tone = loudness * np.sin(2 * np.pi * (LOWEST_HZ + n * STEP_HZ) * times)
        pieces += [np.zeros(round(pause_s * rate), np.float32), tone.astype(np.float32)]
    return np.concatenate([*pieces, np.zeros(rate, np.float32)])
