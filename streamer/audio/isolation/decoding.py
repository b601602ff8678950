"""One file's process: it reads that, says what is in it, and is gone."""

from __future__ import annotations

import socket
from contextlib import closing
from typing import BinaryIO

from streamer.audio.files import AudioFile
from streamer.audio.isolation.limits import begin_block, confine
from streamer.audio.isolation.messages import (
    ANSWERS,
    OPEN,
    PLAY,
    Answer,
    Block,
    Ended,
    Failed,
    Opened,
)
from streamer.audio.problems import AudioFileError
from streamer.runtime.frames import frame, read_frame


def decode(file: BinaryIO, connection: socket.socket) -> None:
    """Serve whoever holds the other end of the connection; this process is good for nothing else.

    No more than a block is ahead of what is taken.
    """
    confine()
    begin_block()
    with connection.makefile("rb") as requests:
        try:
            _serve(file, requests, connection)
        except AudioFileError as error:
            _say(connection, Failed(message=str(error)))
        except MemoryError:
            _say(connection, Failed(message="it takes more memory than any recording should"))


def _serve(file: BinaryIO, requests: BinaryIO, connection: socket.socket) -> None:
    if (wanted := read_frame(requests)) is None:
        return
    request = OPEN.validate_json(wanted[0])
    with closing(AudioFile(file, request.rate, request.name)) as audio:
        opened = Opened(
            channels=audio.channels, seconds=audio.seconds, warnings=tuple(audio.warnings)
        )
        _say(connection, opened)
        if (wanted := read_frame(requests)) is None:
            return
        play = PLAY.validate_json(wanted[0])
        block = Block(channels=0 if play.mixed else audio.channels)
        begin_block()
        for samples in audio.blocks(play.seconds, mixed=play.mixed):
            _say(connection, block, samples.tobytes())
            begin_block()
        _say(connection, Ended(warnings=tuple(audio.warnings)))


def _say(connection: socket.socket, answer: Answer, body: bytes = b"") -> None:
    connection.sendall(frame(ANSWERS.dump_json(answer), len(body)))
    connection.sendall(body)
