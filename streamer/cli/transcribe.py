"""`streamer transcribe`: files to transcripts, here or through a running server."""

from __future__ import annotations

import argparse
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamer.audio.encodings import Encoding
from streamer.audio.isolation.file import IsolatedFile
from streamer.audio.isolation.fork_client import DECODERS
from streamer.cli.batch import Batch
from streamer.cli.channels import channel_blocks, channel_names
from streamer.cli.errors import CommandError, ExitCode
from streamer.cli.loading import load_detection, load_engine
from streamer.cli.options import add_settings, read_settings
from streamer.cli.outputs import SUBTITLES, Outputs
from streamer.cli.parsers import Commands
from streamer.cli.serve import run_loop
from streamer.cli.sources import Source, sources_of
from streamer.client import StreamError, open_stream, transcribe
from streamer.dispatch.dispatcher import Dispatcher
from streamer.pipeline.files import in_thread, offline_settings, transcribe_blocks
from streamer.protocols.native.messages import Error, Final, Ready
from streamer.session import events
from streamer.session.settings import InvalidSettingError, parse_settings
from streamer.settings import Settings
from streamer.speech.clip import SAMPLE_RATE
from streamer.speech.formats import Format, Line
from streamer.speech.hypothesis import Word
from streamer.vad.registry import SILERO, WEBRTC


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
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="a recording; - is standard input, ./- that file"
    )
    parser.add_argument(
        "--format",
        choices=[str(style) for style in Format],
        default=str(Format.TEXT),
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
    style = Format(arguments.format)
    names: tuple[str, ...] = arguments.channels
    url: str | None = arguments.url
    settings = read_settings(arguments)
    # Last, since it may wait for standard input: what is wrong with the rest is told before.
    sources = sources_of(arguments.files)
    outputs = Outputs(sources, style, arguments.output)
    if url is None:
        return run_loop(_locally(settings, arguments.language, names, sources, outputs, style))
    there = _Server(url, arguments.api_key)
    return run_loop(_remotely(there, arguments.language, names, sources, outputs, style))


async def _locally(
    settings: Settings,
    language: str | None,
    names: tuple[str, ...],
    sources: list[Source],
    outputs: Outputs,
    style: Format,
) -> ExitCode:
    DECODERS.prepare()  # while the model loads
    engine = load_engine(settings)
    dispatcher, detection = Dispatcher(engine), load_detection(settings, engine.info)
    raw = {} if language is None else {"language": language}
    try:
        chosen = parse_settings(raw, dispatcher.info.languages).language
    except InvalidSettingError as error:
        raise CommandError(f"--{error}; it has: {error.choices}", ExitCode.USAGE) from error

    vad = WEBRTC if detection is None else SILERO
    stream = offline_settings(chosen, channels=max(1, len(names)), vad=vad)
    timed = style in SUBTITLES and dispatcher.info.word_timings
    stream = stream.model_copy(update={"words": timed})

    async def transcriber(audio: IsolatedFile) -> AsyncGenerator[Line | float]:
        blocks = channel_blocks(audio, names)
        async for news in transcribe_blocks(
            blocks, stream, dispatcher, settings.min_speech_ms, detection=detection
        ):
            yield _line(news, names) if isinstance(news, events.Final) else news

    dispatcher.start()
    if detection is not None:
        detection.start()
    try:
        return await Batch(transcriber, outputs).run(sources)
    finally:
        await dispatcher.close()
        if detection is not None:
            await detection.close()


@dataclass(frozen=True, slots=True)
class _Server:
    url: str
    api_key: str | None

    async def tells_words(self) -> bool:
        """Ask whether its model knows when each word was said."""
        try:
            async with open_stream(self.url, api_key=self.api_key, words=True) as stream:
                return isinstance(await stream.receive(), Ready)
        except StreamError:
            return False  # for this or for another reason, which each file will tell


async def _remotely(
    there: _Server,
    language: str | None,
    names: tuple[str, ...],
    sources: list[Source],
    outputs: Outputs,
    style: Format,
) -> ExitCode:
    settings: dict[str, Any] = {
        "partials": False,
        "encoding": str(Encoding.PCM_F32LE),  # so that the server hears what is heard here
        "sample_rate": SAMPLE_RATE,
        "channels": max(1, len(names)),
        "words": style in SUBTITLES and await there.tells_words(),
    }
    if language is not None:
        settings["language"] = language

    async def transcriber(audio: IsolatedFile) -> AsyncGenerator[Line | float]:
        pieces = _pieces(channel_blocks(audio, names))
        async with aclosing(
            transcribe(pieces, there.url, api_key=there.api_key, **settings)
        ) as messages:
            async for message in messages:
                match message:
                    case Final():
                        yield _line(message, names)
                        yield message.end
                    case Error():
                        raise StreamError(message.message)
                    case _:
                        pass

    return await Batch(transcriber, outputs).run(sources)


async def _pieces(blocks: Iterator[NDArray[np.float32]]) -> AsyncIterator[bytes]:
    # Waited for even when the line breaks: whoever closes the file must not do so while it is read.
    while (block := await in_thread(next, blocks, None)) is not None:
        yield block.astype("<f4").tobytes()


def _line(final: Final | events.Final, names: tuple[str, ...]) -> Line:
    name = names[final.channel] if names else None
    words = final.words
    if words is not None:
        words = tuple(Word(one.text, one.start, one.end, one.confidence) for one in words)
    return Line(final.text, final.start, final.end, final.language, final.confidence, name, words)
