"""What a client asks of the words that it is sent."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DecodeOptions:
    """Carried whole from a session's settings to the model family, which alone looks inside.

    `language` is a code of the loaded model. `words` asks for each word's time, where
    `EngineInfo.word_timings` says that the model can tell.
    """

    language: str
    punctuation: bool = True
    words: bool = False
