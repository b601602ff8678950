"""Continuous batching on the contract of rows that know their lengths."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from streamer.decoding.continuous import ContinuousDecoder, Entry
from streamer.decoding.encoder_pool import EncoderPool
from streamer.decoding.grouping import next_group
from streamer.decoding.ragged import ClipEncoder, Encoded, RaggedDecoder
from streamer.decoding.request import DecodedOrError, Request
from streamer.decoding.step_engine import EngineWork
from streamer.onnx.sessions import RUNTIME_ERRORS
from streamer.speech.hypothesis import EngineError

log = logging.getLogger(__name__)

MAX_ROWS = 16
"""Rows decoded together."""
COMPANY = 8
"""Rows that a decoder call is worth its while for, where nobody is in a hurry: a call costs about
as much as five rows of it."""
COMPANY_WAIT_S = 0.01
"""How long a step waits for more rows: no longer than a decoder call takes, so that a live clip
that comes meanwhile waits no longer to be taken in."""
AHEAD = 2
"""Clips, the one that is being encoded and those that wait for it, per pass at a time on a CPU."""


class RaggedBatcher:
    """Clips join and leave between any two decoder calls.

    A CPU encodes clip by clip, `passes` of them at a time, while others are being decoded: it is
    bound by arithmetic and would gain nothing by batches, so a long clip keeps nobody waiting, none
    pays for padding, and one that is dropped in time costs nothing. A GPU encodes clips of like
    length together, as part of a step.
    """

    def __init__(
        self, encoder: ClipEncoder, decoder: RaggedDecoder, eos: int, passes: int = 1
    ) -> None:
        self.work = EngineWork()
        self._encoder = encoder
        self._model = decoder
        self._eos = eos
        self._passes = passes
        self._encodes_many = encoder.device == "cuda"
        self._pool = EncoderPool(self._encode, passes)
        self.reset()

    @property
    def free_slots(self) -> int:
        """How many clips may join now.

        Few wait for the encoder here: where they wait to join, a final overtakes partials.
        """
        if self._encodes_many:
            return self._decoder.free_slots - len(self._waiting)
        return min(self._decoder.free_slots, AHEAD * self._passes) - len(self._pool)

    def join(self, key: int, request: Request) -> None:
        """Take in a clip."""
        if self._encodes_many:
            self._waiting.append((key, request))
        else:
            self._pool.put(key, request)

    def step(self) -> list[tuple[int, DecodedOrError]]:
        """Let who is encoded join the decoder, advance it, and return what ended."""
        ended: list[tuple[int, DecodedOrError]] = []
        entries: list[Entry] = []
        for key, request, encoded in self._encoded():
            if isinstance(encoded, EngineError):
                ended.append((key, encoded))
            else:
                entries.append(Entry(key, request, encoded))
        self._decoder.join(entries)
        if len(self._decoder) and not self._waits_for_company:
            ended += self._decoder.step()
        return ended

    def drop(self, key: int) -> None:
        """Forget a clip."""
        self._waiting = [item for item in self._waiting if item[0] != key]
        self._pool.drop(key)
        self._decoder.drop(key)

    def reset(self) -> None:
        """Forget every clip."""
        self._waiting: list[tuple[int, Request]] = []
        self._pool.close()
        self._pool = EncoderPool(self._encode, self._passes)
        self._decoder = ContinuousDecoder(self._model, self._eos, MAX_ROWS, self.work)

    @property
    def _waits_for_company(self) -> bool:
        """Whether the rows in flight had better wait for those that are being encoded."""
        return len(self._pool) > 0 and self._decoder.in_no_hurry and len(self._decoder) < COMPANY

    def _encoded(self) -> list[tuple[int, Request, Encoded | EngineError]]:
        """Return who is ready for the decoder."""
        if not self._encodes_many:
            wait_s = COMPANY_WAIT_S if self._waits_for_company else 0.0
            ready = self._pool.take(None if len(self._decoder) == 0 else wait_s)
            for one in ready:
                self.work.encoded([len(one.request.samples)])
            return [(one.key, one.request, one.encoded) for one in ready]
        if not self._waiting:
            return []
        group, self._waiting = next_group(self._waiting, self._encoder.length)
        self.work.encoded([len(request.samples) for _, request in group])
        encoded = self._encode_together([request for _, request in group])
        return [(key, request, one) for (key, request), one in zip(group, encoded, strict=True)]

    def _encode_together(self, requests: list[Request]) -> Sequence[Encoded | EngineError]:
        """Encode a group; where that fails each is encoded alone, and only the cause fails."""
        try:
            return self._encoder.encode(requests)
        except RUNTIME_ERRORS as error:
            if len(requests) == 1:
                return [EngineError(str(error))]
            log.warning("%d clips could not be encoded together: %s", len(requests), error)
            return [one for request in requests for one in self._encode_together([request])]

    def _encode(self, request: Request) -> Encoded:
        (encoded,) = self._encoder.encode([request])
        return encoded
