"""`streamer serve`: run the server until it is told to stop."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from streamer.cli.errors import CommandError, ExitCode
from streamer.cli.loading import describe, load_engine, load_turn_model
from streamer.cli.memory import give_back_what_is_freed, keep_what_is_loaded
from streamer.cli.options import add_settings, read_settings
from streamer.cli.parsers import Commands
from streamer.engines.base import Engine
from streamer.runtime.logs import STANDARD_ERROR, logging_to
from streamer.runtime.threads import lower_priority
from streamer.server.admission.keys import KeyFileError
from streamer.server.listeners.addresses import ListenError
from streamer.server.listeners.startup import StartupServer
from streamer.server.listeners.tls import CertificateError, certificate_of
from streamer.server.server import TranscriptionServer
from streamer.settings import Settings
from streamer.turns.models.base import TurnModel

log = logging.getLogger(__name__)


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


async def until_told_to_stop() -> None:
    """Wait for SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.remove_signal_handler(number)  # a second one ends the process at once


async def _loaded(settings: Settings) -> tuple[Engine, TurnModel | None]:
    """Load the models in a thread that gives way, so that those of ONNX Runtime do too."""
    with ThreadPoolExecutor(1, initializer=lower_priority) as loader:
        loop = asyncio.get_running_loop()
        engine = await loop.run_in_executor(loader, load_engine, settings, log.warning)
        return engine, await loop.run_in_executor(loader, load_turn_model, settings)


async def _serve(settings: Settings) -> ExitCode:
    try:
        certificate = certificate_of(settings.tls_cert, settings.tls_key)
        tls = certificate.context if certificate is not None else None
        async with StartupServer(settings.host, settings.port, tls) as lobby:
            engine, turn_model = await _loaded(settings)
            settings = settings.model_copy(update={"port": lobby.port})
        print(describe(engine.info), flush=True)
        if turn_model is not None:
            print(f"Turns: {turn_model.info.name}, for streams that ask for it", flush=True)
        server = TranscriptionServer(settings, engine, turn_model)
    except (ListenError, KeyFileError, CertificateError) as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        raise CommandError(f"--record {settings.record}: {error.strerror}") from error
    try:
        async with server:
            keep_what_is_loaded()
            host, port = server.address
            scheme = "wss" if server.is_encrypted else "ws"
            print(f"Listening on {scheme}://{host}:{port}/v1/stream", flush=True)
            print(f"Microphone page: {page_address(server)}", flush=True)
            if (rest := server.rest_address) is not None:
                web = "https" if server.is_encrypted else "http"
                print(f"OpenAI REST: {web}://{rest[0]}:{rest[1]}/v1", flush=True)
            if (wyoming := server.wyoming_address) is not None:
                print(f"Wyoming: tcp://{wyoming[0]}:{wyoming[1]}", flush=True)
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, server.reload)
            await until_told_to_stop()
            await server.drain()
    except ListenError as error:
        raise CommandError(str(error)) from error
    return ExitCode.OK
