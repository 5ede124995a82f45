"""A real Snakemake on the study of a folder, its `study.yaml`."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from support.paths import ROOT
from support.processes import environment, run


def command(folder: Path, *words: object) -> list[str]:
    """Return the command that runs the study of a folder on two cores; an option in `words` takes precedence."""
    options = ("--directory", folder, "--configfile", folder / "study.yaml", "--cores", 2)
    return ["snakemake", "--snakefile", str(ROOT / "Snakefile"), *map(str, (*options, *words))]


def snakemake(folder: Path, *words: object, timeout: float = 900) -> subprocess.CompletedProcess[str]:
    """Run the study of a folder; a step that waits for ever ends in a timeout."""
    return run(*command(folder, *words), timeout=timeout)


def finish(folder: Path, *words: object, timeout: float = 900) -> str:
    """Run the study of a folder, which must succeed, and return what Snakemake wrote."""
    done = snakemake(folder, *words, timeout=timeout)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def start(folder: Path, *words: object) -> subprocess.Popen[bytes]:
    """Start the study of a folder in a process group of its own, which `kill` ends."""
    return subprocess.Popen(
        command(folder, *words), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment(),
        start_new_session=True,
    )  # fmt: skip


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and its group."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_until(
    process: subprocess.Popen[bytes], reached: Callable[[], bool], what: str, timeout: float = 300
) -> None:
    """Wait until `reached` says that a process has got to `what`; fail if it ends before, or takes too long."""
    deadline = time.monotonic() + timeout
    while not reached():
        assert process.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < deadline, f"the run did not get to {what}"
        time.sleep(0.02)


def rules_of(output: str) -> list[str]:
    """Return the rules of the jobs that Snakemake planned or ran, one entry a job."""
    return re.findall(r"^(?:local)?rule (\w+):", output, re.MULTILINE)
