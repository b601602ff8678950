"""An option of decoding that only an engine of its own knows, and settings that bring it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engines import CountingEngine

from streamer.session.settings import StreamSettings
from streamer.speech.hypothesis import Hypothesis
from streamer.speech.options import DecodeOptions


@dataclass(frozen=True, slots=True)
class LoudOptions(DecodeOptions):
    loud: bool = False


class LoudSettings(StreamSettings):
    loud: bool = False

    @property
    def decode_options(self) -> DecodeOptions:
        return LoudOptions(self.language, self.punctuation, self.words, loud=self.loud)


class LoudEngine(CountingEngine):
    """Shouts where it is asked to."""

    def step(self) -> list[tuple[int, Hypothesis]]:
        options = {key: clip.options for key, clip in self.clips.items()}
        return [
            (key, replace(one, text=one.text.upper()) if _is_loud(options[key]) else one)
            for key, one in super().step()
        ]


def _is_loud(options: DecodeOptions) -> bool:
    return isinstance(options, LoudOptions) and options.loud
