"""What a stream on which others watch along tells them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from streamer.protocols.dialect import Message, Publish, Reply, Result, Say
from streamer.protocols.watch_links import WatchLinks, WatchTokenError, topic_of
from streamer.session.settings import InvalidSettingError

SETTING = "watch"
ACCEPTED = "true, or the token of an earlier `ready`"

NOT_WATCHED = "not_watched"
"""The code of a warning: the stream goes on, but nobody can watch along."""

_TOLD = ("partial", "final")
"""Messages that whoever watches is told: what is said, and nothing about the session."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What a stream on which others watch along publishes."""

    token: str
    expires: float
    session: str

    @classmethod
    def of(cls, settings: Mapping[str, Any], links: WatchLinks | None, session: str) -> Self | None:
        """Read the setting `watch`.

        Raises InvalidSettingError for what is neither a wish nor a token, WatchTokenError where the
        server gives no links, or that token is none of its own any more.
        """
        wanted = settings.get(SETTING, False)
        if not isinstance(wanted, bool | str):
            raise InvalidSettingError(SETTING, "is no wish for a link", ACCEPTED)
        if wanted in (False, "false"):
            return None
        if links is None:
            raise WatchTokenError("this server gives no links to watch along (--watch-hours)")
        token = links.issue() if wanted in (True, "true") else str(wanted)
        return cls(token, links.expiry(token), session)

    def also(self, replies: Iterable[Reply]) -> Iterator[Result]:
        """Publish what is said, too."""
        for reply in replies:
            yield reply
            if isinstance(reply, Say) and reply.message.type in _TOLD:
                yield self._published(reply)

    def over(self, done: Message) -> Publish:
        """Publish that this stream is over."""
        return replace(self._published(Say(done)), last=True)

    def _published(self, said: Say) -> Publish:
        topic = topic_of(self.token)
        return Publish(topic, self.session, said.message, said.key, said.instead_of, posted=False)


def without_watch(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of the session itself."""
    return {name: value for name, value in settings.items() if name != SETTING}
