"""The whole set-up by pips of several ages, beside an index of later releases of every pin: minutes, on request.

``QDJUNCTION_PIPS="22.3 23.0.1 26.3" pytest tests/install/test_pips.py`` runs it; each downloads the lock.
"""

import functools
import os
import re
import subprocess
import sys
import threading
import venv
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import install
from support.environments import empty_wheel

VERSIONS = os.environ.get("QDJUNCTION_PIPS", "").split()
PINS = [
    Requirement(line.rstrip(" \\"))
    for line in install.LOCK.read_text(encoding="utf-8").splitlines()
    if re.match(r"[a-z0-9]", line)
]

pytestmark = pytest.mark.skipif(
    not VERSIONS, reason="takes minutes and downloads; set QDJUNCTION_PIPS='22.3 23.0.1 26.3' to run"
)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def later_releases(tmp_path_factory):
    """Address of an index with release 99.0 of every pin."""
    folder = tmp_path_factory.mktemp("index")
    for pin in PINS:
        name = canonicalize_name(pin.name)
        (folder / name).mkdir(exist_ok=True)
        empty_wheel(folder / name, name.replace("-", "_"), "99.0")
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


@pytest.mark.parametrize("version", VERSIONS or ["none"])
def test_the_lock_is_installed_and_nothing_later(version, later_releases, tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", later_releases)
    environment = tmp_path / "with blanks ü"
    venv.create(environment, symlinks=True)
    python = environment / "bin" / "python"
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", f"pip=={version}"], check=True
    )
    install.install(str(python))
    said = subprocess.run(
        [python, "-m", "pip", "list", "--format", "freeze"], capture_output=True, text=True, check=True
    )
    found = {
        canonicalize_name(name): number
        for name, _, number in (line.partition("==") for line in said.stdout.split())
    }
    assert found["pip"] == version
    pinned = {
        canonicalize_name(pin.name): str(pin.specifier)
        for pin in PINS
        if not pin.marker or pin.marker.evaluate()
    }
    assert {name: f"=={found.get(name)}" for name in pinned} == pinned
