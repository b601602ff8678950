"""`streamer serve`: run the server until it is told to stop."""

from __future__ import annotations

import argparse
import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar, TypeVarTuple

from streamer.cli.engines import politely, serving_engine
from streamer.cli.errors import CommandError, ExitCode
from streamer.cli.loading import describe, load_detection, load_turn_model
from streamer.cli.options import add_settings, read_settings
from streamer.cli.parsers import Commands
from streamer.cli.signals import Signals
from streamer.engines.base import Engine
from streamer.pipeline.detection import VoiceDetection
from streamer.runtime.logs import STANDARD_ERROR, logging_to
from streamer.runtime.memory import give_back_what_is_freed, keep_what_is_loaded
from streamer.runtime.threads import in_daemon_thread
from streamer.server.admission.keys import KeyFileError
from streamer.server.listeners.addresses import ListenError
from streamer.server.listeners.startup import StartupServer
from streamer.server.listeners.tls import CertificateError, certificate_of
from streamer.server.server import TranscriptionServer
from streamer.settings import Settings
from streamer.turns.models.base import TurnModel

log = logging.getLogger(__name__)

Args = TypeVarTuple("Args")
Result = TypeVar("Result")


def add_to(commands: Commands) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "serve",
        help="run the server",
        description=(
            "Run the WebSocket server and the microphone page. On SIGTERM new sessions are "
            "refused, running ones get their finals, then the server ends with 0."
        ),
    )
    add_settings(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Serve until SIGTERM or SIGINT."""
    settings = read_settings(arguments)
    give_back_what_is_freed()
    with logging_to(STANDARD_ERROR, settings.log_format):
        return run_loop(_serve(settings))


def run_loop(main: Coroutine[Any, Any, ExitCode]) -> ExitCode:
    """Run on uvloop where it is installed: it costs less than half the CPU a message."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(main)
    return uvloop.run(main)


def page_address(server: TranscriptionServer) -> str:
    """Where a browser finds the microphone page."""
    host, port = server.address
    shown = "localhost" if host in ("0.0.0.0", "::", "127.0.0.1", "::1") else host
    return f"{'https' if server.is_encrypted else 'http'}://{shown}:{port}/"


async def _loaded(settings: Settings) -> tuple[Engine, TurnModel | None, VoiceDetection | None]:
    """Load the models where the settings want them; raises CommandError."""
    (engine, detection), turn_model = await asyncio.gather(
        _hearing(settings), in_daemon_thread(politely, load_turn_model, settings)
    )
    return engine, turn_model, detection


async def _hearing(settings: Settings) -> tuple[Engine, VoiceDetection | None]:
    """The detector comes behind the engine: which model it is decides if a detector is fetched."""
    engine = await serving_engine(settings)
    detection = await in_daemon_thread(politely, load_detection, settings, engine.info, log.warning)
    return engine, detection


async def _serve(settings: Settings) -> ExitCode:
    signals = Signals()
    try:
        certificate = certificate_of(settings.tls_cert, settings.tls_key)
        tls = certificate.context if certificate is not None else None
        async with StartupServer(settings.host, settings.port, tls) as startup:
            loaded = await signals.unless_told_to_stop(_loaded(settings))
            if loaded is None:
                return ExitCode.OK
            engine, turn_model, detection = loaded
            settings = settings.model_copy(update={"port": startup.port})
        print(describe(engine.info), flush=True)
        if turn_model is not None:
            print(f"Turns: {turn_model.info.name}, for streams that ask for it", flush=True)
        server = TranscriptionServer(settings, engine, turn_model, detection)
    except (ListenError, KeyFileError, CertificateError) as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        usage = error.filename == settings.usage_log
        option = f"--usage-log {settings.usage_log}" if usage else f"--record {settings.record}"
        raise CommandError(f"{option}: {error.strerror}") from error
    try:
        async with server:
            keep_what_is_loaded()
            host, port = server.address
            scheme = "wss" if server.is_encrypted else "ws"
            print(f"Listening on {scheme}://{host}:{port}/v1/stream", flush=True)
            print(f"Microphone page: {page_address(server)}", flush=True)
            web = "https" if server.is_encrypted else "http"
            rest_host, rest_port = server.rest_address or server.address
            print(f"OpenAI REST: {web}://{rest_host}:{rest_port}/v1", flush=True)
            if (wyoming := server.wyoming_address) is not None:
                print(f"Wyoming: tcp://{wyoming[0]}:{wyoming[1]}", flush=True)
            if (calls := server.audiosocket_address) is not None:
                print(f"AudioSocket: tcp://{calls[0]}:{calls[1]}", flush=True)
            signals.on_reload(server.reload)
            await signals.told_to_stop()
            await server.drain()
    except ListenError as error:
        raise CommandError(str(error)) from error
    return ExitCode.OK
