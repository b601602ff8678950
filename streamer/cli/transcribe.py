"""`streamer transcribe`: files to transcripts, here or through a running server."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from streamer.audio.files import AudioFile, AudioFileError
from streamer.cli.channels import channel_blocks, channel_names
from streamer.cli.errors import CommandError, ExitCode
from streamer.cli.loading import load_engine
from streamer.cli.options import add_settings, read_settings
from streamer.cli.parsers import Commands
from streamer.cli.serve import run_loop
from streamer.client import StreamError, transcribe
from streamer.dispatch.dispatcher import Dispatcher
from streamer.pipeline.files import EngineFailedError, offline_settings, transcribe_blocks
from streamer.protocols.native.messages import Error, Final
from streamer.session import events
from streamer.session.settings import InvalidSettingError, parse_settings
from streamer.settings import Settings
from streamer.speech.clip import SAMPLE_RATE
from streamer.speech.formats import Format, Line, json_line, render

FILES_AT_ONCE = 8
"""Enough to keep batches full; each file owes a bounded amount of audio."""

Transcriber = Callable[[AudioFile], AsyncIterator[Line | float]]
"""Yields a file's utterances, and between them how many seconds have been read."""


def add_to(commands: Commands) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "transcribe",
        help="transcribe audio files",
        description=(
            "Transcribe recordings of every common kind (WAV, FLAC, MP3, M4A, OGG, WebM, WMA, AMR, "
            "the sound of videos) as sequences of utterances, mixed to mono unless --channels "
            "names who speaks on each channel. "
            "Without --url the model runs in this process."
        ),
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument(
        "--format",
        type=Format,
        choices=list(Format),
        default=Format.TEXT,
        help="what to write (default: txt)",
    )
    parser.add_argument(
        "--output", type=Path, metavar="DIR", help="write NAME.FORMAT into this folder, not stdout"
    )
    parser.add_argument("--language", help="a language of the model (default: its first)")
    parser.add_argument(
        "--channels",
        type=channel_names,
        default=(),
        metavar="NAME,NAME",
        help="transcribe each channel on its own, and label its utterances so: agent,customer",
    )
    parser.add_argument(
        "--url", help="transcribe through the server at this ws:// or wss:// address"
    )
    parser.add_argument("--api-key", help="the key to bring to --url")
    add_settings(parser, ["model", "provider", "threads", "max_batch", "min_speech_ms"])
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Transcribe every file; 1 if one of them could not be."""
    files: list[Path] = arguments.files
    output: Path | None = arguments.output
    style: Format = arguments.format
    names: tuple[str, ...] = arguments.channels
    if output is None and len(files) > 1 and style in (Format.SRT, Format.VTT):
        raise CommandError(f"several files as {style} need --output DIR", ExitCode.USAGE)
    if output is not None:
        _check_folder(output, files)
    if arguments.url is not None:
        transcriber = _remotely(arguments.url, arguments.api_key, arguments.language, names)
        return run_loop(_transcribe_all(files, transcriber, style, output))
    settings = read_settings(arguments)
    return run_loop(_locally(settings, arguments.language, names, files, style, output))


def _check_folder(output: Path, files: list[Path]) -> None:
    if len({path.stem for path in files}) < len(files):
        raise CommandError("two files of one name would be written to one place", ExitCode.USAGE)
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(f"--output {output}: {error.strerror}") from error


async def _locally(
    settings: Settings,
    language: str | None,
    names: tuple[str, ...],
    files: list[Path],
    style: Format,
    output: Path | None,
) -> ExitCode:
    dispatcher = Dispatcher(load_engine(settings))
    raw = {} if language is None else {"language": language}
    try:
        chosen = parse_settings(raw, dispatcher.info.languages).language
    except InvalidSettingError as error:
        raise CommandError(f"--{error}; it has: {error.accepted}", ExitCode.USAGE) from error

    async def transcriber(audio: AudioFile) -> AsyncIterator[Line | float]:
        blocks = channel_blocks(audio, names)
        stream = offline_settings(chosen, channels=max(1, len(names)))
        async for news in transcribe_blocks(blocks, stream, dispatcher, settings.min_speech_ms):
            yield _line(news, names) if isinstance(news, events.Final) else news

    dispatcher.start()
    try:
        return await _transcribe_all(files, transcriber, style, output)
    finally:
        await dispatcher.close()


def _remotely(
    url: str, api_key: str | None, language: str | None, names: tuple[str, ...]
) -> Transcriber:
    settings: dict[str, Any] = {
        "partials": False,
        "sample_rate": SAMPLE_RATE,
        "channels": max(1, len(names)),
    }
    if language is not None:
        settings["language"] = language

    async def transcriber(audio: AudioFile) -> AsyncIterator[Line | float]:
        pieces = _pieces(channel_blocks(audio, names))
        async for message in transcribe(pieces, url, api_key=api_key, **settings):
            match message:
                case Final():
                    yield _line(message, names)
                    yield message.end
                case Error():
                    raise StreamError(message.message)
                case _:
                    pass

    return transcriber


async def _pieces(blocks: Iterator[NDArray[np.float32]]) -> AsyncIterator[bytes]:
    while (block := await asyncio.to_thread(next, blocks, None)) is not None:
        yield (block * 32767).astype(np.dtype("<i2")).tobytes()


async def _transcribe_all(
    files: list[Path], transcriber: Transcriber, style: Format, output: Path | None
) -> ExitCode:
    turn = asyncio.Semaphore(FILES_AT_ONCE)
    names = len(files) > 1
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.0f}/{task.total:.0f} s of audio"),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )

    def tell(text: str, style: str) -> None:
        """Say it in one line, for who searches a log."""
        told = f"streamer: {text}"
        console.print(told, style=style, markup=False, highlight=False, soft_wrap=True)

    async def one(path: Path) -> bool:
        async with turn:
            try:
                audio = AudioFile(path, SAMPLE_RATE)
                task = bar.add_task(path.name, total=audio.seconds)
                lines = await _collect(transcriber(audio), bar, task)
            except (AudioFileError, EngineFailedError, StreamError) as error:
                tell(str(error), "red")
                return False
            for warning in audio.warnings:
                tell(f"{path}: {warning}", "yellow")
        _write(path, lines, style, output, with_name=names)
        return True

    with bar:
        done = await asyncio.gather(*(one(path) for path in files))
    return ExitCode.OK if all(done) else ExitCode.FAILED


async def _collect(news: AsyncIterator[Line | float], bar: Progress, task: TaskID) -> list[Line]:
    lines: list[Line] = []
    async for item in news:
        if isinstance(item, Line):
            lines.append(item)
        else:
            bar.update(task, completed=item)
    bar.remove_task(task)
    # A long utterance of one channel is told after shorter ones that began later on another.
    return sorted(lines, key=lambda line: (line.start, line.channel or ""))


def _write(
    path: Path, lines: list[Line], style: Format, output: Path | None, *, with_name: bool
) -> None:
    if output is not None:
        (output / f"{path.stem}.{style}").write_text(render(style, lines), encoding="utf-8")
    elif style is Format.JSON_LINES:
        sys.stdout.write("".join(json_line(line, file=str(path)) for line in lines))
    else:
        head = f"# {path}\n" if with_name else ""
        sys.stdout.write(head + render(style, lines))
    sys.stdout.flush()


def _line(final: Final | events.Final, names: tuple[str, ...]) -> Line:
    name = names[final.channel] if names else None
    return Line(final.text, final.start, final.end, final.language, final.confidence, name)
