"""Whether FP16 on a device says what FP32 on the CPU says, plain and captured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loadtest.model.gpu.facts import Facts
from loadtest.model.gpu.loading import load, prompt_of
from loadtest.model.gpu.random_model import EXACT, NO_END, checkpoint, noise, request
from streamer.decoding.request import Decoded
from streamer.decoding.resident import ResidentModel, ResidentRows
from streamer.decoding.resident_batcher import ResidentBatcher
from streamer.families.cohere.features import MEL_BINS, log_mel
from streamer.onnx.providers import Device

FED, PLACES = 40, [2, 0, 3]
ROWS, COLUMNS, FRAMES = 4, 64, 800
SAME = 0.95
"""Share of tokens that must be the same, each behind the same ones: ties of random weights part."""
TEXTS = 12

Choices = tuple[NDArray[np.int64], NDArray[np.float32]]
"""Tokens and log-probabilities, (3, FED) each."""


def parity(folder: Path, size: str, device: Device, facts: Facts) -> None:
    """Compare choices behind the same tokens, then whole texts."""
    rng = np.random.default_rng(7)
    mels = [log_mel(noise(rng, seconds)) for seconds in (1.2, 4.0, 7.7)]
    fed = [rng.integers(20, 500, FED).tolist() for _ in range(ROWS)]
    exact = _forced(load(folder / EXACT, "cpu"), mels, fed)
    half = _forced(load(folder, device), mels, fed)
    torch_half = _torch_forced(size, device, mels, fed)
    for name, got, wanted in (
        ("fp32", _forced(load(folder / EXACT, device), mels, fed), exact),
        ("fp16", half, exact),
        ("torch fp16", torch_half, exact),
        ("fp16 against torch fp16", half, torch_half),
    ):
        same = float((got[0] == wanted[0]).mean())
        off = np.abs(got[1] - wanted[1])
        finite = bool(np.isfinite(got[1]).all())
        facts.add(
            f"parity {name}",
            same=same,
            log_probability_p50=float(np.median(off)),
            log_probability_max=float(off.max()),
            finite=finite,
        )
        facts.check(same >= SAME and finite)
    _greedy(folder, device, facts)


def _greedy(folder: Path, device: Device, facts: Facts) -> None:
    """Whole texts of clips that come and go: equal ones are counted; captured must be as plain."""
    rng = np.random.default_rng(8)
    prompt = prompt_of(folder)
    clips = [noise(rng, seconds) for seconds in rng.uniform(1, FRAMES / 100, TEXTS)]

    def texts(model: ResidentModel) -> list[tuple[int, ...]]:
        batcher = ResidentBatcher(model, NO_END, rows=ROWS, longest=FRAMES)
        waiting = [(i, request(clip, prompt)) for i, clip in enumerate(clips)]
        ended: dict[int, tuple[int, ...]] = {}
        while len(ended) < len(clips):
            free = batcher.free_slots
            for key, one in waiting[:free]:
                batcher.join(key, one)
            waiting = waiting[free:]
            for key, decoded in batcher.step():
                assert isinstance(decoded, Decoded)
                ended[key] = decoded.tokens
        return [ended[i] for i in range(len(clips))]

    exact, plain = texts(load(folder / EXACT, "cpu")), texts(load(folder, device))
    captured = texts(load(folder, device, captured=True))
    facts.add(
        "parity of texts",
        texts=TEXTS,
        fp16_as_fp32_on_cpu=_equal(plain, exact),
        captured_as_plain=_equal(captured, plain),
    )
    facts.check(captured == plain)


def _equal(some: list[tuple[int, ...]], others: list[tuple[int, ...]]) -> int:
    return sum(one == other for one, other in zip(some, others, strict=True))


def _forced(model: ResidentModel, mels: list[NDArray[np.float32]], fed: list[list[int]]) -> Choices:
    """What is chosen behind each of the tokens fed, whatever was chosen before."""
    rows = ResidentRows(model, rows=ROWS, columns=COLUMNS, longest=FRAMES)
    rows.encode(mels, PLACES)
    chosen = rows.decode(fed, aligned=True)
    return chosen.tokens[PLACES, :FED], chosen.log_probability[PLACES, :FED]


def _torch_forced(
    size: str, device: Device, mels: list[NDArray[np.float32]], fed: list[list[int]]
) -> Choices:
    """The same by the exporter's modules themselves, in FP16, without ONNX Runtime."""
    import torch

    from streamer.families.cohere.export.resident import ResidentDecoder, ResidentEncoder

    model, half = checkpoint(size).float(), torch.float16
    modules: list[Any] = [part(model, half) for part in (ResidentEncoder, ResidentDecoder)]
    with torch.no_grad(), torch.device(device):
        encoder, decoder = (one.to(device).eval() for one in modules)
        sizes = encoder.dimensions
        padded = [*mels, mels[-1]]  # what fills the call is the last clip, over again
        batch = torch.zeros(len(padded), MEL_BINS, FRAMES)
        for row, mel in zip(batch, padded, strict=True):
            row[:, : mel.shape[1]] = torch.from_numpy(mel)
        lengths = torch.tensor([mel.shape[1] for mel in padded])

        def caches(columns: int) -> list[torch.Tensor]:
            shape = (ROWS, sizes.heads, columns, sizes.head_size)
            return [torch.zeros(shape, dtype=half) for _ in range(2 * sizes.layers)]

        places = torch.tensor([*PLACES, PLACES[-1]])
        *cross, frames = encoder(batch, lengths, places, *caches(FRAMES // 8 + 4))
        encoded = torch.ones(ROWS, dtype=torch.int64)
        encoded[PLACES] = frames[: len(PLACES)]
        past = torch.zeros(ROWS, dtype=torch.int64)
        tokens, log, *_ = decoder(torch.tensor(fed), past, encoded, *caches(COLUMNS + 8), *cross)
    return tokens.cpu().numpy()[PLACES, :FED], log.cpu().numpy()[PLACES, :FED]
