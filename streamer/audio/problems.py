"""Why a recording cannot be read, in words for who has it."""

from __future__ import annotations

from streamer.audio.signatures import Container, container_of, other_kind_of


class AudioFileError(Exception):
    """A file that cannot be read as audio; the message begins with its name."""


ADVICE = "`ffmpeg -i FILE -ac 1 out.flac` converts most that is not"
"""For what is audio, but of a kind that is not read."""

TAIL_BYTES = 1 << 16
"""More than the largest page of Ogg, so that the last one begins in these."""

_UNKNOWN_LENGTH = 0x7FFF_0000
"""From here on the length of a WAV file was not known to its writer."""


def is_broken_off(head: bytes, tail: bytes, size: int) -> bool:
    """Tell whether a file of `size` bytes ends sooner than its last pages or its header say.

    FFmpeg does not tell of WAV and Ogg.
    """
    match container_of(head):
        case Container.WAV:
            claimed = int.from_bytes(head[4:8], "little")
            return head[:4] == b"RIFF" and size < claimed + 8 and claimed < _UNKNOWN_LENGTH
        case Container.OGG:
            page = tail[tail.rfind(b"OggS") :]
            return len(page) < 27 or len(page) < 27 + page[26] + sum(page[27 : 27 + page[26]])
        case _:
            return False


def refusal_of(head: bytes) -> str | None:
    """Say by its first bytes what is surely no audio; None where it has to be tried."""
    if not head:
        return "it is empty"
    if container_of(head) is None and (kind := other_kind_of(head)) is not None:
        return f"not readable as audio: it is {kind}"
    return None


def unreadable(head: bytes, *, broken_off: bool) -> str:
    """Say why a file that begins so could not be opened."""
    container = container_of(head)
    if container is None:
        return f"not readable as audio; {ADVICE}"
    problem = "it is damaged at its start"
    if broken_off:
        problem = "it breaks off before there is any sound"
    elif container is Container.MP4:
        problem = "its index (`moov`) is missing: it was not closed, or not copied whole"
    return f"not readable as audio: it begins as {container}, but {problem}"
