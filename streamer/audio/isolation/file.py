"""A recording that is read by a process of its own, as `AudioFile` is by this one."""

from __future__ import annotations

import signal
from collections.abc import Generator
from pathlib import Path
from typing import BinaryIO, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError

from streamer.audio.files import opened
from streamer.audio.isolation.fork_client import DECODERS, ForkClient
from streamer.audio.isolation.limits import BLOCK_CPU_S
from streamer.audio.isolation.messages import (
    ANSWERS,
    Answer,
    Block,
    Ended,
    Failed,
    Open,
    Opened,
    Play,
)
from streamer.audio.metered import BLOCK_TIME_S
from streamer.audio.problems import AudioFileError
from streamer.runtime.frames import frame, read_frame

MAX_MESSAGE_BYTES = 1 << 26
"""The samples of a block in 64 channels, 1 s long, are 4 MB; at 1 kHz they become 16 times more."""

SILENCE_LIMIT_S = BLOCK_TIME_S + 30.0
"""After which a process that says nothing, but should have given up by itself, is stuck."""

Said = TypeVar("Said", bound=Answer)


class IsolatedFile:
    """A file with sound in it, resampled as it is read; what it does to its decoder ends here."""

    def __init__(
        self,
        source: Path | BinaryIO,
        rate: int,
        name: str | None = None,
        decoders: ForkClient = DECODERS,
    ) -> None:
        """Open a path or an open file, one of the system's, as `AudioFile` does, which see."""
        self.name = name or str(source)
        owned = opened(source, self.name) if isinstance(source, Path) else None
        file = source if owned is None else owned
        assert not isinstance(file, Path)
        try:
            descriptor = file.fileno()  # a file in memory comes to lie on the disk by that
            file.flush()
            self._process = decoders.start(descriptor)
        except OSError as error:
            raise AudioFileError(f"{self.name}: cannot be decoded: {error.strerror}") from error
        finally:
            if owned is not None:
                owned.close()  # the process has its own
        self._process.connection.settimeout(SILENCE_LIMIT_S)
        self._answers = self._process.connection.makefile("rb")
        try:
            self._ask(Open(name=self.name, rate=rate))
            told, _ = self._answer()
            if not isinstance(told, Opened):
                raise self._nonsense()
        except BaseException:
            self.close()
            raise
        self.channels = told.channels
        self.seconds = told.seconds
        self.warnings = list(told.warnings)

    def blocks(self, seconds: float, *, mixed: bool = True) -> Generator[NDArray[np.float32]]:
        """Yield what `AudioFile.blocks` would; raises AudioFileError.

        That says so of a file that kills its decoder. `warnings` are whole at the end.
        """
        try:
            self._ask(Play(seconds=seconds, mixed=mixed))
            while True:
                told, body = self._answer()
                match told:
                    case Block(channels=channels) if len(body) % (4 * max(1, channels)) == 0:
                        samples = np.frombuffer(body, np.float32)
                        yield samples.reshape(-1, channels) if channels else samples
                    case Ended(warnings=warnings):
                        self.warnings = list(warnings)
                        return
                    case _:
                        raise self._nonsense()
        finally:
            self.close()

    def close(self) -> None:
        """Let go of the file, and end its process; `blocks` does so at its end."""
        self._answers.close()
        self._process.kill()

    def _ask(self, request: BaseModel) -> None:
        try:
            self._process.connection.sendall(frame(request.model_dump_json().encode()))
        except OSError:
            return  # it is gone: to wait for its answer tells how

    def _answer(self) -> tuple[Answer, bytes]:
        try:
            found = read_frame(self._answers, MAX_MESSAGE_BYTES)
        except TimeoutError as error:
            problem = f"nothing could be made of it for {SILENCE_LIMIT_S:g} s"
            raise AudioFileError(f"{self.name}: not readable as audio: {problem}") from error
        except ConnectionResetError:
            found = None
        except ValueError as error:
            raise self._nonsense() from error
        if found is None:
            raise AudioFileError(f"{self.name}: {_ended(self._process.how_it_ended())}")
        try:
            told = ANSWERS.validate_json(found[0])
        except ValidationError as error:
            raise self._nonsense() from error
        if isinstance(told, Failed):
            raise AudioFileError(told.message)
        return told, found[1]

    def _nonsense(self) -> AudioFileError:
        return AudioFileError(f"{self.name}: its decoder was taken over: it says what none says")


def _ended(status: int | None) -> str:
    """Say how a decoder ended that should not have."""
    if status == -signal.SIGXCPU:
        return f"not readable as audio: it keeps its decoder busy for more than {BLOCK_CPU_S} s"
    how = "failed" if status is None or status >= 0 else "crashed"
    names = {-one.value: f" ({one.name})" for one in signal.Signals}
    return f"not readable as audio: its decoder {how}{names.get(status or 0, '')}"
