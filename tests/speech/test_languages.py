"""Which of the model's languages is meant, whatever the spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.speech.languages import known_language

OURS = ("en", "de", "zh", "pt-BR")


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("en", "en"),
        ("EN", "en"),
        ("en-US", "en"),
        ("en_GB", "en"),
        (" De-at ", "de"),
        ("zh-Hans-CN", "zh"),
        ("pt_br", "pt-BR"),
        ("", "en"),
        ("pt", None),
        ("fr-FR", None),
        ("english", None),
        ("-", None),
    ],
)
def test_case_and_region_are_accepted(asked: str, meant: str | None) -> None:
    assert known_language(asked, OURS) == meant


@given(st.text())
def test_nothing_else_is_made_of_it(asked: str) -> None:
    assert known_language(asked, OURS) in {*OURS, None}


@given(
    st.sampled_from(OURS), st.sampled_from("-_"), st.from_regex(r"[A-Za-z0-9-]*", fullmatch=True)
)
def test_a_language_with_anything_behind_it_is_that_language(
    language: str, gap: str, region: str
) -> None:
    assert known_language(f"{language}{gap}{region}", ["en", "de", "zh"]) in (
        None if language == "pt-BR" else language,
    )
