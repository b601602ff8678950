"""The synthesisers and their English voices, all from Debian's main section.

Which voices are only for the evaluation is decided here, once. Licences are in the model card.
"""

from dataclasses import dataclass
from random import Random
from typing import Literal

from tests.models.training.text.words import split

Engine = Literal["espeak-ng", "flite", "festival"]


@dataclass(frozen=True, slots=True)
class Voice:
    """One voice of one engine. ``weight`` is its share of the training data, in arbitrary units."""

    engine: Engine
    name: str
    weight: float = 1.0
    unseen: bool = False

    @property
    def label(self) -> str:
        """How shards name it."""
        return f"{self.engine}:{self.name}"


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a sentence is spoken: ``rate`` 1.0 and ``pitch`` 0 (-1..1) are the voice's own."""

    rate: float
    pitch: float


_ACCENTS = ("en-us", "en-us", "en-gb", "en-gb-x-rp")
"""espeak-ng's further accents are left out: its Scots or Caribbean is like nobody's, and learning
them slowed everything else down."""

_VARIANTS = split("""
f1 f3 f4 m1 m2 m3 m4 m5 m6 m7 m8 Alex Alicia Andrea Annie Denis Gene Henrique Hugo Jacky Lee Marco
Mario Michael Mike Nguyen Storm adam anika announcer antonio aunty belinda benjamin boris caleb
david ed edward grandma grandpa gustave iven linda max michel miguel pablo paul pedro quincy rob
robert sandro shelby steph travis victor zac klatt klatt2 klatt3 klatt4
""")
"""The last four are spoken by espeak-ng's other synthesiser, after Klatt (1980)."""

_UNSEEN_VARIANTS = ("f2", "Andy", "john", "marcelo")

_HUMAN = (
    Voice("flite", "kal16", 1.0),
    Voice("flite", "awb", 1.6),
    Voice("flite", "rms", 2.0),
    Voice("flite", "slt", 2.0),
    Voice("festival", "kal_diphone", 0.6),
    Voice("festival", "cmu_us_slt_arctic_hts", 0.8),
    Voice("festival", "ked_diphone", 1.0, unseen=True),
)
_ESPEAK_WEIGHT = 4.0
"""All espeak-ng voices together, beside the weights above."""


def training_voices() -> tuple[Voice, ...]:
    """Every voice that is trained on."""
    names = [(accent, variant) for accent in _ACCENTS for variant in _VARIANTS]
    share = _ESPEAK_WEIGHT / len(names)
    robots = tuple(Voice("espeak-ng", f"{a}+{v}", share) for a, v in names)
    return tuple(v for v in _HUMAN if not v.unseen) + robots


def unseen_voices() -> tuple[Voice, ...]:
    """Voices that no training clip uses: a human one and four of espeak-ng."""
    robots = tuple(Voice("espeak-ng", f"en-us+{v}", unseen=True) for v in _UNSEEN_VARIANTS)
    return tuple(v for v in _HUMAN if v.unseen) + robots


def draw_voice(rng: Random, voices: tuple[Voice, ...]) -> Voice:
    """One voice, by weight."""
    return rng.choices(voices, [v.weight for v in voices])[0]


def draw_delivery(rng: Random) -> Delivery:
    """A pace and a pitch."""
    return Delivery(rate=rng.uniform(0.82, 1.3), pitch=rng.uniform(-1.0, 1.0))
