"""English that no grammar of ours made: a lexicon of common words, and sentences of prose.

All of it is what a Debian system with this recipe's packages carries under free licences: the
documentation strings and comments of Python's standard library (PSF licence) and of some Python
packages (BSD and MIT), and two public-domain books that Debian packages as dictionaries, Bierce's
"The Devil's Dictionary" (``dict-devil``) and "The Jargon File" (``dict-jargon``). Plain English is
told from the rest by the CMU pronouncing dictionary in ``festlex-cmu`` (CMU's own permissive
licence). What is not installed is left out.
"""

import gzip
import importlib.util
import re
import sysconfig
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from tests.models.training.text.words import split

CMU_DICTIONARY = Path("/usr/share/festival/dicts/cmu/cmudict-0.4.out")
BOOKS = (Path("/usr/share/dictd/devil.dict.dz"), Path("/usr/share/dictd/jargon.dict.dz"))
"""Public domain, by ``/usr/share/doc/dict-*/copyright``."""
PACKAGES = split("numpy sympy networkx mpmath pydantic click rich setuptools starlette")
"""Python packages, BSD-3-Clause but for pydantic, rich and setuptools (MIT)."""

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
def _text() -> str:
    """All prose, paragraphs apart."""
    library = sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py"))
    packages = [path for name in PACKAGES for path in modules(name)]
    return "\n\n".join([*map(commented, [*library, *packages]), *books(BOOKS)])


def modules(package: str) -> list[Path]:
    """The modules of an installed package, its tests and what it bundles of others left out."""
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        return []
    root = Path(found.submodule_search_locations[0])
    foreign = {"tests", "_vendor", "_distutils"}
    return [p for p in sorted(root.rglob("*.py")) if foreign.isdisjoint(p.parts)]


def commented(path: Path) -> str:
    """The documentation strings and comments of a Python file."""
    source = path.read_text(encoding="utf-8", errors="ignore")
    strings = re.findall(r'"""(.*?)"""', source, flags=re.DOTALL)
    comments = "\n".join(re.findall(r"^\s*# (.*)$", source, flags=re.MULTILINE))
    return "\n\n".join([*strings, comments])


def books(paths: Iterable[Path]) -> list[str]:
    """Texts of dictd, with the marks of its cross-references removed."""
    books = [gzip.decompress(p.read_bytes()).decode(errors="ignore") for p in paths if p.exists()]
    return [re.sub(r"[{}]", "", book) for book in books]


@cache
def lexicon() -> tuple[str, ...]:
    """Common English words, sorted: known to the dictionary and used in the prose."""
    counts = Counter(re.findall(r"\b[a-z]{2,12}\b", _text()))
    return tuple(sorted(w for w, n in counts.items() if n >= _MIN_COUNT and w in known_words()))


@cache
def rare_words() -> tuple[str, ...]:
    """The dictionary's other words of up to nine letters, names among them: spelling by sound."""
    return tuple(sorted(w for w in known_words() if 3 <= len(w) <= 9))


@cache
def sentences() -> tuple[str, ...]:
    """Plain sentences of the prose, sorted, each word known to the dictionary."""
    return plain_sentences(_text())


def plain_sentences(text: str) -> tuple[str, ...]:
    """The sentences of a text that hold known words and nothing else, sorted."""
    found: set[str] = set()
    for raw in _SENTENCE.split(text):
        sentence = re.sub(r" ?-- ?", ", ", " ".join(raw.split()))
        if _PLAIN.fullmatch(sentence) and _all_known(sentence):
            found.add(sentence)
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
