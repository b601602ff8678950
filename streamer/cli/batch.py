"""Many recordings to transcripts: whatever happens to one is told in one line, the rest is done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from streamer.audio.isolation.file import IsolatedFile
from streamer.audio.problems import AudioFileError
from streamer.cli.errors import ExitCode
from streamer.cli.outputs import OutputError, Outputs
from streamer.cli.sources import Source
from streamer.cli.text import shown
from streamer.client import StreamError
from streamer.pipeline.files import EngineFailedError
from streamer.speech.clip import SAMPLE_RATE
from streamer.speech.formats import Line

FILES_AT_ONCE = 8
"""Enough to keep batches full; each file owes a bounded amount of audio."""

Transcriber = Callable[[IsolatedFile], AsyncGenerator[Line | float]]
"""Yields a file's utterances, and between them how many seconds have been read."""


class Batch:
    """Recordings on their way, with a bar for each on a terminal."""

    def __init__(self, transcriber: Transcriber, outputs: Outputs) -> None:
        self._transcriber = transcriber
        self._outputs = outputs
        self._turn = asyncio.Semaphore(FILES_AT_ONCE)
        self._console = Console(stderr=True)
        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.completed:.0f}/{task.total:.0f} s of audio"),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
            transient=True,
        )

    async def run(self, sources: Sequence[Source]) -> ExitCode:
        """Transcribe all; FAILED if one could not be, or could not be written."""
        with self._bars:
            done = await asyncio.gather(*(self._one(source) for source in sources))
        return ExitCode.OK if all(done) else ExitCode.FAILED

    async def _one(self, source: Source) -> bool:
        async with self._turn:
            try:
                await self._transcribe(source)
            except BrokenPipeError:
                raise  # nobody reads what is written: there is nothing left to do
            except (AudioFileError, OutputError) as error:  # these say what they are about
                self._tell(str(error))
            except (EngineFailedError, StreamError) as error:
                self._tell(f"{source.name}: {error}")
            except Exception as error:  # noqa: BLE001 - a file that nobody thought of is one of many
                self._tell(f"{source.name}: {type(error).__name__}: {error}")
            else:
                return True
            finally:
                source.close()
            return False

    async def _transcribe(self, source: Source) -> None:
        audio = source.open(SAMPLE_RATE)
        bar = self._bars.add_task(source.name, total=audio.seconds)
        try:
            lines = await self._collect(audio, bar)
        finally:
            self._bars.remove_task(bar)
            audio.close()
        for warning in audio.warnings:
            self._tell(f"{source.name}: {warning}", "yellow")
        self._outputs.write(source, lines)

    async def _collect(self, audio: IsolatedFile, bar: TaskID) -> list[Line]:
        lines: list[Line] = []
        async with aclosing(self._transcriber(audio)) as news:
            async for item in news:
                if isinstance(item, Line):
                    lines.append(item)
                else:
                    self._bars.update(bar, completed=item)
        # A long utterance of one channel is told after shorter ones that began later on another.
        return sorted(lines, key=lambda line: (line.start, line.channel or ""))

    def _tell(self, what: str, style: str = "red") -> None:
        """Say it in one line, for who searches a log."""
        told = f"streamer: {shown(what)}"
        self._console.print(told, style=style, markup=False, highlight=False, soft_wrap=True)
