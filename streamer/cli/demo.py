"""`streamer demo`: hear a bundled recording become words, through a real WebSocket."""

from __future__ import annotations

import argparse
import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from streamer.audio.encodings import Encoding
from streamer.audio.files import AudioFile
from streamer.cli.errors import CommandError, ExitCode
from streamer.cli.loading import describe, load_detection, load_engine, load_turn_model
from streamer.cli.options import add_settings, read_settings
from streamer.cli.parsers import Commands
from streamer.cli.screen import INDENT, is_live, last_words, room, wrapped
from streamer.cli.serve import page_address, run_loop
from streamer.cli.signals import Signals
from streamer.client import Stream, open_stream
from streamer.models.places import SAMPLE
from streamer.protocols.native.dialect import TURN_MODEL_ABSENT
from streamer.protocols.native.messages import Final, Partial, Ready, TurnPaused, Warning
from streamer.server.listeners.addresses import ListenError
from streamer.server.server import TranscriptionServer
from streamer.speech.clip import SAMPLE_RATE
from streamer.speech.end_reason import EndReason
from streamer.turns.endpointing import POST_ROLL_MS
from streamer.turns.rules import TurnRule

CHUNK_S = 0.1
"""How often a microphone's audio is sent."""


def add_to(commands: Commands) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "demo",
        help="stream a bundled recording and see it transcribed",
        description=(
            "Start the server on loopback with the default model, stream a bundled recording in "
            "real time, and print partials as they change and finals with their latency. Then "
            "keep serving the microphone page."
        ),
    )
    parser.add_argument(
        "--once", action="store_true", help="end after the recording: 0 if finals came, else 1"
    )
    parser.add_argument(
        "--turn",
        choices=list(TurnRule),
        default=TurnRule.SILENCE,
        help="by which rule turns end (default: silence)",
    )
    add_settings(parser, ["port", "model", "turn_model"])
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Stream the sample; then serve until told to stop."""
    settings = read_settings(arguments)
    if arguments.once:
        settings = settings.model_copy(update={"port": 0})
    engine = load_engine(settings)
    detection = load_detection(settings, engine.info)
    print(describe(engine.info), flush=True)
    models = load_turn_model(settings), detection
    server = TranscriptionServer(settings, engine, *models)
    return run_loop(_demo(server, arguments.turn, once=arguments.once))


async def _demo(server: TranscriptionServer, turn: TurnRule, *, once: bool) -> ExitCode:
    try:
        async with server:
            host, port = server.address
            finals = await _stream_sample(f"ws://{host}:{port}", sample_path(), turn)
            if once:
                return ExitCode.OK if finals else ExitCode.FAILED
            print(f"\nNow try your own voice: {page_address(server)}   (Ctrl-C ends)", flush=True)
            await Signals().told_to_stop()
            await server.drain()
    except ListenError as error:
        raise CommandError(str(error)) from error
    return ExitCode.OK


def sample_path() -> Path:
    """Return where the bundled recording lies."""
    return SAMPLE


async def _stream_sample(url: str, path: Path, turn: TurnRule) -> int:
    """Stream a file in real time and show what comes back; returns the finals with text."""
    audio = AudioFile(path, SAMPLE_RATE)
    print(f"Streaming {path.name} ({audio.seconds:.0f} s) in real time ...\n", flush=True)
    async with open_stream(url, turn=turn, encoding=str(Encoding.PCM_F32LE)) as stream:
        messages = aiter(stream)
        ready = await anext(messages)
        assert isinstance(ready, Ready)
        screen = _Screen(time.monotonic(), ready.settings["endpoint_silence_ms"] / 1000)
        async with asyncio.TaskGroup() as group:
            group.create_task(_send_in_real_time(stream, audio, screen.began))
            async for message in messages:
                screen.show(message)
    return screen.finals


async def _send_in_real_time(stream: Stream, audio: AudioFile, began: float) -> None:
    sent_s = 0.0
    for block in audio.blocks(CHUNK_S):
        sent_s += len(block) / SAMPLE_RATE
        await asyncio.sleep(began + sent_s - time.monotonic())
        await stream.send(block.astype("<f4").tobytes())
    await stream.stop()


@dataclass(slots=True)
class _Screen:
    """Partials change in place on a terminal; finals stay, each with its latency."""

    began: float
    silence_s: float
    finals: int = 0
    probability: float | None = None

    def show(self, message: object) -> None:
        live = is_live()
        match message:
            case Partial() if live:
                at = last_words(message.text, room())
                stable = max(at, message.stable)
                settled, rest = message.text[at:stable], message.text[stable:]
                before = INDENT + ("… " if at else "")
                line = f"{before}\x1b[1m{settled}\x1b[0m\x1b[2m{rest}\x1b[0m"
                print(f"\r\x1b[K{line}", end="", flush=True)
            case TurnPaused():
                self.probability = message.probability
            case Warning() if message.code == TURN_MODEL_ABSENT:
                print(message.message, flush=True)
            case Final() if message.text:
                self.finals += 1
                told = f"[{message.start:5.1f} s] {message.text}{self._latency(message)}"
                print(f"\r\x1b[K{wrapped(told, room())}" if live else told)
            case _:
                pass

    def _latency(self, final: Final) -> str:
        """Time since the last word was sent, and how much of it was not the endpoint's silence."""
        if not final.reason.by_silence:
            return ""
        spoken_until = self.began + final.end - POST_ROLL_MS / 1000
        latency = time.monotonic() - spoken_until
        if final.reason is EndReason.TURN and self.probability is not None:
            return f"   ({latency:.2f} s after the last word; finished: {self.probability:.0%})"
        beyond_ms = max(0.0, latency - self.silence_s) * 1000
        return f"   ({latency:.2f} s after the last word; {beyond_ms:.0f} ms beyond the silence)"
