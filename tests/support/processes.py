"""Programs of this environment, run to their end."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.paths import ROOT


def environment(*folders: str | Path, **variables: str) -> dict[str, str]:
    """Return the environment of a process that finds this Python's programs and this checkout's library first.

    Parameters
    ----------
    *folders : str or Path
        Where modules are looked up before the library.
    **variables : str
        Further variables.
    """
    modules = [*map(str, folders), str(ROOT / "workflow"), os.environ.get("PYTHONPATH", "")]
    return os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(filter(None, modules)),
        **variables,
    }


def run(
    *words: object,
    cwd: str | Path | None = None,
    env: dict[str, str] | None = None,
    timeout: float = 600,
) -> subprocess.CompletedProcess[str]:
    """Run a program and return what it wrote, whatever its exit status."""
    return subprocess.run(
        list(map(str, words)), cwd=cwd, env=env or environment(), capture_output=True, text=True, check=False,
        timeout=timeout,
    )  # fmt: skip


def python(
    *words: object, cwd: str | Path | None = None, env: dict[str, str] | None = None, timeout: float = 600
) -> subprocess.CompletedProcess[str]:
    """Run this Python and return what it wrote, whatever its exit status."""
    return run(sys.executable, *words, cwd=cwd, env=env, timeout=timeout)


def preloaded(code: str, folder: Path) -> Path:
    """Compile C functions that stand in for those of the C library where LD_PRELOAD names the result."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("needs Linux and a C compiler, to replace a function of the C library")
    source, library = folder / "replaced.c", folder / "replaced.so"
    source.write_text(code)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
    return library
