"""The report in a page of the documentation: tables between two comments, a picture beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from loadtest.compare.live.plot import picture
from loadtest.compare.live.table import markdown
from loadtest.errors import CommandError

BEGIN, END = "<!-- compare live -->\n", "<!-- end -->\n"
PICTURE = "live.svg"


def put_into(page: Path, report: dict[str, Any]) -> None:
    """Write it; raises CommandError where the page has no place for it."""
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise CommandError(
            f"{page} has no line {BEGIN.strip()} with a line {END.strip()} behind it"
        )
    drawn = f"![finals over streams]({PICTURE})\n\n{markdown(report)}"
    page.write_text(f"{before}{begin}{drawn}{end}{after}", encoding="utf-8")
    page.with_name(PICTURE).write_text(picture(report), encoding="utf-8")
