"""What can be wrong with a checkpoint."""

from __future__ import annotations


class ExportError(Exception):
    """A checkpoint that cannot be exported; the message says why."""
