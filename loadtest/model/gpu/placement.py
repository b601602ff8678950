"""Which provider ran each node of a graph, by the runtime's own profile."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

from loadtest.model.gpu.facts import Facts
from loadtest.model.gpu.loading import load, prompt_of
from streamer.decoding.request import Request
from streamer.families.cohere.features import MIN_SAMPLES
from streamer.onnx.providers import Device

SHORT = {"CUDAExecutionProvider": "cuda", "CPUExecutionProvider": "cpu"}


def place(folder: Path, device: Device, facts: Facts) -> None:
    """Run both graphs once with a profile, and write down where their nodes ran.

    Shape arithmetic belongs on the CPU; copies between the two (`Memcpy…`) belong nowhere in the
    decoder.
    """
    model = load(folder, device)
    graphs = {"encoder": model.encoder, "decoder": model.decoder}
    with tempfile.TemporaryDirectory() as profiles:
        for name, graph in graphs.items():
            options = ort.SessionOptions()
            options.enable_profiling = True
            options.profile_file_prefix = str(Path(profiles) / name)
            providers = graph.session.get_providers()
            settings = [graph.session.get_provider_options()[one] for one in providers]
            graph.session = ort.InferenceSession(
                graph.path, options, providers=list(zip(providers, settings, strict=True))
            )
        model.try_once(Request(np.zeros(MIN_SAMPLES, np.float32), prompt_of(folder)))
        for name, graph in graphs.items():
            profile = json.loads(Path(graph.session.end_profiling()).read_text(encoding="utf-8"))
            found = nodes(profile)
            cpu = sorted({kind for provider, kind in found if provider == "cpu"})
            copies = sum(n for (_, kind), n in found.items() if kind.startswith("Memcpy"))
            by_provider: Counter[str] = Counter()
            for (provider, _), count in found.items():
                by_provider[provider] += count
            facts.add(
                f"place {name}",
                nodes=dict(by_provider),
                on_cpu=cpu if device == "cuda" else None,
                copies=copies,
            )
            facts.check(name == "encoder" or copies == 0)


def nodes(profile: list[dict[str, Any]]) -> Counter[tuple[str, str]]:
    """Count the nodes that ran, by provider and kind."""
    ran = (
        event["args"]
        for event in profile
        if event.get("cat") == "Node" and event["name"].endswith("_kernel_time")
    )
    return Counter(
        (SHORT.get(one.get("provider", ""), "other"), str(one["op_name"])) for one in ran
    )
