"""The headers of a request, each name with one value, however often it was sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from websockets.datastructures import Headers


class JoinedHeaders(Mapping[str, str]):
    """Values of one name are joined by commas, as RFC 9110 has it, where the library raises."""

    def __init__(self, headers: Headers) -> None:
        self._headers = headers

    def __getitem__(self, name: str) -> str:
        values = self._headers.get_all(name)
        if not values:
            raise KeyError(name)
        return ", ".join(values)

    def __iter__(self) -> Iterator[str]:
        return iter(self._headers)

    def __len__(self) -> int:
        return len(self._headers)
