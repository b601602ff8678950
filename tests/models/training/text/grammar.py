"""Sentences of the demonstration domain, drawn at random.

Each topic is a function of a random generator. Templates carry the everyday part of the domain; the
topic ``word_strings`` has no grammar at all, and the name and number topics next to none, so that
the decoder cannot become a language model of the templates and has to listen: a trial with
templates alone invented their continuations.
"""

from collections.abc import Callable, Sequence
from random import Random

from tests.models.training.text import numbers, templates, words

Topic = Callable[[Random], str]

_DETERMINERS = ("my", "your", "his", "her", "our", "their", "this", "that", "every")


def _name(rng: Random) -> str:
    first, last = rng.choice(words.FIRST_NAMES), rng.choice(words.LAST_NAMES)
    return rng.choice(
        (first, first, f"{first} {last}", f"{first} {last}", f"Mister {last}", f"Doctor {last}")
    )


def _noun(rng: Random) -> str:
    adjective = f"{rng.choice(words.ADJECTIVES)} " if rng.random() < 0.45 else ""
    form = rng.random()
    if form < 0.15:
        return f"{adjective}{rng.choice(words.PLURALS)}"
    if form < 0.3:
        return f"{numbers.cardinal(rng.randrange(2, 30))} {adjective}{rng.choice(words.PLURALS)}"
    thing = rng.choice(words.THINGS + words.ANIMALS)
    if form < 0.45:
        return f"{rng.choice(_DETERMINERS)} {adjective}{thing}"
    if form < 0.7:
        start = (adjective or thing)[0]
        return f"{'an' if start in 'aeio' else 'a'} {adjective}{thing}"
    return f"the {adjective}{thing}"


def _who(rng: Random) -> str:
    form = rng.random()
    if form < 0.35:
        return rng.choice(words.PRONOUNS)
    return rng.choice(words.PEOPLE) if form < 0.7 else _name(rng)


def _fill(rng: Random, template: str) -> str:
    """Replaces each ``{slot}`` by a fresh draw."""
    parts = template.split("{")
    out = [parts[0]]
    for part in parts[1:]:
        slot, tail = part.split("}", 1)
        out.append(_SLOTS[slot](rng) + tail)
    return "".join(out)


def _pick(items: Sequence[str]) -> Topic:
    return lambda rng: rng.choice(items)


_SLOTS: dict[str, Topic] = {
    "name": _name,
    "first": _pick(words.FIRST_NAMES),
    "last": _pick(words.LAST_NAMES),
    "city": _pick(words.CITIES),
    "country": _pick(words.COUNTRIES),
    "street": _pick(words.STREETS),
    "day": _pick(words.DAYS),
    "month": _pick(words.MONTHS),
    "room": _pick(words.ROOMS),
    "device": _pick(words.DEVICES),
    "colour": _pick(words.COLOURS),
    "food": _pick(words.FOODS),
    "animal": _pick(words.ANIMALS),
    "who": _who,
    "noun": _noun,
    "thing": _pick(words.THINGS),
    "adj": _pick(words.ADJECTIVES),
    "adv": _pick(words.ADVERBS),
    "past": _pick(words.VERBS_PAST),
    "verb": _pick(words.VERBS_BASE),
    "did": _pick(words.INTRANSITIVE_PAST),
    "place": _pick(words.PLACES),
    "then": _pick(words.TIMES_PAST),
    "later": _pick(words.TIMES_FUTURE),
    "reason": _pick(words.REASONS),
    "weather": _pick(words.WEATHER),
    "song": _pick(words.SONG_KINDS),
    "task": _pick(words.TASKS),
    "unit": _pick(words.UNITS),
    "product": _pick(words.PRODUCTS),
    "problem": _pick(words.PROBLEMS),
    "job": _pick(words.JOBS),
    "kin": _pick(words.KIN),
    "done": _pick(words.PARTICIPLES),
    "number": numbers.some_number,
    "small": lambda rng: numbers.cardinal(rng.randrange(2, 60)),
    "ordinal": lambda rng: numbers.ordinal(rng.randrange(1, 32)),
    "date": numbers.date,
    "clock": numbers.clock,
    "money": numbers.money,
    "phone": numbers.phone,
    "year": numbers.year,
    "digits": lambda rng: numbers.digits(rng, rng.randrange(2, 8)),
    "code": lambda rng: " ".join(
        rng.choice(words.LETTER_NAMES) for _ in range(rng.randrange(2, 4))
    ),
}


_BLOCKS = {
    "commands": templates.COMMANDS,
    "calls": templates.CALLS,
    "everyday": templates.EVERYDAY,
    "talk": templates.TALK,
}


def _from(block: str) -> Topic:
    return lambda rng: _fill(rng, rng.choice(_BLOCKS[block]))


def _numbers(rng: Random) -> str:
    form = rng.random()
    if form < 0.35:
        return numbers.digits(rng, rng.randrange(1, 11)) + "."
    if form < 0.5:
        return ", ".join(numbers.some_number(rng) for _ in range(rng.randrange(1, 5))) + "."
    kinds = (
        numbers.date,
        numbers.clock,
        numbers.money,
        numbers.phone,
        numbers.year,
        numbers.some_number,
    )
    return rng.choice(kinds)(rng) + "."


def _names(rng: Random) -> str:
    return ", ".join(_name(rng) for _ in range(rng.randrange(1, 4))) + "."


def word_strings(rng: Random, lexicon: Sequence[str]) -> str:
    """Unrelated words: four in ten from the domain's lists, the others from ``lexicon``."""
    own = (
        words.THINGS
        + words.ADJECTIVES
        + words.ADVERBS
        + words.PLURALS
        + words.ANIMALS
        + words.COLOURS
    )
    chosen = [
        rng.choice(own if rng.random() < 0.4 or not lexicon else lexicon)
        for _ in range(rng.randrange(1, 9))
    ]
    return " ".join(chosen) + "."


_TOPICS: tuple[tuple[float, Topic], ...] = (
    (0.19, _from("commands")),
    (0.18, _from("calls")),
    (0.29, _from("everyday")),
    (0.16, _from("talk")),
    (0.12, _numbers),
    (0.06, _names),
)


def sentence(rng: Random) -> str:
    """One cased and punctuated sentence of the domain."""
    topic = rng.choices([t for _, t in _TOPICS], [w for w, _ in _TOPICS])[0]
    return capitalised(topic(rng))


def capitalised(text: str) -> str:
    """The text with its first letter as a capital."""
    return text[:1].upper() + text[1:]
