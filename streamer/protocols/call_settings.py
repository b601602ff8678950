"""Settings of a phone call, out of what its caller's side says beside the audio."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from streamer.masking.wishes import Masking
from streamer.protocols.door import Host
from streamer.session.settings import InvalidSettingError, StreamSettings

_NOT_THEIRS = frozenset({"encoding", "sample_rate", "channels", "labels", "ordered"})
"""Settings that a call's parameters do not set: they follow from its audio."""


def call_settings(
    host: Host, form: Mapping[str, Any], parameters: Mapping[str, Any]
) -> tuple[StreamSettings, list[InvalidSettingError]]:
    """Take settings of ours from a call's parameters; the others are its own business.

    What cannot be had costs the wish, not the call: nobody could mend it while people talk. But no
    call is told unmasked that was to be masked. Returns the wishes that were denied, too; raises
    InvalidSettingError for `form`, and for masking.
    """
    ours = set(StreamSettings.model_fields) - _NOT_THEIRS
    wishes = {name: value for name, value in parameters.items() if name in ours}
    denied: list[InvalidSettingError] = []
    while True:
        try:
            return host.stream_settings({**wishes, **form}), denied
        except InvalidSettingError as error:
            if error.setting not in wishes or error.setting in Masking.model_fields:
                raise
            del wishes[error.setting]
            denied.append(error)
