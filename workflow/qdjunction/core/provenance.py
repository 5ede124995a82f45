"""Provenance of results: versions, host, times and digests of inputs."""

import platform
import subprocess
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import Any

from qdjunction import __version__
from qdjunction.core.installation import INSTALLED, workflow_folder

_BEGUN = datetime.now(UTC)
"""Time when this process loaded the module; each job of a study is a separate process."""

PACKAGES = (
    "ase", "matplotlib", "mkl", "netCDF4", "numpy", "pandas", "pyarrow", "scikit-learn", "scipy", "sisl", "snakemake",
    "tblite", "xarray",
)  # fmt: skip


def provenance(**more: Any) -> dict[str, Any]:
    """Return versions, host and times of this process, with `more`, such as digests of inputs and settings."""
    return {
        "qdjunction": __version__,
        "commit": commit(),
        "python": platform.python_version(),
        "packages": _versions(),
        "host": platform.node(),
        "machine": f"{platform.system()} {platform.machine()}",
        "begun": _BEGUN.isoformat(timespec="seconds"),
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        **more,
    }


def _versions() -> dict[str, str]:
    """Return the versions of the installed `PACKAGES`; the environments of some rules have no engine."""
    found = {}
    for name in PACKAGES:
        with suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


@cache
def commit() -> str:
    """Return the commit of the checkout in use, with ``+changes`` if files differ; empty outside of a checkout.

    The version of an installed package contains the commit unless that has a tag (``setup.py``). The folder of an
    installed package may lie in another repository, whose commit says nothing.
    """
    here = workflow_folder()
    if here == INSTALLED:
        return ""

    def git(*words: str) -> str:
        return subprocess.run(
            ["git", "-C", str(here), *words], capture_output=True, text=True, check=True, timeout=10
        ).stdout.strip()

    try:
        revision = git("rev-parse", "HEAD")
        return revision + ("+changes" if git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return ""


def digests(*paths: str | Path) -> dict[str, str]:
    """Return the SHA-256 of every file or folder by its path as given; see `digest`."""
    return {str(path): digest(path) for path in paths}


def digest(path: str | Path) -> str:
    """Return the SHA-256 of a file, or of the names and digests of all files in a folder."""
    if Path(path).is_dir():
        state = sha256()
        for file in sorted(file for file in Path(path).rglob("*") if file.is_file()):
            state.update(
                f"{digest(file)}  {file.relative_to(path).as_posix()}\n".encode(errors="surrogateescape")
            )
        return state.hexdigest()
    with Path(path).open("rb") as content:
        state = sha256()
        while block := content.read(1 << 20):
            state.update(block)
    return state.hexdigest()
