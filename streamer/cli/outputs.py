"""Where the transcripts of files go: to standard output, or each into a file of a folder."""

from __future__ import annotations

import sys
from pathlib import Path

from streamer.cli.errors import CommandError, ExitCode
from streamer.cli.sources import Source
from streamer.cli.text import fitting_json, shown
from streamer.speech.formats import Format, Line, json_line, render

SUBTITLES = (Format.SRT, Format.VTT)


class OutputError(Exception):
    """A transcript that could not be written; the message says where and why."""


class Outputs:
    """Writes transcripts in one format."""

    def __init__(self, sources: list[Source], style: Format, folder: Path | None) -> None:
        """Prepare the folder; raises CommandError where two transcripts would be one."""
        self._style = style
        self._folder = folder
        self._named = len(sources) > 1
        if folder is None:
            if self._named and style in SUBTITLES:
                raise CommandError(f"several files as {style} need --output DIR", ExitCode.USAGE)
            return
        if len({source.stem for source in sources}) < len(sources):
            problem = "two files of one name would be written to one place"
            raise CommandError(problem, ExitCode.USAGE)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CommandError(f"--output {shown(folder)}: {error.strerror}") from error

    def write(self, source: Source, lines: list[Line]) -> None:
        """Write a file's transcript; raises OutputError, or BrokenPipeError where nobody reads."""
        if self._folder is None:
            self._print(source, lines)
            return
        path = self._folder / f"{source.stem}.{self._style}"
        opened = False
        try:
            with path.open("w", encoding="utf-8") as file:
                opened = True
                file.write(render(self._style, lines))
        except OSError as error:
            if opened and path.is_file():
                path.unlink(missing_ok=True)  # half a transcript looks like a whole one
            raise OutputError(f"{shown(path)}: {error.strerror}") from error

    def _print(self, source: Source, lines: list[Line]) -> None:
        out = sys.stdout
        if out is None:  # pyright: ignore[reportUnnecessaryComparison] - closed by `>&-`
            raise OutputError("standard output is closed")
        if self._style is Format.JSON_LINES:
            rows = "".join(json_line(line, file=source.given) for line in lines)
            text = fitting_json(rows, out)
        else:
            head = f"# {source.name}\n" if self._named else ""
            text = head + render(self._style, lines)
        try:
            out.write(text)
            out.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputError(f"standard output: {error.strerror}") from error
