"""The sentences to synthesise: a fixed mixture, and a split that no sentence crosses."""

import hashlib
import re
from random import Random

from streamer.training.text import grammar, prose

HOLD_OUT_ONE_IN = 40
"""Of the sentences with five words or more, this share is never trained on."""

_PROSE_SHARE = 0.12
_WORD_STRING_SHARE = 0.15


def held_out(sentence: str) -> bool:
    """Whether a sentence belongs to the evaluation: by a hash of its words, so for ever."""
    plain = plain_words(sentence)
    if len(plain.split()) < 5:
        return False
    return int.from_bytes(hashlib.sha256(plain.encode()).digest()[:4], "big") % HOLD_OUT_ONE_IN == 0


def draw(rng: Random, *, evaluation: bool) -> str:
    """One sentence: of the evaluation's side of the split, or of the training's."""
    while True:
        text = _draw(rng)
        if held_out(text) == evaluation and len(text) <= 120:
            return text


def _draw(rng: Random) -> str:
    kind = rng.random()
    if kind < _PROSE_SHARE and prose.sentences():
        return rng.choice(prose.sentences())
    if kind < _PROSE_SHARE + _WORD_STRING_SHARE:
        lexicon = prose.rare_words() if rng.random() < 0.25 else prose.lexicon()
        return grammar.capitalised(grammar.word_strings(rng, lexicon))
    return grammar.sentence(rng).replace("..", ".")


def plain_words(text: str) -> str:
    """Lower case without punctuation: what the ``<|nopnc|>`` prompt asks for. Apostrophes stay."""
    text = re.sub(r"[^a-z' ]+", " ", text.lower().replace("p.m.", "pm").replace("a.m.", "am"))
    return " ".join(text.split())


def spoken(text: str) -> str:
    """The same sentence as a synthesiser should read it."""
    return text.replace("p.m.", "P M").replace("a.m.", "ay M")
