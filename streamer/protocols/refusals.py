"""How a refusal is written where an API has no words of its own for it."""

from __future__ import annotations

import json

from streamer.protocols.door import RefusalError


def plain_refusal(refusal: RefusalError) -> bytes:
    """Write JSON with our code, and our words for whoever looks into it."""
    return json.dumps({"code": refusal.code, "message": refusal.message}).encode()
