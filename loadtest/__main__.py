"""The command: finds the verb and the action, and tells mistakes in one line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from loadtest.errors import user_errors
from loadtest.verbs import VERBS

DESCRIPTION = (
    "Benchmarks, attacks and soaks. Each verb has actions; `VERB ACTION --help` says more."
)
EPILOG = (
    "Options behind -- go to `streamer serve`, where a server is started. Exit status: 0 done and "
    "as it should be; 1 measured, and not as it should be; 2 a mistake, or not measurable here; 3 "
    "undecided, where noise is larger than what was looked for; 130 interrupted."
)
MISTAKE, INTERRUPTED = 2, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; returns the exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    cut = words.index("--") if "--" in words else len(words)
    words, serve = _with_default(words[:cut]), words[cut + 1 :]
    try:
        parser = _parser(words)
        options = parser.parse_args(words)
        if serve and not hasattr(options, "serve"):
            parser.error("this action starts no server that could take the options behind --")
        if serve:
            options.serve = serve
        return int(options.run(options))
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        if not isinstance(error, user_errors()):
            raise
        print(f"loadtest: {error}", file=sys.stderr)
        return MISTAKE


def _with_default(words: list[str]) -> list[str]:
    """Name the action that is meant where a verb is not followed by one."""
    verb = VERBS.get(words[0]) if words else None
    if verb is None or verb.default is None:
        return words
    if words[1:2] and (words[1] in verb.actions or words[1] in ("-h", "--help")):
        return words
    return [words[0], verb.default, *words[1:]]


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    """Build the parser, with the options of the action that is asked for."""
    parser = argparse.ArgumentParser("python -m loadtest", description=DESCRIPTION, epilog=EPILOG)
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    for name, verb in VERBS.items():
        default = f" (if none is named: {verb.default})" if verb.default else ""
        text = f"{verb.help}{default}"
        actions = verbs.add_parser(name, help=verb.help, description=text).add_subparsers(
            metavar="ACTION", required=True
        )
        for key, action in verb.actions.items():
            if list(words[:2]) != [name, key]:
                actions.add_parser(key, help=action.help)
                continue
            module = import_module(action.module)
            chosen = actions.add_parser(
                key,
                help=action.help,
                description=module.__doc__,
                formatter_class=argparse.RawDescriptionHelpFormatter,
            )
            module.configure(chosen)
            chosen.set_defaults(run=module.run)
    return parser


if __name__ == "__main__":
    sys.exit(main())
