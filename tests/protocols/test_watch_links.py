"""Links on which others watch along: who may use them, and what they tell."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.protocols.native.watching import Watched
from streamer.protocols.watch_links import WatchLinks, WatchTokenError, signer
from streamer.session.settings import InvalidSettingError

LINKS = WatchLinks(signer(b"s" * 32), 3600, 1000.0, b"n" * 12)


def test_a_token_holds_until_it_expires() -> None:
    token = LINKS.issue()
    assert LINKS.expiry(token) == 4600.0
    assert replace(LINKS, now=4599.0).expiry(token) == 4600.0
    with pytest.raises(WatchTokenError, match="expired"):
        replace(LINKS, now=4600.0).expiry(token)


@given(st.integers(0, 47), st.sampled_from("AZaz09-_"))
def test_a_token_that_was_tampered_with_is_none(at: int, other: str) -> None:
    token = LINKS.issue()
    changed = token[:at] + other + token[at + 1 :]
    if changed != token:
        with pytest.raises(WatchTokenError):
            LINKS.expiry(changed)


@given(st.text(max_size=80))
def test_no_other_text_is_a_token(text: str) -> None:
    with pytest.raises(WatchTokenError):
        LINKS.expiry(text)


@pytest.mark.parametrize("wish", [True, "true", LINKS.issue()])
def test_a_server_that_gives_no_links_says_so(wish: object) -> None:
    with pytest.raises(WatchTokenError, match="--watch-hours"):
        Watched.of({"watch": wish}, None, "session")


@pytest.mark.parametrize("wish", [7, None, ["x"], {}])
def test_what_is_neither_a_wish_nor_a_token_is_refused(wish: object) -> None:
    with pytest.raises(InvalidSettingError, match=r"^watch: "):
        Watched.of({"watch": wish}, LINKS, "session")


def test_without_the_wish_nobody_watches() -> None:
    assert Watched.of({}, LINKS, "session") is None
    assert Watched.of({"watch": "false"}, LINKS, "session") is None
