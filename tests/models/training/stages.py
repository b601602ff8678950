"""The recipe: what each stage trains on, and with which losses.

Stages follow one another in one run; a step belongs to the stage that its number falls into, so a
run that is stopped and resumed goes on where it was.

What the first run taught, on two shared CPU cores:
- Rates above 6e-4 were too noisy for batches of 24 to 34 s once the CTC loss had come down: at
  1.2e-3 and 1.6e-3 the validation WER stayed between 0.74 and 0.82 from step 1750 to 2500, and
  fell to 0.62 within 160 steps at 4e-4.
- The guide works: after 550 steps of stage b the decoder's greedy WER was below that of the CTC
  head, where the trial without it had a decoder that did not listen after 1800 steps.
- Words from outside the domain teach spelling by ear, which is wrong for half of English. The last
  stages hear few of them.
- Muon (`optimisers.py`) learns faster than AdamW, which took the published run's first 11500 steps.
"""

from dataclasses import dataclass

from tests.models.training.audio.augment import Augmentation
from tests.models.training.sizes import SizeName

NONE = Augmentation()


@dataclass(frozen=True, slots=True)
class Stage:
    """One part of the curriculum.

    ``seconds`` is the longest utterance, ``joined`` the share of batches with utterances made of
    several sentences, ``prefixes`` of utterances cut off in the middle, ``nonspeech`` of those
    replaced by sound without words, ``plain`` of those with the nopnc prompt, ``masked`` of those
    that SpecAugment masks, ``warped`` of those whose mel axis is stretched or squeezed as another
    vocal tract would, ``other_english`` the share kept of the clips with words from outside the
    domain; ``batch_seconds`` is the audio in a batch. ``attention``, ``ctc`` and
    ``guide`` weigh the three losses. ``corrupted`` is the share of the decoder's input tokens that
    are replaced at random: the decoder cannot then lean on what was said before, and listens. The
    learning rate runs in a straight line from ``rate`` to ``rate_end``.
    """

    name: str
    steps: int
    seconds: float
    batch_seconds: float
    rate: float
    rate_end: float
    ctc: float
    attention: float = 0.0
    guide: float = 0.0
    joined: float = 0.0
    prefixes: float = 0.0
    nonspeech: float = 0.0
    plain: float = 0.3
    corrupted: float = 0.0
    masked: float = 0.0
    warped: float = 0.0
    dropout: float = 0.0
    smoothing: float = 0.0
    other_english: float = 1.0
    sources: tuple[str, ...] = ("train",)
    augmentation: Augmentation = NONE


WARM_UP_STEPS = 400

_LIGHT = Augmentation(speed=0.5, noise=0.2, lowest_snr_db=15)
_MORE = Augmentation(
    speed=0.5, room=0.05, noise=0.25, telephone=0.08, tilt=0.1, lowest_snr_db=10
)  # fmt: skip
_MOST = Augmentation(
    speed=0.5, room=0.1, noise=0.45, telephone=0.15, tilt=0.15, lowest_snr_db=5
)  # fmt: skip
_NOISY = Augmentation(
    speed=0.5, room=0.1, noise=0.55, telephone=0.15, tilt=0.25, lowest_snr_db=5
)  # fmt: skip

