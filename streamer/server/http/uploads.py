"""Files that clients send: bounded one by one and all together, kept on disk, never in memory."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from python_multipart.multipart import parse_options_header
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from streamer.protocols.door import RefusalError
from streamer.runtime.timers import awake_timeout
from streamer.server.admission.refusals import try_later

LARGEST_AT_ONCE = 4
"""How many files of the largest size fit at a time; of smaller ones, as many more."""

MAX_FIELDS = 64

FIELD_BYTES = 32_768
"""Of each field beside the file: these are held in memory."""

FORM_BYTES = MAX_FIELDS * FIELD_BYTES
"""What the form may take beside the file."""

UPLOAD_BYTES = FORM_BYTES + MultiPartParser.spool_max_size
"""Of an upload in memory at most: a file is spooled to disk from that size on."""

LEAST_BYTES = 16_384
"""Of a body, within the idle time-out, until it ends: 550 bytes a second by default. No line that
carries a recording is slower, and whoever sends a byte now and then keeps a place for days."""

CHARSETS = (b"utf-8", b"us-ascii")
"""Of forms. Python knows many more; some of them raise what nobody expects, some give text that
cannot be written down again."""

logging.getLogger("python_multipart").setLevel(logging.ERROR)
"""Whoever sends a broken form is told; a line in the log for each would fill the disk."""


@dataclass(frozen=True, slots=True)
class Form:
    """A form with a file. Both belong to whoever read it, who closes the file."""

    fields: list[tuple[str, str]]
    file: BinaryIO
    name: str


class Storage:
    """The room that uploads share."""

    def __init__(self, largest: int) -> None:
        self.largest = largest
        self._free = (largest + FORM_BYTES) * LARGEST_AT_ONCE

    @contextmanager
    def claim(self) -> Generator[Claim]:
        """Give back at the end what was taken."""
        claim = Claim(self)
        try:
            yield claim
        finally:
            self._free += claim.taken

    def take(self, size: int) -> bool:
        """Whether so many bytes could be had; they are taken then."""
        if size > self._free:
            return False
        self._free -= size
        return True


class Claim:
    """What one upload has taken of the storage."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self.taken = 0

    @property
    def largest(self) -> int:
        """The largest file, in bytes."""
        return self._storage.largest

    def grow(self, size: int) -> None:
        """Take more; raises RefusalError for more than one upload, or all of them, may have."""
        if self.taken + size > self.largest + FORM_BYTES:
            raise too_large(self.largest)
        if not self._storage.take(size):
            raise try_later(503, "overloaded", "the server holds too many files just now")
        self.taken += size


def too_large(largest: int) -> RefusalError:
    """Say how large a file may be."""
    message = f"the file is larger than {largest} bytes, the most that this server takes"
    return RefusalError(413, "file_too_large", message, setting="file")


async def read_form(request: Request, claim: Claim, idle_s: float) -> Form:
    """Read a multipart form with one file; raises RefusalError, and starlette's ClientDisconnect.

    A client that sends less than `LEAST_BYTES` in `idle_s` seconds is refused.
    """
    if not {"content-length", "transfer-encoding"} & set(request.headers):
        message = "send a file, and its length, or else in chunks"
        raise RefusalError(411, "length_required", message, setting="file")
    kind, parameters = parse_options_header(request.headers.get("content-type"))
    if kind != b"multipart/form-data":
        message = "send the file as multipart/form-data, in a field named file"
        raise RefusalError(415, "invalid_content_type", message, setting="file")
    if parameters.get(b"charset", b"utf-8").lower() not in CHARSETS:
        raise RefusalError(415, "invalid_content_type", "write the form in UTF-8")
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > claim.largest + FORM_BYTES:
        raise too_large(claim.largest)
    parser = MultiPartParser(
        request.headers,
        _bounded(request, claim, idle_s),
        max_files=1,
        max_fields=MAX_FIELDS,
        max_part_size=FIELD_BYTES,
    )
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise RefusalError(400, "invalid_form", error.message) from error
    except OSError as error:
        raise RefusalError(503, "overloaded", f"no room for the file: {error.strerror}") from error
    file = form.get("file")
    if not isinstance(file, UploadFile):
        await form.close()
        message = "a file is needed, in a field named file and with a file name"
        raise RefusalError(400, "missing_file", message, setting="file")
    fields = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    return Form(fields, file.file, file.filename or "the file")


async def _bounded(request: Request, claim: Claim, idle_s: float) -> AsyncGenerator[bytes]:
    """Yield the body's pieces as long as they come and there is room for them."""
    pieces = request.stream()
    ended = False
    while not ended:
        gathered = bytearray()
        try:
            async with awake_timeout(idle_s):
                while not ended and len(gathered) < LEAST_BYTES:
                    piece = await anext(pieces, None)
                    ended = piece is None
                    gathered += piece or b""
        except TimeoutError as error:
            message = f"less than {LEAST_BYTES} bytes of the upload came in {idle_s:g} seconds"
            raise RefusalError(408, "timeout", message) from error
        claim.grow(len(gathered))
        yield bytes(gathered)
