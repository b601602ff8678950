"""How far long work is, on standard error: bars on a terminal, else a line when each begins."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager

from rich.console import Console, RenderableType
from rich.progress import Progress

TICK_S = 0.5

_console = Console(stderr=True)


def note(text: str) -> None:
    """Say something between two pieces of work."""
    _console.print(text, highlight=False, markup=False, soft_wrap=True)


def show(drawn: RenderableType) -> None:
    """Show a table."""
    _console.print(drawn)


@contextmanager
def bar(label: str, total: float) -> Generator[Callable[[float], None]]:
    """Show a bar; yields what moves it on. There is one at a time."""
    if not _console.is_terminal:
        note(f"{label} ...")
    with Progress(console=_console, transient=True, disable=not _console.is_terminal) as progress:
        task = progress.add_task(label, total=total)
        yield lambda done: progress.advance(task, done)


@asynccontextmanager
async def clock(label: str, seconds: float) -> AsyncGenerator[None]:
    """Show a bar that fills by itself in so many seconds."""

    async def tick(advance: Callable[[float], None]) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            advance(TICK_S)

    with bar(label, seconds) as advance:
        ticking = asyncio.create_task(tick(advance))
        try:
            yield
        finally:
            ticking.cancel()
