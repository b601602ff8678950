"""Where others watch along: /v1/watch/TOKEN tells what was said so far, and then what is said."""

from __future__ import annotations

from streamer.protocols.dialect import Subscribe
from streamer.protocols.door import Door, Handshake, Host, RefusalError, Signing, bearer_keys
from streamer.protocols.listener_dialect import ListenerDialect
from streamer.protocols.refusals import plain_refusal
from streamer.protocols.watch_links import WatchLinks, WatchTokenError, topic_of

WATCH_PATH = "/v1/watch/"


def _expiry(handshake: Handshake, links: WatchLinks | None) -> float:
    """Return when the link of a request expires; raises RefusalError for one that is none."""
    if links is None:
        raise RefusalError(404, "no_such_link", "this server gives no links to watch along")
    try:
        return links.expiry(handshake.path.removeprefix(WATCH_PATH))
    except WatchTokenError as error:
        raise RefusalError(404, "no_such_link", str(error)) from error


def _stands_for_a_key(handshake: Handshake, signing: Signing) -> bool:
    _expiry(handshake, signing.watch)
    return True


def _open(handshake: Handshake, host: Host) -> ListenerDialect:
    left_s = _expiry(handshake, host.watch) - (host.watch.now if host.watch else 0.0)
    topic = topic_of(handshake.path.removeprefix(WATCH_PATH))
    return ListenerDialect(Subscribe(topic, stays=True, left_s=left_s))


DOOR = Door(
    WATCH_PATH,
    _open,
    bearer_keys,
    plain_refusal,
    signed=_stands_for_a_key,
    brings_audio=False,
)
