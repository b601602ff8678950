"""What deploy/ray tells Ray is what the code is called and what gateways set themselves."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from streamer.engines.ray.environment import ENVIRONMENT
from streamer.engines.ray.policy import on_expected_load

RAY = Path(__file__).parents[2] / "deploy" / "ray"
SERVE = yaml.safe_load((RAY / "serve.yaml").read_text(encoding="utf-8"))
SERVICE = yaml.safe_load((RAY / "rayservice.yaml").read_text(encoding="utf-8"))


def test_the_service_of_kubernetes_deploys_an_application_of_serve_yaml() -> None:
    (application,) = yaml.safe_load(SERVICE["spec"]["serveConfigV2"])["applications"]
    assert application in SERVE["applications"]


def test_every_application_is_built_and_scaled_by_what_there_is() -> None:
    root = RAY.parents[1]
    for application in SERVE["applications"]:
        (engine,) = application["deployments"]
        policy = engine["autoscaling_config"]["policy"]["policy_function"]
        for path in (application["import_path"], policy):
            module, _, name = path.partition(":")
            source = (root / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")
            assert f"def {name}(" in source
        assert engine["autoscaling_config"]["min_replicas"] >= 1


def test_every_process_has_the_environment_that_gateways_set() -> None:
    exported = dict(
        re.findall(r"^export (\w+)=(\S+)$", (RAY / "environment.sh").read_text("utf-8"), re.M)
    )
    assert exported == ENVIRONMENT | {"RAY_AUTH_MODE": "token"}
    cluster = SERVICE["spec"]["rayClusterConfig"]
    assert cluster["authOptions"] == {"mode": "token"}
    for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"]):
        (container,) = group["template"]["spec"]["containers"]
        assert {one["name"]: one["value"] for one in container["env"]} == ENVIRONMENT


class Told:
    def __init__(self, *loads: float) -> None:
        self.aggregated_metrics: dict[str, Any] = {"expected_load": dict(enumerate(loads))}


def test_replicas_are_as_many_as_finals_need() -> None:
    assert on_expected_load(Told())[0] == 1
    assert on_expected_load(Told(0.1, 0.1))[0] == 1
    assert on_expected_load(Told(0.6))[0] == 1
    assert on_expected_load(Told(0.7))[0] == 2
    assert on_expected_load(Told(0.9, 0.9))[0] == 3
