"""How a pull tells how far it is."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Called with (file name, bytes done, bytes in all) as a file comes in; 0 in all is not known yet."""


def no_progress(file: str, done: int, size: int) -> None:
    """Tell nobody."""
