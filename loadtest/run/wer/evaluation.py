"""The whole evaluation: every recording in every kind, offline and with each detector."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np

from loadtest.progress import bar
from loadtest.run.wer.flicker import Flicker, flicker
from loadtest.run.wer.manifest import Recording, spread
from loadtest.run.wer.noises import VOICES, Samples
from loadtest.run.wer.non_speech import non_speech
from loadtest.run.wer.offline import hear_all
from loadtest.run.wer.scoring import is_one_sentence, summed
from loadtest.run.wer.sounds import KINDS, Sound, clean
from loadtest.run.wer.streamed import Alignment, stream_all
from streamer.decoding.step_engine import StepEngine

OFFLINE = "offline"
LIVE_KIND = "clean"
"""The one that is streamed at the speed of life, so that its partials can be watched."""

Make = Callable[[], Sound]
VOICES_KEPT = 4 * VOICES
"""Recordings of which babble is made."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """`recordings` are those heard; `everything` is where other voices and noises come from."""

    engine: StepEngine
    url: str
    recordings: Sequence[Recording]
    everything: Sequence[Recording]
    kinds: Sequence[str]
    detectors: Sequence[str]
    pace: float

    async def run(self) -> dict[str, Any]:
        """Hear it all; return what was found: kind, then `offline` or detector, then measures."""
        voices = [(one.path, one.samples()) for one in self._voices()]
        words = summed((one.text, one.text) for one in self.recordings).words
        heard: dict[str, Any] = {}
        for kind in self.kinds:
            makes = [
                partial(_make, kind, number, one, voices)
                for number, one in enumerate(self.recordings)
            ]
            heard[kind] = {OFFLINE: self._scored(self._offline(kind, makes))}
            for detector in self.detectors:
                pace = self.pace if kind == LIVE_KIND else 0.0
                streams = await self._streamed(kind, detector, makes, pace)
                heard[kind][detector] = {
                    **self._scored([one.text for one in streams]),
                    "false_ends": _false_ends([one.text for one in self.recordings], streams),
                    **({"flicker": _flicker(streams)} if pace else {}),
                }
        return {"words": words, "heard": heard, "made_up": await self._made_up()}

    def _scored(self, texts: Sequence[str]) -> dict[str, Any]:
        """Word errors in per cent, and the recordings of which not a word was heard."""
        pairs = list(zip(self.recordings, texts, strict=True))
        errors = summed((one.text, text) for one, text in pairs)
        unheard = [one.path.name for one, text in pairs if not text.strip()]
        return {"wer": round(errors.percent, 2), "unheard": unheard}

    async def _made_up(self) -> dict[str, Any]:
        """Let all that is no speech be heard; return the share of it that has text, and which."""
        sounds = dict(non_speech())
        sounds |= {one.path.name: one.samples() for one in self.everything if not one.text}
        makes = [partial(clean, samples) for samples in sounds.values()]
        heard = {OFFLINE: self._offline("no speech", makes)}
        for detector in self.detectors:
            streams = await self._streamed("no speech", detector, makes)
            heard[detector] = [one.text for one in streams]
        found: dict[str, Any] = {}
        for name, texts in heard.items():
            made_up = {one: text for one, text in zip(sounds, texts, strict=True) if text}
            found[name] = {"share": round(len(made_up) / len(sounds), 3), "texts": made_up}
        return {"sounds": len(sounds), **found}

    def _offline(self, name: str, makes: Sequence[Make]) -> list[str]:
        with bar(f"{name}, offline", len(makes)) as advance:
            return hear_all(self.engine, makes, advance)

    async def _streamed(
        self, name: str, detector: str, makes: Sequence[Make], pace: float = 0.0
    ) -> list[Alignment]:
        with bar(f"{name}, streamed, detector {detector}", len(makes)) as advance:
            return await stream_all(self.url, makes, advance, detector=detector, pace=pace)

    def _voices(self) -> list[Recording]:
        speech = [one for one in self.everything if one.text]
        return spread(speech, VOICES_KEPT)


def _make(
    kind: str, number: int, recording: Recording, voices: Sequence[tuple[object, Samples]]
) -> Sound:
    """Make a sound, the same each time; no recording babbles behind itself."""
    others = [samples for path, samples in voices if path != recording.path]
    return KINDS[kind](recording.samples(), np.random.default_rng(number), others)


def _false_ends(said: Sequence[str], heard: Sequence[Alignment]) -> float:
    """Utterances ended by a pause within a sentence, a sentence."""
    ends = [one.ends_within for text, one in zip(said, heard, strict=True) if is_one_sentence(text)]
    return round(sum(ends) / max(1, len(ends)), 3)


def _flicker(heard: Sequence[Alignment]) -> dict[str, Any]:
    found = sum((flicker(one.messages) for one in heard), Flicker())
    return {**asdict(found), "ratio": round(found.ratio, 3)}
