"""What a row in flight is fed next."""

from __future__ import annotations

from streamer.decoding.drafts import Draft
from streamer.decoding.row import Row


def test_no_more_is_guessed_than_the_row_has_room_for() -> None:
    draft = Draft((1, 2, 3, 4, 5))
    row = Row(key=0, prompt=(7, 8), max_tokens=3, draft=draft, aligned=False)
    assert row.fed() == [7, 8, 1, 2]
    row.tokens.append(1)
    row.draft.follow(row.tokens, 1)
    assert row.fed() == [1, 2]
