"""The contract of Smart Turn v3.2, whose published file says nothing of itself."""

from __future__ import annotations

from streamer.turns.models.contract import FrontEnd, RuleThresholds, TurnContract

CONTRACT = TurnContract(
    name="smart-turn-v3.2",
    # Its model card's 23.
    languages=tuple(
        "ar bn da de en es fi fr hi id it ja ko mr nl no pl pt ru tr uk vi zh".split()  # noqa: SIM905
    ),
    front_end=FrontEnd(kind="whisper_log_mel", seconds=8, bands=80),
    input="input_features",
    output="logits",  # despite the name a sigmoid has been through it
    # Its best points on 400 turns of people with machines (eot-bench): it is good at hearing that
    # somebody hesitates, and bad at telling a finished sentence from a pause inside one.
    thresholds=RuleThresholds(auto=0.2, fast=0.05, patient=0.09),
)
