"""The items of a transcription session: what was committed together, and its text as it grows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from streamer.protocols.realtime import messages
from streamer.session.events import Final, Partial
from streamer.session.stability import UNSPACED_LANGUAGES


@dataclass(slots=True, eq=False)
class Item:
    """One or more utterances: where the length limit has cut, the pieces are one item.

    `owed` utterances have no final yet. A `discarded` item is not spoken of. Times are seconds
    since the session's start.
    """

    id: str
    language: str
    start: float
    end: float
    owed: int = 0
    discarded: bool = False
    told: str = ""
    failure: str | None = None
    texts: list[str] = field(default_factory=list[str])

    def add_partial(self, partial: Partial) -> Iterator[messages.Delta]:
        """Take a hypothesis of the last piece; tell what of it will stay."""
        yield from self._grown([*self.texts, partial.text[: partial.stable]])

    def add_final(self, final: Final) -> Iterator[messages.Delta]:
        """Take the text of a piece."""
        self.owed -= 1
        self.texts.append(final.text)
        self.failure = self.failure or final.failure
        yield from self._grown(self.texts)

    def outcome(self) -> messages.Completed | messages.Failed:
        """Tell the whole text, or why there is none."""
        transcript = self._joined(self.texts)
        if self.failure is not None and not transcript:
            problem = messages.Problem(
                type="server_error", code="transcription_failed", message=self.failure
            )
            return messages.Failed(item_id=self.id, error=problem)
        usage = messages.Duration(seconds=round(self.end - self.start, 3))
        return messages.Completed(item_id=self.id, transcript=transcript, usage=usage)

    def _grown(self, texts: list[str]) -> Iterator[messages.Delta]:
        """Tell the text beyond what was told, unless it contradicts that: `Completed` will tell."""
        text = self._joined(texts)
        if len(text) > len(self.told) and text.startswith(self.told) and not self.discarded:
            delta = text[len(self.told) :]
            self.told = text
            yield messages.Delta(item_id=self.id, delta=delta)

    def _joined(self, texts: list[str]) -> str:
        between = "" if self.language in UNSPACED_LANGUAGES else " "
        return between.join(text for text in texts if text)
