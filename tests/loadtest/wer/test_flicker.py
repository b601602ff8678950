"""What partials take back."""

from __future__ import annotations

from loadtest.run.wer.flicker import Flicker, flicker
from streamer.protocols.native.messages import Final, Partial
from streamer.speech.end_reason import EndReason


def partial(text: str, stable: int = 0, utterance: int = 0) -> Partial:
    return Partial(channel=0, utterance=utterance, text=text, stable=stable, start=0, end=1)


def final(text: str, utterance: int = 0) -> Final:
    return Final(
        channel=0,
        utterance=utterance,
        text=text,
        start=0,
        end=1,
        reason=EndReason.SILENCE,
        language="en",
        confidence=1,
        usage_s=1,
    )


def test_text_that_only_grows_erases_nothing() -> None:
    found = flicker([partial("so my"), partial("so my fellow"), final("so my fellow men")])
    assert found == Flicker(partials=2, words=4)


def test_all_words_from_the_first_that_changed_are_erased() -> None:
    found = flicker([partial("so by yellow"), partial("so my fellow"), final("so my fellow men")])
    assert (found.erased, found.words, found.ratio) == (2, 4, 0.5)


def test_case_and_punctuation_are_no_change() -> None:
    assert flicker([partial("So my."), final("so, my fellow")]).erased == 0


def test_a_promise_is_to_the_letter() -> None:
    kept = [partial("So my fell", 5), partial("So my fellow", 5), final("So my fellow.")]
    assert (flicker(kept).taken_back, flicker(kept).overruled) == (0, 0)
    broken = [partial("So my fell", 5), partial("So, my fellow", 3), final("So, my fellow.")]
    assert (flicker(broken).taken_back, flicker(broken).overruled) == (1, 0)
    overruled = [partial("So my fell", 5), final("So, my fellow.")]
    assert (flicker(overruled).taken_back, flicker(overruled).overruled) == (0, 1)


def test_utterances_are_told_apart() -> None:
    mixed = [partial("one", utterance=0), partial("two", utterance=1), final("two", 1)]
    assert flicker([*mixed, final("one", 0)]) == Flicker(partials=2, words=2)


def test_an_utterance_without_partials_has_no_flicker() -> None:
    assert flicker([final("one")]) == Flicker(words=1)
    assert flicker([]).ratio == 0
