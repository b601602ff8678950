"""Prose that the system carries, and what of it is plain English."""

from pathlib import Path

import pytest

from tests.models.training.text import prose


@pytest.fixture
def words(monkeypatch: pytest.MonkeyPatch) -> None:
    known = frozenset(["the", "cat", "sat", "on", "mat", "never", "a", "dog"])
    monkeypatch.setattr(prose, "known_words", lambda: known)


def test_documentation_strings_and_comments_are_read_and_code_is_not(tmp_path: Path) -> None:
    module = tmp_path / "m.py"
    module.write_text('"""The cat."""\nx = "a string"\n    # A dog sat.\n#!shebang\n')
    assert prose.commented(module).split("\n\n") == ["The cat.", "A dog sat."]


@pytest.mark.usefixtures("words")
def test_sentences_are_joined_over_lines_and_parted_at_their_ends() -> None:
    assert prose.plain_sentences("The cat sat\n   on the mat. A dog never sat?\n\nnoise") == (
        "A dog never sat?",
        "The cat sat on the mat.",
    )


@pytest.mark.usefixtures("words")
@pytest.mark.parametrize(
    "text",
    [
        "The cat sat on the blurgle.",
        "The CAT sat on the mat.",
        "The cat sat on mat 5.",
        "the cat sat on the mat.",
        "The cat = the mat.",
        "A cat.",
    ],
)
def test_what_is_not_plain_english_is_left_out(text: str) -> None:
    assert prose.plain_sentences(text) == ()


@pytest.mark.usefixtures("words")
def test_a_dash_is_read_as_a_comma() -> None:
    assert prose.plain_sentences("The cat sat -- on the mat.") == ("The cat sat, on the mat.",)


def test_what_is_not_installed_gives_nothing() -> None:
    assert prose.modules("not_a_package_at_all") == []
    assert prose.books([Path("/nowhere.dict.dz")]) == []
