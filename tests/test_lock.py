"""The images' lock files satisfy pyproject.toml, by version and hash, and know no address."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SERVED = PROJECT["project"]["dependencies"] + PROJECT["project"]["optional-dependencies"]["hub"]
BUILD = PROJECT["build-system"]["requires"]
MACHINES = {"requirements.lock": 2, "requirements-build.lock": 2, "requirements-gpu.lock": 1}
"""For how many machines each is."""

ENTRY = re.compile(r"([a-z0-9-]+)==(\S+)((?: \\\n    --hash=sha256:[0-9a-f]{64})+)\n")


def text(name: str) -> str:
    return (ROOT / "deploy" / name).read_text(encoding="utf-8")


def versions(name: str) -> dict[str, str]:
    return {found[1]: found[2] for found in ENTRY.finditer(text(name))}


@pytest.mark.parametrize("name", MACHINES)
def test_a_lock_holds_versions_and_hashes_and_nothing_else(name: str) -> None:
    comment, entries = text(name).split("\n", 1)
    assert comment == "# Made by `make lock`; do not edit."
    assert versions(name)
    assert not ENTRY.sub("", entries)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        *(("requirements.lock", one) for one in SERVED),
        *(("requirements-build.lock", one) for one in BUILD),
    ],
)
def test_every_dependency_is_locked_in_a_version_that_fits(name: str, wanted: str) -> None:
    requirement = Requirement(wanted)
    assert versions(name)[canonicalize_name(requirement.name)] in requirement.specifier


@pytest.mark.parametrize("package", ["numpy", "onnxruntime", "uvloop", "webrtcvad-wheels"])
def test_what_is_compiled_is_there_for_both_machines(package: str) -> None:
    (hashes,) = (
        found[3] for found in ENTRY.finditer(text("requirements.lock")) if found[1] == package
    )
    assert hashes.count("sha256") == MACHINES["requirements.lock"]


def test_the_gpu_image_changes_the_runtime_and_nothing_else() -> None:
    served, gpu = versions("requirements.lock"), versions("requirements-gpu.lock")
    assert "onnxruntime-gpu" in gpu
    assert {name: served[name] for name in gpu if name in served} == {
        name: version for name, version in gpu.items() if name in served
    }
    assert "onnxruntime" not in gpu


def test_the_images_install_nothing_else() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    installs = re.findall(r"pip install --no-cache-dir (.*?)(?: \\)?$", dockerfile, re.MULTILINE)
    locked = [f"--require-hashes -r {name}" for name in MACHINES]
    assert sorted(installs) == sorted([*locked, "--no-deps /wheel/*.whl"])


def test_a_bill_of_materials_lists_what_the_lock_does() -> None:
    command = [sys.executable, "deploy/sbom.py", "deploy/requirements.lock"]
    written = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    told = json.loads(written)
    assert (told["bomFormat"], told["specVersion"]) == ("CycloneDX", "1.6")
    components = told["components"]
    assert {one["name"]: one["version"] for one in components} == versions("requirements.lock")
    hashes = [one["content"] for each in components for one in each["hashes"]]
    assert sorted(hashes) == sorted(re.findall(r"sha256:(\w+)", text("requirements.lock")))
    for one in components:
        assert one["purl"] == one["bom-ref"] == f"pkg:pypi/{one['name']}@{one['version']}"
