"""Who a client is, by what it brings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from streamer.protocols.door import RefusalError
from streamer.server.admission.authenticator import Authenticator
from streamer.server.admission.keys import KeyFileError, digest, write_keys
from streamer.server.admission.origins import Origins
from streamer.server.admission.quotas import Peer

HOME = {"Host": "stt.example", "Origin": "https://stt.example"}
FOREIGN = {"Host": "stt.example", "Origin": "https://evil.example"}


def test_without_keys_everybody_is_known_by_its_address() -> None:
    assert Authenticator().identify(["anything"], {}, "10.0.0.7") == Peer(None, "10.0.0.7")


def test_a_key_is_known_by_its_name_or_its_place(tmp_path: Path) -> None:
    write_keys(tmp_path / "keys", {"anna": digest("one")})
    ours = Authenticator(["fixed"], tmp_path / "keys")
    assert ours.identify(["one"], {}, "a").key == "anna"
    assert ours.identify(["wrong", "fixed"], {}, "a").key == "setting 1"


@pytest.mark.parametrize("brought", [[], ["wrong"], [""], [digest("fixed")]])
def test_without_one_of_our_keys_nobody_is_let_in(brought: Sequence[str]) -> None:
    with pytest.raises(RefusalError, match="an API key is needed") as refused:
        Authenticator(["fixed"]).identify(brought, HOME, "a")
    assert (refused.value.status, refused.value.code) == (401, "unauthorized")
    assert refused.value.headers == {"WWW-Authenticate": "Bearer"}


def test_a_foreign_page_is_not_let_in_even_with_a_key() -> None:
    with pytest.raises(RefusalError) as refused:
        Authenticator(["fixed"]).identify(["fixed"], FOREIGN, "a")
    assert (refused.value.status, refused.value.code) == (403, "forbidden_origin")
    Authenticator(["fixed"], origins=Origins([FOREIGN["Origin"]])).identify(["fixed"], FOREIGN, "a")


def test_the_key_is_asked_for_before_the_page() -> None:
    """A stranger is not told which pages are allowed."""
    with pytest.raises(RefusalError) as refused:
        Authenticator(["fixed"]).identify([], FOREIGN, "a")
    assert refused.value.status == 401


def test_a_file_that_cannot_be_read_again_leaves_the_old_keys(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    write_keys(path, {"anna": digest("one")})
    ours = Authenticator(keys_file=path)
    path.write_text("nonsense", encoding="utf-8")
    with pytest.raises(KeyFileError):
        ours.reload()
    assert ours.identify(["one"], {}, "a").key == "anna"
    write_keys(path, {"bert": digest("two")})
    ours.reload()
    assert ours.identify(["two"], {}, "a").key == "bert"
