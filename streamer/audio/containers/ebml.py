"""EBML (RFC 8794): the elements that Matroska is written in."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST_HEADER = 12
"""Bytes of an element's id and size at most."""


@dataclass(frozen=True, slots=True)
class Element:
    """An element's id, where its content begins, and its size, None where that is left open."""

    id: int
    body: int
    size: int | None


def element_at(data: bytes, at: int) -> Element | None:
    """Read the head of an element; None where it is none, or not all of it has come."""
    if at >= len(data) or not data[at] >> 4:
        return None
    length = 9 - data[at].bit_length()
    if at + length >= len(data):
        return None
    size = number_at(data, at + length)
    if size is None:
        return None
    value, body = size
    is_open = value == (1 << 7 * (body - at - length)) - 1
    return Element(int.from_bytes(data[at : at + length]), body, None if is_open else value)


def number_at(data: bytes, at: int) -> tuple[int, int] | None:
    """Read a number of variable length; returns it and where it ends."""
    if at >= len(data) or not data[at]:
        return None
    length = 9 - data[at].bit_length()
    if at + length > len(data):
        return None
    value = int.from_bytes(data[at : at + length])
    return value & ((1 << 7 * length) - 1), at + length


def children(body: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the elements in one; what is cut short or open is left out."""
    at = 0
    while (element := element_at(body, at)) is not None and element.size is not None:
        at = element.body + element.size
        if at > len(body):
            return
        yield element.id, body[element.body : at]


def integer(content: bytes) -> int:
    """Read an unsigned integer; of nothing, 0."""
    return int.from_bytes(content[:8])


def real(content: bytes) -> float:
    """Read a floating-point number; 0 where it is none that can be used."""
    match len(content):
        case 4:
            value = struct.unpack(">f", content)[0]
        case 8:
            value = struct.unpack(">d", content)[0]
        case _:
            return 0.0
    return value if 0 < value < 1e7 else 0.0


def unlaced(content: bytes) -> Iterator[bytes]:
    """Yield the frames of a block, from its flags on (Matroska's lacing); of a broken one, none."""
    kind = content[0] >> 1 & 3
    if kind == 0:
        yield content[1:]
        return
    count = content[1] + 1 if len(content) > 1 else 0
    at, sizes = 2, list[int]()
    if kind == 2:
        sizes = [(len(content) - at) // count] * (count - 1) if count else []
    while count and len(sizes) < count - 1:
        if kind == 1:
            size = 0
            while at < len(content) and content[at] == 255:
                size, at = size + 255, at + 1
            if at >= len(content):
                return
            size, at = size + content[at], at + 1
        else:
            number = number_at(content, at)
            if number is None:
                return
            middle = (1 << 7 * (number[1] - at) - 1) - 1
            size = number[0] if not sizes else sizes[-1] + number[0] - middle
            at = number[1]
        if size < 0:
            return
        sizes.append(size)
    for size in sizes:
        yield content[at : at + size]
        at += size
    if at < len(content):
        yield content[at:]
