"""The `streamer` command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from streamer import __version__
from streamer.cli import demo, export, keys, models, replay, serve, transcribe
from streamer.cli.errors import CommandError, ExitCode

EPILOG = """\
exit codes: 0 done, 1 failed, 2 wrong usage.
Every option of `serve` may also stand in the environment: STREAMER_PORT=9000 streamer serve
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except CommandError as error:
        print(f"streamer: {error}", file=sys.stderr)
        return int(error.code)
    except KeyboardInterrupt:
        return 128 + 2  # as a shell reports SIGINT
    except BrokenPipeError:
        sys.stderr.close()
        return ExitCode.OK


def _parser() -> argparse.ArgumentParser:
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
    return parser


if __name__ == "__main__":
    sys.exit(main())
