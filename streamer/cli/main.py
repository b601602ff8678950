"""The `streamer` command."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from streamer import __version__
from streamer.cli import completion, demo, export, keys, models, replay, serve, transcribe
from streamer.cli.errors import CommandError, ExitCode
from streamer.cli.text import print_anything, shown

EPILOG = """\
exit codes: 0 done, 1 failed, 2 wrong usage.
Every option of `serve` may also stand in the environment: STREAMER_PORT=9000 streamer serve
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    print_anything()
    arguments = make_parser().parse_args(argv)
    try:
        code = int(arguments.run(arguments))
    except CommandError as error:
        _tell(error)
        code = int(error.code)
    except KeyboardInterrupt:
        code = 128 + 2  # as a shell reports SIGINT
    except BrokenPipeError:
        code = ExitCode.OK  # who reads has had enough
    except OSError as error:  # a command tells its own; this is a `print`
        _tell(error)
        code = ExitCode.FAILED
    return _flushed(code)


def _flushed(code: int) -> int:
    """Write what is still to be written; what cannot be is told once, and not tried again."""
    out = sys.stdout
    if out is None:  # pyright: ignore[reportUnnecessaryComparison] - closed by `>&-`
        return code
    try:
        out.flush()
    except OSError as error:
        if code == ExitCode.OK and not isinstance(error, BrokenPipeError):
            _tell(error)
            code = ExitCode.FAILED
        os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())
    return int(code)


def _tell(error: Exception) -> None:
    told = str(error)
    if isinstance(error, OSError) and error.filename is None:
        told = f"standard output: {error.strerror}"
    print(f"streamer: {shown(told)}", file=sys.stderr)


def make_parser() -> argparse.ArgumentParser:
    """Return the whole command line."""
    parser = argparse.ArgumentParser(
        prog="streamer",
        description="Self-hosted real-time streaming WebSocket transcriber.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"streamer {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in (demo, serve, transcribe, replay, keys, models, export):
        command.add_to(commands)
    completion.add_to(commands, parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
