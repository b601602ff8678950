"""Real proxies before a server, as deploy/ or their makers' examples configure them."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

DEPLOY = Path(__file__).parents[2] / "deploy"

DOCUMENTED = """
map $http_upgrade $connection_upgrade {
    default upgrade;
    ''      close;
}
server {
    listen 127.0.0.1:PORT;
    location / {
        proxy_pass http://SERVER;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $connection_upgrade;
    }
}
"""
"""What nginx.org documents for WebSockets: Host is the server's address then, not the page's."""

_WHOLE = """
pid PLACE/nginx.pid;
error_log PLACE/error.log;
daemon off;
worker_processes 1;
events {}
http {
    access_log off;
    client_body_temp_path PLACE/body;
    proxy_temp_path PLACE/proxy;
    fastcgi_temp_path PLACE/fastcgi;
    uwsgi_temp_path PLACE/uwsgi;
    scgi_temp_path PLACE/scgi;
    include PLACE/site.conf;
}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def documented_nginx(server: str, place: Path, port: int, more: str = "") -> Generator[str]:
    """Run nginx with its documented example, and `more`, before a server; yields its address."""
    site = DOCUMENTED.replace("PORT", str(port)).replace("SERVER", server + more)
    with _nginx(site, place, port):
        yield f"http://localhost:{port}"


@contextmanager
def our_nginx(server: str, place: Path, port: int) -> Generator[str]:
    """Run nginx with the configuration of deploy/, and a certificate for tests."""
    site = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    for ours, theirs in (
        ("127.0.0.1:8000", server),
        ("listen 443", f"listen 127.0.0.1:{port}"),
        ("/etc/ssl/speech.example/fullchain.pem", f"{place}/both.pem"),
        ("/etc/ssl/speech.example/privkey.pem", f"{place}/both.pem"),
    ):
        assert ours in site
        site = site.replace(ours, theirs)
    _certificate(place)
    with _nginx(site, place, port):
        yield f"https://localhost:{port}"


@contextmanager
def our_caddy(server: str, place: Path, port: int) -> Generator[str]:
    """Run Caddy with the configuration of deploy/, without TLS, which would ask for authorities."""
    environment = {"DOMAIN": f"http://localhost:{port}", "STREAMER": server, "HOME": str(place)}
    config = place / "Caddyfile"
    ours = (DEPLOY / "Caddyfile").read_text(encoding="utf-8")
    config.write_text(f"{{\n\tadmin off\n}}\n{ours}", encoding="utf-8")  # its port is one for all
    options = ["--config", str(config), "--adapter", "caddyfile"]
    with _running(["caddy", "run", *options], port, environment):
        yield f"http://localhost:{port}"


@contextmanager
def _nginx(site: str, place: Path, port: int) -> Generator[None]:
    (place / "site.conf").write_text(site, encoding="utf-8")
    (place / "nginx.conf").write_text(_WHOLE.replace("PLACE", str(place)), encoding="utf-8")
    with _running(["nginx", "-p", str(place), "-c", str(place / "nginx.conf")], port, {}):
        yield


def _certificate(place: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(place / "authority.pem")
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(
        place / "both.pem"
    )


@contextmanager
def _running(command: Sequence[str], port: int, environment: dict[str, str]) -> Generator[None]:
    path = f"{os.environ['PATH']}:/usr/sbin"
    program = shutil.which(command[0], path=path)
    if program is None:
        pytest.skip(f"{command[0]} is not installed")
    environment = {**os.environ, **environment}
    with subprocess.Popen(
        [program, *command[1:]], env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            _wait(process, port)
            yield
        finally:
            process.terminate()


def _wait(process: subprocess.Popen[str], port: int) -> None:
    for _ in range(200):
        if process.poll() is not None:
            assert process.stderr is not None
            raise AssertionError(process.stderr.read())
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("the proxy does not listen")