STAGES = (
    Stage("a: CTC alone, short clips", 1200, 4.0, 24, 1.2e-3, 1.2e-3, ctc=1.0, augmentation=_LIGHT),
    Stage(
        "b: attention joins, guided", 3300, 6.0, 32, 5.0e-4, 5.0e-4,
        ctc=0.5, attention=1.0, guide=0.5, joined=0.15, nonspeech=0.03,
        corrupted=0.15, smoothing=0.05, augmentation=_LIGHT,
    ),
    Stage(
        "c: longer, some noise, room and telephone", 1100, 10.0, 32, 5.0e-4, 4.0e-4,
        ctc=0.5, attention=1.0, guide=0.2, joined=0.3, nonspeech=0.04,
        corrupted=0.03, smoothing=0.05, other_english=0.2, augmentation=_MORE,
    ),
    Stage(
        "d: long, cut off", 2150, 14.0, 32, 4.0e-4, 2e-5,
        ctc=0.3, attention=1.0, guide=0.1, joined=0.35, prefixes=0.1, nonspeech=0.08,
        corrupted=0.03, smoothing=0.05, other_english=0.2, augmentation=_MORE,
    ),
    Stage(
        "e: settling", 250, 14.0, 32, 1.2e-4, 2e-6,
        ctc=0.3, attention=1.0, guide=0.1, joined=0.35, prefixes=0.1, nonspeech=0.08,
        corrupted=0.03, smoothing=0.05, other_english=0.2, augmentation=_MORE,
    ),
    Stage(
        "f: any noise, many throats, a human reader", 2000, 16.0, 32, 3.5e-4, 2.5e-4,
        ctc=0.3, attention=1.0, guide=0.1, joined=0.3, prefixes=0.1, nonspeech=0.1,
        corrupted=0.03, masked=0.1, warped=0.4, smoothing=0.05, other_english=0.35,
        sources=("train", "lj"), augmentation=_MOST,
    ),
    Stage(
        "g: up to 20 s, settling", 850, 20.0, 32, 2.5e-4, 2e-6,
        ctc=0.3, attention=1.0, guide=0.1, joined=0.3, prefixes=0.1, nonspeech=0.1,
        corrupted=0.03, masked=0.1, warped=0.3, smoothing=0.05, other_english=0.35,
        sources=("train", "lj"), augmentation=_MOST,
    ),
    Stage(
        "h: warm again, more of the long ones", 2400, 20.0, 40, 4e-4, 3e-4,
        ctc=0.3, attention=1.0, guide=0.1, joined=0.4, prefixes=0.1, nonspeech=0.08,
        corrupted=0.03, masked=0.05, warped=0.3, smoothing=0.05, other_english=0.25,
        sources=("train", "lj"), augmentation=_MOST,
    ),
    Stage(
        "i: the same, settling", 1250, 20.0, 40, 3e-4, 2e-6,
        ctc=0.3, attention=1.0, guide=0.1, joined=0.4, prefixes=0.1, nonspeech=0.08,
        corrupted=0.03, masked=0.05, warped=0.2, smoothing=0.05, other_english=0.25,
        sources=("train", "lj"), augmentation=_MOST,
    ),
    Stage(
        "j: warm again, more noise, more throats", 3400, 20.0, 40, 4e-4, 3e-4,
        ctc=0.3, attention=1.0, guide=0.1, joined=0.4, prefixes=0.1, nonspeech=0.08,
        corrupted=0.03, masked=0.05, warped=0.4, smoothing=0.05, other_english=0.15,
        sources=("train", "lj"), augmentation=_NOISY,
    ),
    Stage(
        "k: the same, settling", 2500, 20.0, 40, 3e-4, 2e-6,
        ctc=0.3, attention=1.0, guide=0.1, joined=0.4, prefixes=0.1, nonspeech=0.1,
        corrupted=0.03, masked=0.05, warped=0.3, smoothing=0.05, other_english=0.15,
        sources=("train", "lj"), augmentation=_NOISY,
    ),
    Stage(
        "l: warm again, more silence", 1700, 20.0, 40, 4e-4, 3e-4,
        ctc=0.3, attention=1.0, guide=0.1, joined=0.4, prefixes=0.1, nonspeech=0.12,
        corrupted=0.03, masked=0.05, warped=0.4, smoothing=0.05, other_english=0.15,
        sources=("train", "lj"), augmentation=_NOISY,
    ),
    Stage(
        "m: the same, settling", 1000, 20.0, 40, 3e-4, 2e-6,
        ctc=0.3, attention=1.0, guide=0.1, joined=0.4, prefixes=0.1, nonspeech=0.12,
        corrupted=0.03, masked=0.05, warped=0.3, smoothing=0.05, other_english=0.15,
        sources=("train", "lj"), augmentation=_NOISY,
    ),
)  # fmt: skip

TINY_STAGES = (
    Stage(
        "fewer layers, learning again", 500, 14.0, 32, 4e-4, 2e-6,
        ctc=0.3, attention=1.0, guide=0.1, joined=0.3, prefixes=0.1, nonspeech=0.1,
        corrupted=0.03, smoothing=0.05, other_english=0.2, augmentation=_MORE,
    ),
    Stage(
        "the same again", 200, 14.0, 32, 2.5e-4, 2e-6,
        ctc=0.3, attention=1.0, guide=0.1, joined=0.3, prefixes=0.1, nonspeech=0.1,
        corrupted=0.03, smoothing=0.05, other_english=0.2, augmentation=_MORE,
    ),
)  # fmt: skip
"""For a model that begins as some of the default's trained layers."""

PLANS: dict[SizeName, tuple[Stage, ...]] = {"default": STAGES, "tiny": TINY_STAGES}


def at(step: int, stages: tuple[Stage, ...] = STAGES) -> tuple[Stage, float] | None:
    """The stage of a step and how far into it the step is (0..1); None after the last."""
    first = 0
    for stage in stages:
        if step < first + stage.steps:
            return stage, (step - first) / stage.steps
        first += stage.steps
    return None


def total(stages: tuple[Stage, ...]) -> int:
    """Steps of a whole plan."""
    return sum(stage.steps for stage in stages)


def learning_rate(step: int, stage: Stage, done: float) -> float:
    """The rate at a step that lies ``done`` (0..1) into its stage."""
    rate = stage.rate + (stage.rate_end - stage.rate) * done
    return rate * min(1.0, (step + 1) / WARM_UP_STEPS)
