"""The report as a table: a line for each peer and number of streams."""

from __future__ import annotations

from typing import Any

CAPACITY_HEAD = "| server, model | streams within 500 ms | within 2 s |\n| --- | --- | --- |\n"
HEAD = (
    "| server, model | streams | final beyond the silence p50 / p95 | first partial p50 | flicker "
    "| lost | WER % | cores a stream | cores of others |\n"
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
)


def markdown(report: dict[str, Any]) -> str:
    """Draw it; milliseconds, and words erased a final word."""
    lines = [CAPACITY_HEAD]
    for peer, most in report["capacity"].items():
        lines.append(f"| {peer}, {report['models'][peer]} | {most['500']} | {most['2000']} |\n")
    lines += ["\n", HEAD]
    for peer, cells in report["cells"].items():
        for number, cell in enumerate(cells):
            name = f"{peer}, {report['models'][peer]}" if number == 0 else ""
            beyond = cell["beyond_silence_ms"]
            row = [
                name,
                cell["streams"],
                f"{_shown(beyond['p50'])} / {_shown(beyond['p95'])}",
                _shown(cell["first_partial_ms"]["p50"]),
                "-" if cell["flicker"] is None else cell["flicker"],
                f"{cell['lost']} of {cell['utterances']}",
                cell["wer"],
                cell["cores_a_stream"],
                cell["cores_of_others"],
            ]
            lines.append(f"| {' | '.join(map(str, row))} |\n")
    return "".join(lines)


def _shown(milliseconds: float | None) -> str:
    return "-" if milliseconds is None else f"{milliseconds:.0f}"
