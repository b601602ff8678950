"""A progress bar for files that come in."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    TaskID,
    TextColumn,
    TransferSpeedColumn,
)
from rich.progress import Progress as Bars

from streamer.models.progress import Progress


@contextmanager
def progress_bar() -> Generator[Progress]:
    """Show a bar for each file on the terminal, or nothing where there is none."""
    console = Console(stderr=True)
    bars = Bars(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    tasks: dict[str, TaskID] = {}

    def show(file: str, done: int, size: int) -> None:
        if file not in tasks:
            tasks[file] = bars.add_task(file, total=size or None)
        bars.update(tasks[file], completed=done, total=size or None)

    with bars:
        yield show
