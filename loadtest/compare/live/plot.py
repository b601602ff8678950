"""The report as a picture: finals' p95 beyond the silence over the streams, both logarithmic."""

from __future__ import annotations

import math
from typing import Any
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 70, 210, 24, 48
COLOURS = ("#0b62a4", "#d1495b", "#2e933c", "#b26e00", "#6b4e9b", "#5c6770")
LATENCIES_MS = (50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)
BOUNDS_MS = (500, 2000)


def picture(report: dict[str, Any]) -> str:
    """Draw it as SVG."""
    lines = {
        peer: [
            (cell["streams"], cell["beyond_silence_ms"]["p95"])
            for cell in cells
            if cell["beyond_silence_ms"]["p95"] is not None
        ]
        for peer, cells in report["cells"].items()
    }
    points = [point for line in lines.values() for point in line]
    most = max([streams for streams, _ in points], default=1)
    steps = sorted({streams for streams, _ in points})
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="13">',
        "<title>Finals beyond the endpoint's silence, p95, over real-time streams</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
    ]
    for latency in LATENCIES_MS:
        y = _y(latency)
        bound = latency in BOUNDS_MS
        style = 'stroke="#555" stroke-dasharray="5 4"' if bound else 'stroke="#ddd"'
        parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" {style}/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{latency}</text>')
    for streams in steps:
        x = _x(streams, most)
        parts.append(
            f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{streams}</text>'
        )
    parts.append(f'<text x="{LEFT}" y="{HEIGHT - 8}">real-time streams</text>')
    parts.append(f'<text x="8" y="{TOP - 8}">ms</text>')
    for number, (peer, line) in enumerate(lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        places = [(_x(streams, most), _y(value)) for streams, value in line]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in places]
        y = TOP + 14 + 22 * number
        x = WIDTH - RIGHT + 20
        parts.append(f'<circle cx="{x}" cy="{y - 4}" r="5" fill="{colour}"/>')
        parts.append(f'<text x="{x + 12}" y="{y}">{escape(peer)}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _x(streams: float, most: float) -> float:
    return LEFT + 20 + (WIDTH - LEFT - RIGHT - 40) * math.log(streams) / math.log(max(2, most))


def _y(latency_ms: float) -> float:
    low, high = LATENCIES_MS[0], LATENCIES_MS[-1]
    inside = min(max(latency_ms, low), high)
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * math.log(inside / low) / math.log(high / low)
