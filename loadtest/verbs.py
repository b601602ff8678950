"""What there is to run: verbs, their actions, and the module of each.

A module has a docstring, which is its help, `configure(parser)`, and `run(options)`, which returns
the exit status. It is imported when it is asked for, so that each needs only its own extras.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do."""

    module: str
    help: str


@dataclass(frozen=True, slots=True)
class Verb:
    """Actions of a kind; `default` is meant where none is named."""

    help: str
    actions: Mapping[str, Action]
    default: str | None = None


VERBS: Mapping[str, Verb] = {
    "run": Verb(
        "measure this code: one number, or one table",
        {
            "streams": Action("loadtest.run.streams", "real-time streams: latencies, loop lag"),
            "capacity": Action("loadtest.run.capacity", "the most streams that are served in time"),
            "overload": Action("loadtest.run.overload", "more than that: who is refused, and how"),
            "memory": Action("loadtest.run.memory", "resident memory under steady load"),
            "files": Action("loadtest.run.files", "files: the server against a bare loop"),
            "wer": Action("loadtest.run.wer", "word errors on human speech, offline and streamed"),
            "ttfs": Action("loadtest.run.ttfs", "how soon an agent that asks for finals has them"),
            "turns": Action("loadtest.run.turns", "when turns end: delay against false ends"),
            "silence": Action("loadtest.run.silence", "what silent sessions cost the event loop"),
            "partials": Action("loadtest.run.partials", "what partials cost, and drafts save"),
            "noise": Action("loadtest.run.noise", "utterances in noise, by detector; no model"),
            "word-times": Action("loadtest.run.word_times", "word times against the truth"),
        },
    ),
    "compare": Verb(
        "measure two or more in alternating turns of one run",
        {
            "code": Action("loadtest.compare.code", "an old checkout and a new one"),
            "peers": Action("loadtest.compare.peers", "files through other runtimes"),
            "moonshine": Action("loadtest.compare.moonshine", "the same on the default model"),
            "live": Action("loadtest.compare.live", "live servers on human speech, beside ours"),
            "peer-capacity": Action("loadtest.compare.peer_capacity", "streams through another"),
        },
        default="code",
    ),
    "attack": Verb(
        "what hostile clients cost",
        {
            "hostile": Action("loadtest.attack.hostile", "what an honest client feels of each"),
            "cost": Action("loadtest.attack.cost", "what one act costs the server"),
            "memory": Action("loadtest.attack.memory", "more open audio than there is memory"),
        },
    ),
    "soak": Verb(
        "mixed traffic for hours, and every fault",
        {
            "traffic": Action("loadtest.soak.traffic", "hours of it: history errors and leaks"),
            "faults": Action("loadtest.soak.faults", "each fault, and what others feel of it"),
        },
        default="traffic",
    ),
    "cluster": Verb(
        "several machines, as network namespaces: Ray, replicas and gateways",
        {
            "faults": Action("loadtest.cluster.faults", "everything dies once under live streams"),
        },
        default="faults",
    ),
    "model": Verb(
        "measure a model without a server",
        {
            "gpu": Action("loadtest.model.gpu", "the resident form: placement, parity, speed"),
            "integers": Action("loadtest.model.integers", "how often they hear unlike FP32"),
        },
    ),
}
