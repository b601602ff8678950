"""What every door asks before it lets a client in."""

from __future__ import annotations

from dataclasses import dataclass

from streamer.server.admission.authenticator import Authenticator
from streamer.server.admission.controller import AdmissionController
from streamer.server.admission.refusals import Refusals


@dataclass(frozen=True, slots=True)
class Admission:
    """Who a client is, whether there is a place for it, and where it is noted if there is none."""

    authenticator: Authenticator
    controller: AdmissionController
    refusals: Refusals
