"""Where one attempt at a clip may go, and where it went."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True, eq=False)
class Route:
    """Travels with a call as far as the router of this process, and is empty beyond.

    Clips of one `affinity` go to one replica where it has room. Those in `avoid` are the last
    choice; `only` is one that is asked for itself. `replica` is whom it was sent to.
    """

    affinity: str | None = None
    avoid: frozenset[str] = frozenset()
    only: str | None = None
    replica: str | None = None
    sent_at: float = 0.0

    def __reduce__(self) -> tuple[Callable[[], Route], tuple[()]]:
        return Route, ()
