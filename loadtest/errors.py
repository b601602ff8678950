"""What is told in one line, since whoever typed the command can mend it."""

from __future__ import annotations


class CommandError(Exception):
    """A mistake in the command, or something that is not there; its text says what to mend."""


def user_errors() -> tuple[type[Exception], ...]:
    """Return them, and those of what is installed: a GPU's machine may lack the server's needs."""
    found: list[type[Exception]] = [CommandError, ModuleNotFoundError, OSError]
    try:
        from streamer.audio.files import AudioFileError
        from streamer.client import StreamError
        from streamer.models.errors import ModelError
    except ImportError:
        return tuple(found)
    return (*found, AudioFileError, ModelError, StreamError)
