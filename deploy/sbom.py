"""Write what an image holds of Python packages, as CycloneDX 1.6 JSON, from its lock file.

    python3 deploy/sbom.py deploy/requirements.lock > sbom.json        # or `make sbom`

The same lock gives the same bytes: there is neither a time nor a random number in it.
"""

from __future__ import annotations

import json
import re
import sys
import uuid
from pathlib import Path
from typing import Any

ENTRY = re.compile(r"([a-z0-9-]+)==(\S+)((?: \\\n    --hash=sha256:[0-9a-f]{64})+)\n")
"""As `lock.py` writes a package."""


def main(arguments: list[str]) -> int:
    """Read the lock files that are named, and write one list of all of them."""
    if not arguments:
        print("sbom.py needs lock files: requirements.lock, ...", file=sys.stderr)
        return 2
    lock = "".join(Path(one).read_text(encoding="utf-8") for one in arguments)
    print(json.dumps(bill(lock), indent=2))
    return 0


def bill(lock: str) -> dict[str, Any]:
    """List the packages of a lock file."""
    packages = {entry[1]: component(*entry.groups()) for entry in ENTRY.finditer(lock)}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, lock)}",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "streamer"}},
        "components": [packages[name] for name in sorted(packages)],
    }


def component(name: str, version: str, hashes: str) -> dict[str, Any]:
    """Describe a package; each machine has a wheel, and a hash, of its own."""
    address = f"pkg:pypi/{name}@{version}"
    found = re.findall(r"sha256:([0-9a-f]{64})", hashes)
    return {
        "type": "library",
        "bom-ref": address,
        "name": name,
        "version": version,
        "purl": address,
        "hashes": [{"alg": "SHA-256", "content": one} for one in found],
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
