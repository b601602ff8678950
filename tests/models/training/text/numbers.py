"""Numbers, dates and clock times, spelled out as they are spoken."""

from random import Random

from tests.models.training.text import words

_ONES = words.split("""
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
sixteen seventeen eighteen nineteen
""")
_TENS = words.split("- - twenty thirty forty fifty sixty seventy eighty ninety")
_PARTS_OF_THE_DAY = ("in the morning", "in the evening", "in the afternoon", "at night")
_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}


def cardinal(value: int) -> str:
    """0 to 999 999 in words, British style ("one hundred and five")."""
    if value < 20:
        return _ONES[value]
    if value < 100:
        ten, one = divmod(value, 10)
        return _TENS[ten] + (f"-{_ONES[one]}" if one else "")
    if value < 1000:
        hundred, rest = divmod(value, 100)
        return f"{_ONES[hundred]} hundred" + (f" and {cardinal(rest)}" if rest else "")
    thousand, rest = divmod(value, 1000)
    joint = " and " if 0 < rest < 100 else " "
    return f"{cardinal(thousand)} thousand" + (joint + cardinal(rest) if rest else "")


def ordinal(value: int) -> str:
    """1 to 999 as an ordinal in words."""
    text = cardinal(value)
    cut = max(text.rfind(" "), text.rfind("-")) + 1
    head, last = text[:cut], text[cut:]
    if last in _ORDINALS:
        return head + _ORDINALS[last]
    return head + (f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th")


def digits(rng: Random, count: int) -> str:
    """``count`` digits one by one; zero is sometimes said "oh"."""
    oh = "oh" if rng.random() < 0.3 else "zero"
    return " ".join(oh if d == 0 else _ONES[d] for d in (rng.randrange(10) for _ in range(count)))


def some_number(rng: Random) -> str:
    """A number of everyday size, small ones more often."""
    top = rng.choice((13, 20, 60, 100, 100, 1000, 1000, 10_000, 200_000))
    value = rng.randrange(top)
    if value >= 100 and rng.random() < 0.5:
        value -= value % 100
    return cardinal(value)


def year(rng: Random) -> str:
    """A year, as years are said."""
    if rng.random() < 0.3:
        return f"two thousand and {cardinal(rng.randrange(1, 30))}"
    low = rng.randrange(100)
    head = rng.choice(("eighteen", "nineteen", "nineteen", "twenty", "seventeen"))
    if low == 0:
        return f"{head} hundred"
    return f"{head} oh {_ONES[low]}" if low < 10 else f"{head} {cardinal(low)}"


def date(rng: Random) -> str:
    """A day of a month, perhaps with the weekday or the year."""
    month, day = rng.choice(words.MONTHS), ordinal(rng.randrange(1, 32))
    form = rng.random()
    text = (
        f"the {day} of {month}"
        if form < 0.5
        else f"{month} {day}"
        if form < 0.8
        else f"{month} the {day}"
    )
    if rng.random() < 0.3:
        text = f"{rng.choice(words.DAYS)} {text}"
    if rng.random() < 0.25:
        text = f"{text}, {year(rng)}"
    return text


def clock(rng: Random) -> str:
    """A time of day."""
    hour, form = cardinal(rng.randrange(1, 13)), rng.random()
    if form < 0.2:
        return f"{hour} o'clock"
    if form < 0.35:
        return f"{rng.choice(('half', 'a quarter', 'twenty', 'ten', 'five'))} past {hour}"
    if form < 0.47:
        return f"{rng.choice(('a quarter', 'twenty', 'ten', 'five', 'twenty-five'))} to {hour}"
    if form < 0.6:
        return f"{hour} {rng.choice(_PARTS_OF_THE_DAY)}"
    if form < 0.8:
        return f"{hour} {rng.choice(('a.m.', 'p.m.'))}"
    minute = rng.randrange(1, 60)
    said = f"oh {_ONES[minute]}" if minute < 10 else cardinal(minute)
    return f"{hour} {said}" + (f" {rng.choice(('a.m.', 'p.m.'))}" if rng.random() < 0.3 else "")


def money(rng: Random) -> str:
    """A sum of money."""
    whole = some_number(rng)
    unit = rng.choice(("dollars", "dollars", "pounds", "euros"))
    cents = cardinal(rng.randrange(5, 100))
    form = rng.random()
    if form < 0.6:
        return f"{whole} {unit}"
    return f"{whole} {unit} and {cents} cents" if form < 0.8 else f"{whole} {unit} {cents}"


def phone(rng: Random) -> str:
    """A telephone number, in groups."""
    groups = rng.choice(((3, 4), (3, 3, 4), (5, 3, 3), (4, 4), (2, 2, 2, 2)))
    return ", ".join(digits(rng, size) for size in groups)
