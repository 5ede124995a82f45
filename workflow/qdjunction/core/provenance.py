"""Provenance of results: versions, host, times and digests of inputs."""

import platform
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from qdjunction import __version__
from qdjunction.core.installation import INSTALLED, workflow_folder

_BEGUN = datetime.now(UTC)
"""Time when this process loaded the module; each job of a study is a separate process."""

PACKAGES = (
    "ase", "matplotlib", "mkl", "netCDF4", "numpy", "pandas", "pyarrow", "scikit-learn", "scipy", "sisl", "snakemake",
    "tblite", "xarray",
)  # fmt: skip


class Provenance(BaseModel):
    """Where a result comes from; what a file of another version lacks is empty.

    Attributes
    ----------
    qdjunction, commit : str
        Version, and commit of the checkout (see `commit`).
    python, packages : str, mapping of str to str
        Versions of Python and of the installed `PACKAGES`.
    host, machine : str
        Name of the computer; operating system and architecture.
    begun, time : str
        Start of the process, and time of this record (ISO 8601, UTC).
    inputs : mapping of str to str
        SHA-256 of each input, by its path.
    settings : mapping
        Settings of the calculation, as plain values.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    qdjunction: str = ""
    commit: str = ""
    python: str = ""
    packages: dict[str, str] = Field(default_factory=dict)
    host: str = ""
    machine: str = ""
    begun: str = ""
    time: str = ""
    inputs: dict[str, str] = Field(default_factory=dict)
    settings: dict[str, Any] = Field(default_factory=dict)

    @property
    def values(self) -> dict[str, Any]:
        """The fields that are set, for files."""
        return self.model_dump(exclude_unset=True)


def provenance(
    inputs: Mapping[str, str] | None = None, settings: Mapping[str, Any] | None = None
) -> Provenance:
    """Return versions, host and times of this process with the inputs and settings of a calculation.

    Parameters
    ----------
    inputs : mapping of str to str, optional
        Digests of the inputs, by path; see `digests`.
    settings : mapping, optional
        Settings as plain values.
    """
    given = {"inputs": inputs, "settings": settings}
    return Provenance(
        qdjunction=__version__,
        commit=commit(),
        python=platform.python_version(),
        packages=_versions(),
        host=platform.node(),
        machine=f"{platform.system()} {platform.machine()}",
        begun=_BEGUN.isoformat(timespec="seconds"),
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        **{key: value for key, value in given.items() if value is not None},  # type: ignore[arg-type]
    )


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
