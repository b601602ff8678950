"""What a row in flight is fed next."""

from __future__ import annotations

from streamer.decoding.drafts import Draft
from streamer.decoding.row import Row


def test_no_more_is_guessed_than_the_row_has_room_for() -> None:
    row = Row(key=0, max_tokens=3, draft=Draft((1, 2, 3, 4, 5)), aligned=False, tokens=[1])
    row.draft.follow(row.tokens, 1)
    assert row.fed() == [1, 2]
