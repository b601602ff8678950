"""The server's own session, rule by rule, with a turn model that answers at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np

from loadtest.run.turns.material import Heard
from loadtest.run.turns.rules import NEVER, RULES
from loadtest.run.wer.noises import Samples
from streamer.audio.encodings import Encoding
from streamer.session.detection import Detect
from streamer.session.events import SpeechEnded
from streamer.session.inputs import Detected, TurnJudged
from streamer.session.outputs import AskTurn, Output
from streamer.session.session import Session
from streamer.session.settings import StreamSettings
from streamer.speech.clip import SAMPLE_RATE
from streamer.turns.models.base import TurnModel
from streamer.turns.rules import TurnRule
from streamer.vad.registry import SILERO, WEBRTC
from streamer.vad.silero import FRAME_SAMPLES, Network, Request, SileroStream, advance

PIECE = SAMPLE_RATE // 50
"""Samples given at a time: a frame of WebRTC's detector. Silero has longer ones."""
MIN_SPEECH_MS = 160
FRAMES_AT_ONCE = 31


class Listener:
    """Hears recordings by every rule. What one rule has asked of the models, others need not ask.

    With a `network` Silero detects speech, else WebRTC's detector.
    """

    def __init__(self, model: TurnModel, network: Network | None = None) -> None:
        self._model = model
        self._network = network

    def hear(self, heard: Heard) -> None:
        """Note where pauses are, and where each rule ends utterances."""
        answers: dict[tuple[int, int], float] = {}
        voiced = None if self._network is None else _voiced(self._network, heard.samples)
        never = _Hearing(self._settings(NEVER), self._model, answers, voiced)
        never.feed(heard.samples)
        heard.pauses = never.asked
        ends: dict[str, list[float]] = {}
        for rule, raw in RULES.items():
            hearing = _Hearing(self._settings(raw), self._model, answers, voiced)
            hearing.feed(heard.samples)
            ends[rule] = hearing.ended
        heard.ends = ends

    def _settings(self, raw: Mapping[str, Any]) -> StreamSettings:
        rule = TurnRule(raw.get("turn", TurnRule.SILENCE))
        threshold = self._model.info.thresholds.of(rule)
        vad = WEBRTC if self._network is None else SILERO
        plain = {"language": "en", "partials": False, "encoding": Encoding.PCM_F32LE, "vad": vad}
        return StreamSettings.model_validate({**plain, "turn_threshold": threshold, **raw})


class _Hearing:
    """One recording through one session."""

    def __init__(
        self,
        settings: StreamSettings,
        model: TurnModel,
        answers: dict[tuple[int, int], float],
        voiced: Sequence[float] | None,
    ) -> None:
        self._session = Session("turns", settings, MIN_SPEECH_MS)
        self._model = model
        self._answers = answers
        self._piece = PIECE if voiced is None else FRAME_SAMPLES
        self._voiced = iter(voiced or ())
        self._fed = 0
        self.asked: list[float] = []
        self.ended: list[float] = []

    def feed(self, samples: Samples) -> None:
        for at in range(0, len(samples), self._piece):
            piece = samples[at : at + self._piece].astype(np.float32)
            self._fed = at + len(piece)
            self._take(self._session.feed(piece.tobytes()))

    def _take(self, outputs: list[Output]) -> None:
        now = self._fed / SAMPLE_RATE
        for output in outputs:
            match output:
                case AskTurn(channel, utterance, pause):
                    self.asked.append(now)
                    judged = TurnJudged(channel, utterance, pause, self._probability(output))
                    self._take(self._session.handle(judged))
                case Detect(frames):
                    found = tuple(islice(self._voiced, frames.shape[1]))
                    self._take(self._session.handle(Detected((found,))))
                case SpeechEnded(reason=reason) if reason.by_silence:
                    self.ended.append(now)
                case _:
                    pass

    def _probability(self, asked: AskTurn) -> float:
        place = self._fed, len(asked.samples)
        if place not in self._answers:
            self._answers[place] = self._model.probability(asked.samples)
        return self._answers[place]


def _voiced(network: Network, samples: Samples) -> list[float]:
    """How likely each frame of (n,) samples is speech."""
    whole = len(samples) // FRAME_SAMPLES * FRAME_SAMPLES
    request = Request(SileroStream(), samples[:whole].reshape(-1, FRAME_SAMPLES))
    while len(request.rest):
        advance(network, request, FRAMES_AT_ONCE)
    return request.found
