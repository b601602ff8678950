"""How a pull tells how far it is."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Called with (file name, bytes done, bytes in all) as a file comes in.

Bytes in all are 0 as long as they are not known.
"""


def no_progress(file: str, done: int, size: int) -> None:
    """Tell nobody."""
