"""How masking is asked for, in a query, in JSON or of the server as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self, cast

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

from streamer.masking.rules import Redacted, TextRules

MAX_PHRASES = 100
MAX_CHARACTERS = 128
"""Of a phrase, and of what stands in its place."""

_PHRASES = (
    f"at most {MAX_PHRASES} of phrase:replacement, each of at most {MAX_CHARACTERS} characters"
)


def _kinds(value: object) -> object:
    """Take kinds with commas: a query has no lists."""
    if isinstance(value, str):
        return [name.strip() for name in value.split(",") if name.strip()]
    return value


def _phrases(value: object) -> object:
    """Take `phrase:replacement` with commas, or several of them."""
    if isinstance(value, str):
        value = [one for one in value.split(",") if one.strip()]
    if not isinstance(value, list | tuple):
        return value
    pairs = [str(one).partition(":") for one in cast("Sequence[Any]", value)]
    if any(not sign for _, sign, _ in pairs):
        raise ValueError(f"accepted: {_PHRASES}")
    return {phrase.strip(): text.strip() for phrase, _, text in pairs}


def _bounded(phrases: Mapping[str, str]) -> Mapping[str, str]:
    longest = max((len(one) for pair in phrases.items() for one in pair), default=0)
    empty = any(not phrase.strip() for phrase in phrases)
    if len(phrases) > MAX_PHRASES or longest > MAX_CHARACTERS or empty:
        raise ValueError(f"accepted: {_PHRASES}")
    return phrases


Redactions = Annotated[
    tuple[Redacted, ...],
    BeforeValidator(_kinds),
    Field(json_schema_extra={"accepted": f"any of {', '.join(Redacted)}"}),
]
"""Kinds of text to keep from view."""

Replacements = Annotated[
    Mapping[str, str],
    BeforeValidator(_phrases),
    AfterValidator(_bounded),
    Field(json_schema_extra={"accepted": _PHRASES}),
]
"""What stands in the place of words and phrases."""


class Masking(BaseModel):
    """What a stream, or all streams of a server, keep from view and replace."""

    redact: Redactions = Field(default=(), description="kinds of text kept from view")
    profanity: Literal["keep", "mask"] = Field(
        default="keep", description="mask puts *** for English profanity"
    )
    replace: Replacements = Field(
        default={}, description="words and phrases, and what stands in their place"
    )

    @property
    def masks(self) -> bool:
        """Whether anything that is said is to be seen by nobody."""
        return bool(self.redact) or self.profanity == "mask"

    def rules_of(self, language: str) -> TextRules:
        """Return the rules of a language."""
        return TextRules(language, frozenset(self.redact), self.profanity == "mask", self.replace)

    def together_with(self, others: Masking) -> Self:
        """Add the rules of others, which win where both replace the same."""
        return self.model_copy(
            update={
                "redact": tuple(kind for kind in Redacted if kind in self.redact + others.redact),
                "profanity": "mask" if "mask" in (self.profanity, others.profanity) else "keep",
                "replace": {**self.replace, **others.replace},
            }
        )
