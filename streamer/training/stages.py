"""The recipe: what each stage trains on, and with which losses.

Stages follow one another in one run; a step belongs to the stage that its number falls into, so a run
that is stopped and resumed goes on where it was.
"""

from dataclasses import dataclass

from streamer.training.audio.augment import Augmentation


@dataclass(frozen=True, slots=True)
class Stage:
    """One part of the curriculum.

    ``seconds`` is the longest utterance, ``joined`` the share of batches whose utterances are joined from
    several sentences, ``batch_seconds`` the audio in a batch. ``attention``, ``ctc`` and ``guide`` weigh
    the three losses. ``corrupted`` is the share of the decoder's input tokens that are replaced at
    random: the decoder cannot then lean on what was said before, and listens. The learning rate runs in a
    straight line from ``rate`` to ``rate_end``.
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
    dropout: float = 0.0
    smoothing: float = 0.0
    sources: tuple[str, ...] = ("train",)
    augmentation: Augmentation = Augmentation()


WARM_UP_STEPS = 400

_LIGHT = Augmentation(speed=0.5, noise=0.2, lowest_snr_db=15)
_MEDIUM = Augmentation(speed=0.6, room=0.2, noise=0.4, telephone=0.15, tilt=0.3, lowest_snr_db=8)
_FULL = Augmentation(speed=0.6, room=0.3, noise=0.5, telephone=0.2, tilt=0.4, lowest_snr_db=4)

STAGES = (
    Stage("a: CTC, short clips", 1200, 4.0, 24, 1.2e-3, 1.2e-3, ctc=1.0, augmentation=_LIGHT),
    Stage(
        "b: attention, guided", 5000, 8.0, 30, 1.2e-3, 9e-4, ctc=0.5, attention=1.0, guide=0.5, joined=0.3,
        nonspeech=0.04, corrupted=0.15, masked=0.3, smoothing=0.05, augmentation=_MEDIUM,
    ),
    Stage(
        "c: long, noisy", 9000, 20.0, 40, 9e-4, 1e-4, ctc=0.3, attention=1.0, guide=0.1, joined=0.5,
        prefixes=0.1, nonspeech=0.12, corrupted=0.1, masked=0.6, smoothing=0.05, augmentation=_FULL,
        sources=("train", "lj"),
    ),
)  # fmt: skip


def at(step: int, stages: tuple[Stage, ...] = STAGES) -> tuple[Stage, float] | None:
    """The stage of a step and how far into it the step is (0..1); None after the last."""
    first = 0
    for stage in stages:
        if step < first + stage.steps:
            return stage, (step - first) / stage.steps
        first += stage.steps
    return None


def learning_rate(step: int, stage: Stage, done: float) -> float:
    rate = stage.rate + (stage.rate_end - stage.rate) * done
    return rate * min(1.0, (step + 1) / WARM_UP_STEPS)
