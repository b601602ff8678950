"""The parts of a measurement, each with what it needs loaded."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence

import numpy as np
import onnxruntime as ort

from loadtest.model.gpu.facts import Facts
from loadtest.model.gpu.live import capacity
from loadtest.model.gpu.loading import load, prompt_of
from loadtest.model.gpu.offline import features_made_beforehand, offline, requests_of
from loadtest.model.gpu.parity import parity
from loadtest.model.gpu.peaks import peak_of
from loadtest.model.gpu.placement import place
from loadtest.model.gpu.random_model import NO_END, Work, build, noise
from loadtest.model.gpu.tables import decoder_table, encoder_table
from streamer.decoding.resident_batcher import ResidentBatcher
from streamer.families.cohere.features import log_mel


def measure(parts: Sequence[str], options: argparse.Namespace, facts: Facts) -> None:
    """Build the model, unless it is there, and take the parts in order."""
    folder, device = options.work / options.size, options.device
    card = _card(device)
    work = build(folder, options.size)
    facts.add("built", size=options.size, card=card, onnxruntime=ort.__version__)
    if "place" in parts:
        place(folder, device, facts)
    if "parity" in parts:
        parity(folder, options.size, device, facts)
    if "encoder" in parts:
        began = time.monotonic()
        model = load(folder, device)
        facts.add("sessions", seconds=round(time.monotonic() - began, 1))
        encoder_table(model, options.rows, work, facts)
    if "decoder" in parts:
        decoder_table(folder, device, options.rows, work, facts)
    if "offline" in parts or "live" in parts:
        _speed(parts, options, work, card, facts)
    facts.add("end", stopped_by_limit=facts.over)


def _speed(
    parts: Sequence[str], options: argparse.Namespace, work: Work, card: str, facts: Facts
) -> None:
    folder = options.work / options.size
    model = load(folder, options.device, captured=options.captured)
    prompt = prompt_of(folder)
    batcher = ResidentBatcher(model, NO_END, rows=options.rows)
    if options.device == "cuda":
        batcher.warm(prompt)
    facts.add("warm", captured=options.captured, rows=options.rows)
    if "offline" in parts:
        began = time.perf_counter()
        log_mel(noise(np.random.default_rng(1), 30.0))
        facts.add("features of one core", rtfx=round(30 / (time.perf_counter() - began)))
        requests, peak = requests_of(options.clips, prompt), peak_of(card)
        with features_made_beforehand(requests):
            for name in ("first pass", "features made beforehand"):
                if not facts.over:
                    found = offline(batcher, requests, options.rows, work, peak)
                    facts.add(f"offline, {name}", **found)
        if not facts.over:
            found = offline(batcher, requests, options.rows, work, peak)
            facts.add("offline, features made inside", **found)
    if "live" in parts:
        capacity(batcher, prompt, options.streams, options.most, options.seconds, facts)


def _card(device: str) -> str:
    if device != "cuda":
        return ""
    import torch

    return torch.cuda.get_device_name(0)
