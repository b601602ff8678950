"""What can be wrong with a model, told in the user's words."""

from __future__ import annotations


class ModelError(Exception):
    """A model that cannot be served; the message says what is wrong, and where."""


class AssetMissingError(ModelError):
    """Published files that are not on this machine; the message says how to get them."""


class AssetDamagedError(ModelError):
    """Published files that are here but are not what was published; the message says which."""


class PullError(Exception):
    """A model that could not be brought; the message says why, and what may help."""


class FetchError(PullError):
    """No package index, or no tool to ask it with, gave the file."""


class SourceError(PullError):
    """What was given as the source does not hold the published files."""


class StoreError(PullError):
    """The files cannot be written where they belong."""
