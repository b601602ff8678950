"""Where the tensors of an ORT file lie: as much of its flatbuffer as skeletons need.

The slots are those of ONNX Runtime's schema (`ort.fbs`), version 6.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike, NDArray

IDENTIFIER = b"ORTM"
_DTYPES: Mapping[int, DTypeLike] = {
    1: np.float32,
    2: np.uint8,
    3: np.int8,
    6: np.int32,
    7: np.int64,
}
"""By ONNX's number of the element type."""
_GRAPH_ATTRIBUTE = 5


@dataclass(frozen=True, slots=True)
class Stored:
    """A tensor in a file of weights."""

    file: str
    offset: int
    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]

    @property
    def nbytes(self) -> int:
        """How many bytes it takes."""
        return int(np.prod(self.shape)) * self.dtype.itemsize

    def read(self, content: bytes) -> NDArray[np.generic]:
        """Return its values, a view of the file's content."""
        count = int(np.prod(self.shape))
        return np.frombuffer(content, self.dtype, count, self.offset).reshape(self.shape)


@dataclass(frozen=True, slots=True)
class Node:
    """An operation."""

    name: str
    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    graphs: Mapping[str, Contents]
    """Of its attributes, by name: the branches of an `If`."""


@dataclass(frozen=True, slots=True)
class Contents:
    """A graph."""

    initialisers: Mapping[str, Stored]
    nodes: tuple[Node, ...]


def read(path: Path) -> Contents:
    """Read the main graph. Raises ValueError for what is no ORT file."""
    data = path.read_bytes()
    if data[4:8] != IDENTIFIER:
        raise ValueError(f"{path} is no ORT file")
    root = _Table(data, struct.unpack_from("<I", data)[0], path.name)
    return _graph(root.table(1).table(7))


def _graph(table: _Table) -> Contents:
    tensors = (_tensor(entry) for entry in table.tables(0))
    return Contents(dict(tensors), tuple(_node(entry) for entry in table.tables(2)))


def _node(table: _Table) -> Node:
    graphs = {
        attribute.string(0): _graph(attribute.table(7))
        for attribute in table.tables(10)
        if attribute.number(2, "<i") == _GRAPH_ATTRIBUTE
    }
    inputs, outputs = tuple(table.strings(8)), tuple(table.strings(9))
    return Node(table.string(0), table.string(5), inputs, outputs, graphs)


def _tensor(table: _Table) -> tuple[str, Stored]:
    place, count = table.vector(2)
    shape = struct.unpack_from(f"<{count}q", table.data, place)
    dtype = np.dtype(_DTYPES[table.number(3, "<i")])
    return table.string(0), Stored(table.file, table.vector(4)[0], shape, dtype)


@dataclass(frozen=True, slots=True)
class _Table:
    """A flatbuffer's table: fields by slot, at offsets that its `vtable` holds."""

    data: bytes
    place: int
    file: str

    def _field(self, slot: int) -> int:
        """Return where a field lies, or 0 where it has its default."""
        vtable = self.place - struct.unpack_from("<i", self.data, self.place)[0]
        if 4 + 2 * slot >= struct.unpack_from("<H", self.data, vtable)[0]:
            return 0
        offset = struct.unpack_from("<H", self.data, vtable + 4 + 2 * slot)[0]
        return self.place + offset if offset else 0

    def _followed(self, place: int) -> int:
        return place + struct.unpack_from("<I", self.data, place)[0]

    def number(self, slot: int, form: str) -> int:
        field = self._field(slot)
        return struct.unpack_from(form, self.data, field)[0] if field else 0

    def table(self, slot: int) -> _Table:
        return _Table(self.data, self._followed(self._field(slot)), self.file)

    def vector(self, slot: int) -> tuple[int, int]:
        """Return where a vector's elements begin, and how many there are."""
        field = self._field(slot)
        if not field:
            return 0, 0
        place = self._followed(field)
        return place + 4, struct.unpack_from("<I", self.data, place)[0]

    def tables(self, slot: int) -> Iterator[_Table]:
        for place in self._entries(slot):
            yield _Table(self.data, place, self.file)

    def string(self, slot: int) -> str:
        place, length = self.vector(slot)
        return self.data[place : place + length].decode()

    def strings(self, slot: int) -> Iterator[str]:
        for place in self._entries(slot):
            length = struct.unpack_from("<I", self.data, place)[0]
            yield self.data[place + 4 : place + 4 + length].decode()

    def _entries(self, slot: int) -> Iterator[int]:
        place, count = self.vector(slot)
        for index in range(count):
            yield self._followed(place + 4 * index)
