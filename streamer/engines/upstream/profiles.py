"""What each kind of server behind `/v1/audio/transcriptions` honours, and what it must be asked.

They take one form and mean different things by it. What is written here of vLLM was measured with
0.32 and read in 0.33; of the others it is as their documentation has it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Profile:
    """One kind of server.

    `languages` are those that the model was taught, the default first; empty where only the server
    knows. `codes` are words of the server for them where they are not ours, None for one that must
    not be named. `fields` are sent with every clip. A server that `takes_cap` bounds the length of
    a text when it is asked to; else a model that loops runs to the end of its context. What
    `preamble` matches is not part of the text. One that is `metered` is paid by the clip, and is
    not asked how it is while nobody speaks.
    """

    name: str
    languages: tuple[str, ...] = ()
    codes: Mapping[str, str | None] = field(default_factory=dict[str, "str | None"])
    max_seconds: float = 30.0
    fields: Mapping[str, str] = field(default_factory=dict[str, str])
    takes_cap: bool = False
    preamble: re.Pattern[str] | None = None
    metered: bool = False

    def code(self, language: str) -> str | None:
        """What the server is told of a language; None where nothing is to be said."""
        return self.codes.get(language, language)


_GREEDY = {"temperature": "0"}


def _codes(words: str) -> tuple[str, ...]:
    return tuple(words.split())


_WHISPER = _codes(
    "en af ar az be bg bs ca cs cy da de el es et fa fi fr gl he hi hr hu hy id is it ja kk kn ko "
    "lt lv mi mk mr ms ne nl no pl pt ro ru sk sl sr sv sw ta th tl tr uk ur vi zh"
)
"""The languages that OpenAI's documentation names for its transcription models."""

_REGIONS = _codes(
    "ar-AR de-DE en-US es-US fr-FR hi-IN it-IT ja-JP ko-KR nl-NL pl-PL pt-BR ru-RU zh-CN"
)
"""NIM wants a region with each language; these are its models' usual ones."""

PROFILES: Mapping[str, Profile] = {
    one.name: one
    for one in (
        Profile(
            "vllm-cohere",
            # It takes 100 codes of Whisper's and serves them with a token that was never trained.
            _codes("en ar de el es fr it ja ko nl pl pt vi zh"),
            max_seconds=35.0,
            fields=_GREEDY,
            takes_cap=True,
        ),
        Profile(
            "vllm-qwen3",
            _codes(
                "en ar cs da de el es fa fi fil fr hi hu id it ja ko mk ms nl pl pt ro ru sv th "
                "tr vi yue zh"
            ),
            # It would write names into the prompt that the model does not know; it detects both.
            codes={"yue": None, "fil": None},
            fields=_GREEDY,
            takes_cap=True,
            preamble=re.compile(r"^language [^<\n]{1,40}<asr_text>"),
        ),
        Profile("openai", _WHISPER, fields=_GREEDY, metered=True),
        Profile("speaches", _WHISPER, fields=_GREEDY),
        Profile("nim", codes={code.partition("-")[0]: code for code in _REGIONS}),
        # Its own detector would cut the clip, which is one utterance already.
        Profile("streamer", max_seconds=35.0, fields={"chunking_strategy": "none"}),
        Profile("generic", fields=_GREEDY),
    )
}
"""By name."""
