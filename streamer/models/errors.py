"""What can be wrong with a model, told in the user's words."""

from __future__ import annotations


class ModelError(Exception):
    """A model that cannot be served; the message says what is wrong, and where."""
