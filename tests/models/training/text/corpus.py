"""The sentences to synthesise: a fixed mixture, and a split that no sentence crosses."""

import hashlib
import re
from collections.abc import Callable
from functools import cache
from random import Random

from tests.models.training.text import grammar, prose

HOLD_OUT_ONE_IN = 40
"""Of the sentences with five words or more, this share is never trained on."""

_PROSE_SHARE = 0.12
_WORD_STRING_SHARE = 0.15
_LONGEST_CHARACTERS = 120


def held_out(sentence: str) -> bool:
    """Whether a sentence belongs to the evaluation: by a hash of its words, so for ever."""
    plain = plain_words(sentence)
    if len(plain.split()) < 5:
        return False
    return int.from_bytes(hashlib.sha256(plain.encode()).digest()[:4], "big") % HOLD_OUT_ONE_IN == 0


def draw(rng: Random, *, evaluation: bool) -> str:
    """One sentence of the mixture, of the evaluation's side of the split or of the training's."""
    return _accepted(_mixed, rng, evaluation)


def draw_domain(rng: Random) -> str:
    """One held-out sentence of the demonstration domain."""
    return _accepted(_domain, rng, evaluation=True)


def draw_open(rng: Random) -> str:
    """One held-out sentence that is not of the domain: prose, or words without grammar."""
    return _accepted(_open, rng, evaluation=True)


@cache
def domain_words() -> frozenset[str]:
    """The plain words that sentences of the domain are made of."""
    rng = Random("domain words")
    return frozenset(w for _ in range(20_000) for w in plain_words(_domain(rng)).split())


def is_domain(text: str) -> bool:
    """Whether a text, of whatever kind, has no other words than the domain's."""
    return domain_words().issuperset(plain_words(text).split())


def _accepted(draw_any: Callable[[Random], str], rng: Random, evaluation: bool) -> str:
    while True:
        text = draw_any(rng)
        if held_out(text) == evaluation and len(text) <= _LONGEST_CHARACTERS:
            return text


def _mixed(rng: Random) -> str:
    return _open(rng) if rng.random() < _PROSE_SHARE + _WORD_STRING_SHARE else _domain(rng)


def _domain(rng: Random) -> str:
    return grammar.sentence(rng).replace("..", ".")


def _open(rng: Random) -> str:
    prose_share = _PROSE_SHARE / (_PROSE_SHARE + _WORD_STRING_SHARE)
    if rng.random() < prose_share and prose.sentences():
        return rng.choice(prose.sentences())
    lexicon = prose.rare_words() if rng.random() < 0.25 else prose.lexicon()
    return grammar.capitalised(grammar.word_strings(rng, lexicon))


def plain_words(text: str) -> str:
    """Lower case without punctuation: what the ``<|nopnc|>`` prompt asks for. Apostrophes stay."""
    text = re.sub(r"[^a-z' ]+", " ", text.lower().replace("p.m.", "pm").replace("a.m.", "am"))
    return " ".join(text.split())


def spoken(text: str) -> str:
    """The same sentence as a synthesiser should read it."""
    return text.replace("p.m.", "P M").replace("a.m.", "ay M")


def first_words(text: str, count: int) -> str:
    """The text up to its ``count``th word (as `plain_words` counts), without what follows it."""
    kept: list[str] = []
    for token in text.split():
        spoken_words = len(plain_words(token).split())
        if count < spoken_words:
            if count:
                kept.append("-".join(token.split("-")[:count]))
            break
        kept.append(token)
        count -= spoken_words
        if not count:
            break
    joined = " ".join(kept)
    return joined if joined.endswith(".m.") else joined.rstrip(".,?!- ")
