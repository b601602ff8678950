"""Inputs changed by chance: those of text by lines, those of recordings by bytes."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

Mutation = Callable[[bytes, Sequence[bytes], random.Random], bytes]
"""Takes an input, all that there are, and the chance by which the first is changed."""

MAX_BYTES = 8192

EDGES = (0, 1, 2, 0x7F, 0x80, 0xFE, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 1 << 30)
"""What lengths, counts and rates are when they do the most harm."""


def by_lines(data: bytes, seeds: Sequence[bytes], chance: random.Random) -> bytes:
    """Change, drop, double and swap pieces of lines."""
    lines = data.split(b"\n")
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(1, len(lines)) if len(lines) > 1 else 0
        line = bytearray(lines[at])
        match chance.randrange(5):
            case 0:
                del lines[at:]
                lines.append(bytes(line))
            case 1:
                lines.insert(at, bytes(line))
            case 2 if line:
                line[chance.randrange(len(line))] = chance.randrange(256)
                lines[at] = bytes(line)
            case 3 if line:
                begin = chance.randrange(len(line))
                lines[at] = bytes(line[:begin] + line[begin + chance.randint(1, 30) :])
            case _:
                lines.append(chance.choice(chance.choice(seeds).split(b"\n")))
    return b"\n".join(lines)


def by_bytes(data: bytes, seeds: Sequence[bytes], chance: random.Random) -> bytes:
    """Flip bits, write numbers that hurt, drop, double and exchange runs of bytes."""
    changed = bytearray(data)
    for _ in range(1 << chance.randrange(5)):
        if not changed:
            break
        at = int(len(changed) * chance.random() ** 2)  # headers rather than what they head
        run = 1 << chance.randrange(9)
        match chance.randrange(6):
            case 0:
                changed[at] ^= 1 << chance.randrange(8)
            case 1:
                changed[at] = chance.randrange(256)
            case 2:
                size = chance.choice((1, 2, 4, 8))
                edge = chance.choice(EDGES) & ((1 << 8 * size) - 1)
                changed[at : at + size] = edge.to_bytes(size, chance.choice(("big", "little")))
            case 3:
                del changed[at : at + run]
            case 4:
                changed[at:at] = changed[at : at + run]
            case _:
                other = chance.choice(seeds)
                begin = chance.randrange(len(other))
                changed[at : at + run] = other[begin : begin + run]
    return bytes(changed[:MAX_BYTES])
