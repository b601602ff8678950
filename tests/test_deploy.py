"""The examples of deploy/ fit the server that they are written for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from engines import CountingEngine
from servers import client, get, receive_all, running, send
from sounds import pcm, voice

from streamer.decoding.step_engine import EngineWork
from streamer.pipeline.memory_budget import ADMITTED
from streamer.server.http.uploads import FORM_BYTES, LARGEST_AT_ONCE
from streamer.server.server import FAREWELL_S
from streamer.settings import Settings

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
DASHBOARD = json.loads((DEPLOY / "grafana" / "streamer.json").read_text(encoding="utf-8"))
ALERTS = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text(encoding="utf-8"))
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
UNIT = (DEPLOY / "streamer.service").read_text(encoding="utf-8")

METRIC = r"\b(?:streamer|process)_[a-z_]+\b"
SELECTED = re.compile(rf"({METRIC})(?:\{{([^}}]*)\}})?")

MIB = 1 << 20

SPARE_S = FAREWELL_S + Settings().drain_timeout_s
"""What a server may take to end after SIGTERM."""


class WorkingEngine(CountingEngine):
    """Counts its work, as the real one does."""

    work = EngineWork(encoded_s=10, padding_s=1, drafted=5, accepted=4)


def manifests() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text(encoding="utf-8")))


def expressions() -> list[str]:
    panels = [
        target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", [])
    ]
    alerts = [rule["expr"] for group in ALERTS["groups"] for rule in group["rules"]]
    return panels + alerts


async def exposed(tmp_path: Path) -> str:
    """What a server that has served somebody tells Prometheus."""
    async with running(WorkingEngine(), record=tmp_path / "recordings") as server:
        host, port = server.address
        async with client(f"{host}:{port}") as ws:
            await ws.send(pcm(voice(2.0)))
            await send(ws, "stop")
            await receive_all(ws)
        return (await get(f"{host}:{port}", "/metrics"))[2].decode()


def names(text: str) -> Iterator[str]:
    for name, kind in re.findall(r"^# TYPE (\S+) (\w+)$", text, re.MULTILINE):
        if kind == "histogram":
            yield from (f"{name}_bucket", f"{name}_sum", f"{name}_count")
        else:
            yield name


async def test_every_metric_that_is_looked_at_exists(tmp_path: Path) -> None:
    text = await exposed(tmp_path)
    known = set(names(text))
    asked = {name for expr in expressions() for name, _ in SELECTED.findall(expr)}
    assert len(asked) > 25
    assert asked <= known


async def test_every_metric_is_looked_at(tmp_path: Path) -> None:
    told = set(re.findall(r"^# TYPE (streamer_\w+)", await exposed(tmp_path), re.MULTILINE))
    looked_at = " ".join(expressions())
    unseen = {name for name in told if name not in looked_at and not name.endswith("_created")}
    assert unseen <= {"streamer_info"}


async def test_labels_that_are_asked_for_exist(tmp_path: Path) -> None:
    text = await exposed(tmp_path)
    for expr in expressions():
        for name, selector in SELECTED.findall(expr):
            for label, value in re.findall(r'(\w+)="([^"]*)"', selector):
                if (name, value) in UNSEEN:
                    continue
                sample = rf'^{name}\{{[^}}]*\b{label}="{value}"'
                assert re.search(sample, text, re.MULTILINE), f"{name} has no {label}={value}"


UNSEEN = {
    ("streamer_events_total", "error"),
    ("streamer_refused_total", "overloaded"),
    ("streamer_recordings_total", "lost"),
}
"""Labels that come only with trouble; the tests of that trouble see them."""


def test_the_dashboard_has_one_panel_in_every_place() -> None:
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    places = [tuple(panel["gridPos"].values()) for panel in DASHBOARD["panels"]]
    assert len(set(places)) == len(places)
    sources = yaml.safe_load((DEPLOY / "grafana" / "datasources.yaml").read_text(encoding="utf-8"))
    known = {source["uid"] for source in sources["datasources"]}
    used = {panel["datasource"]["uid"] for panel in DASHBOARD["panels"] if "datasource" in panel}
    assert used == known


@pytest.mark.parametrize("service", ["prometheus", "grafana"])
def test_compose_mounts_what_there_is(service: str) -> None:
    for volume in COMPOSE["services"][service]["volumes"]:
        source = volume.split(":")[0]
        if source.startswith("."):
            assert (ROOT / source).exists(), source
        else:
            assert source in COMPOSE["volumes"]


def test_prometheus_finds_the_server_by_its_name_in_compose() -> None:
    config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    (target,) = config["scrape_configs"][0]["static_configs"][0]["targets"]
    host, port = target.split(":")
    for service in ("cpu", "gpu"):
        described = COMPOSE["services"][service]
        assert host in described["networks"]["default"]["aliases"]
        assert described["environment"]["STREAMER_PORT"] == port


def test_everybody_waits_until_the_drain_is_over() -> None:
    grace = COMPOSE["services"]["cpu"]["stop_grace_period"]
    assert int(grace.removesuffix("s")) > SPARE_S
    (stop,) = re.findall(r"^TimeoutStopSec=(\d+)$", UNIT, re.MULTILINE)
    assert int(stop) > SPARE_S
    pod = manifests()[0]["spec"]["template"]["spec"]
    pause = int(pod["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][1])
    assert pod["terminationGracePeriodSeconds"] > SPARE_S + pause


def test_memory_is_limited_to_what_so_many_sessions_need() -> None:
    settings = Settings()
    needed = 512 * MIB + round(2 / ADMITTED * settings.max_sessions * 1.5 * MIB)
    pod = manifests()[0]["spec"]["template"]["spec"]
    in_kubernetes = pod["containers"][0]["resources"]["limits"]["memory"]
    (by_systemd,) = re.findall(r"^MemoryMax=(\w+)$", UNIT, re.MULTILINE)
    for said in (in_kubernetes, by_systemd, default_of(COMPOSE["services"]["cpu"]["mem_limit"])):
        assert needed <= size(said) <= 2 * needed
    (tmp,) = [one["emptyDir"] for one in pod["volumes"] if "emptyDir" in one]
    uploads = LARGEST_AT_ONCE * (settings.max_upload_bytes + FORM_BYTES)
    assert size(tmp["sizeLimit"]) >= uploads


def test_compose_is_reached_from_this_machine_alone_unless_it_is_told_otherwise() -> None:
    for service in ("cpu", "gpu"):
        ports: list[str] = COMPOSE["services"][service]["ports"]
        assert all(port.startswith("${BIND:-127.0.0.1}:") for port in ports)


@pytest.mark.parametrize("proxy", ["Caddyfile", "nginx.conf"])
def test_metrics_are_not_published(proxy: str) -> None:
    assert re.search(r"/metrics\b.*404", (DEPLOY / proxy).read_text(encoding="utf-8"))


def test_a_pod_is_reached_at_its_port_alone() -> None:
    (policy,) = [one for one in manifests() if one["kind"] == "NetworkPolicy"]
    pod = manifests()[0]["spec"]["template"]
    assert policy["spec"]["podSelector"]["matchLabels"] == pod["metadata"]["labels"]
    named = [port["name"] for port in pod["spec"]["containers"][0]["ports"]]
    assert [port["port"] for one in policy["spec"]["ingress"] for port in one["ports"]] == named


def default_of(variable: str) -> str:
    """Of a variable as compose writes it."""
    return variable.removesuffix("}").partition(":-")[2]


def size(text: str) -> int:
    """Read what Kubernetes, systemd and compose write."""
    units = {"M": MIB, "G": 1024 * MIB}
    return int(text.upper().removesuffix("I")[:-1]) * units[text.upper().removesuffix("I")[-1]]


async def test_probes_ask_what_the_server_answers() -> None:
    container = manifests()[0]["spec"]["template"]["spec"]["containers"][0]
    async with running() as server:
        host, port = server.address
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            path = container[probe]["httpGet"]["path"]
            assert (await get(f"{host}:{port}", path))[0] == 200


def test_settings_in_the_examples_are_settings() -> None:
    container = manifests()[0]["spec"]["template"]["spec"]["containers"][0]
    given = [pair["name"] for pair in container["env"]]
    given += COMPOSE["services"]["gpu"]["environment"]
    given += re.findall(r"STREAMER_\w+", UNIT)
    known = {f"STREAMER_{name.upper()}" for name in Settings.model_fields}
    assert {name for name in given if name.startswith("STREAMER_")} <= known


def test_the_gpu_profile_starts_whatever_model_there_is() -> None:
    """`cuda` refuses the default model, which is INT8: a container would start for ever."""
    gpu = COMPOSE["services"]["gpu"]
    assert default_of(gpu["environment"]["STREAMER_PROVIDER"]) == "auto"
    assert any(volume.endswith(":/models:ro") for volume in gpu["volumes"])
    assert COMPOSE["x-streamer"]["volumes"][0] in gpu["volumes"]
