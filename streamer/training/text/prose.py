"""English that no grammar of ours made: a lexicon of common words, and sentences of prose.

Both come from what a Debian system with Python carries under free licences: the documentation
strings and comments of Python's own standard library (PSF licence), filtered to plain English by
the CMU pronouncing dictionary in Debian's ``festlex-cmu`` (CMU's own permissive licence). Their
subject is dry, but their grammar is nobody's template.
"""

import re
import sysconfig
from collections import Counter
from functools import cache
from pathlib import Path

from streamer.training.text.words import split

CMU_DICTIONARY = Path("/usr/share/festival/dicts/cmu/cmudict-0.4.out")

_ENTRY = re.compile(r'^\("([a-z]+)" ')
_SENTENCE = re.compile(r"(?<=[.?!])\s+|\n\s*\n")
_PLAIN = re.compile(r"[A-Z][A-Za-z',\- ]{12,110}[.?!]")
_MIN_COUNT = 4


@cache
def known_words() -> frozenset[str]:
    """Every lower-case word of the CMU dictionary; empty where it is not installed."""
    if not CMU_DICTIONARY.exists():
        return frozenset()
    text = CMU_DICTIONARY.read_text(encoding="latin-1")
    return frozenset(m[1] for line in text.splitlines() if (m := _ENTRY.match(line)))


@cache
def _library_text() -> str:
    """Comments and documentation strings of the standard library's modules."""
    parts: list[str] = []
    for path in sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py")):
        source = path.read_text(encoding="utf-8", errors="ignore")
        parts += re.findall(r'"""(.*?)"""', source, flags=re.DOTALL)
        parts.append("\n".join(re.findall(r"^\s*# (.*)$", source, flags=re.MULTILINE)))
    return "\n\n".join(parts)


@cache
def lexicon() -> tuple[str, ...]:
    """Common English words, sorted: known to the dictionary and used in the library's prose."""
    counts = Counter(re.findall(r"\b[a-z]{2,12}\b", _library_text()))
    return tuple(sorted(w for w, n in counts.items() if n >= _MIN_COUNT and w in known_words()))


@cache
def rare_words() -> tuple[str, ...]:
    """The dictionary's other words of up to nine letters, names among them: spelling by sound."""
    return tuple(sorted(w for w in known_words() if 3 <= len(w) <= 9))


@cache
def sentences() -> tuple[str, ...]:
    """Plain sentences of the library's prose, sorted, each word known to the dictionary."""
    found: set[str] = set()
    for raw in _SENTENCE.split(_library_text()):
        text = " ".join(raw.split())
        if _PLAIN.fullmatch(text) and _all_known(text):
            found.add(text)
    return tuple(sorted(found))


def _all_known(text: str) -> bool:
    parts = re.findall(r"[A-Za-z']+", text)
    plain = [p.lower().removesuffix("'s").replace("n't", "") for p in parts]
    shouting = any(len(p) > 1 and p.isupper() for p in parts)
    return (
        len(parts) >= 3 and not shouting and all(p in known_words() or p in _SHORT for p in plain)
    )


_SHORT = frozenset(
    split("""
a i it's that's they're we're you're i'm i'll we'll you'll don doesn isn aren wasn won
""")
)
