"""Who is encoded together on a GPU: those of like length, the first of the queue among them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from streamer.decoding.request import Request

PADDING = 1.15
"""Frames encoded, padding included, over frames that count: how unlike clips may be that are
encoded together."""
MAX_TOGETHER = 16

Keyed = tuple[int, Request]


def next_group(
    waiting: Sequence[Keyed], length: Callable[[Request], int]
) -> tuple[list[Keyed], list[Keyed]]:
    """Split into those that are encoded now and the rest, both in their order.

    The first is never passed over, so that nobody waits for ever. `length` is what a clip is
    padded to by itself.
    """
    longest = total = 0
    group: list[Keyed] = []
    rest: list[Keyed] = []
    for item in waiting:
        own = length(item[1])
        most, sum_with = max(longest, own), total + own
        if len(group) < MAX_TOGETHER and most * (len(group) + 1) <= PADDING * sum_with:
            group.append(item)
            longest, total = most, sum_with
        else:
            rest.append(item)
    return group, rest
