"""What every rule's script does around its own few lines: log, work alone, and keep to the study's failure policy."""

import json
import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from qdjunction.core import logs
from qdjunction.core.lock import run_lock
from qdjunction.study.failures import recorded

log = logging.getLogger(__name__)


@contextmanager
def running(job: Any, needs: Sequence[str] | None = None) -> Iterator[None]:
    """Run the body of a rule's script; the body is left out where an input says that a step before has failed.

    Parameters
    ----------
    job : snakemake.script.Snakemake
        The script's ``snakemake``.
    needs : sequence of str, optional
        Inputs without which the step cannot be done; by default all. It copes with failures among the others.

    Raises
    ------
    SystemExit
        With status 1 after an error that was raised on purpose and is not recorded.
    """
    name = "/".join(job.wildcards) or job.rule
    with logs.job(job.log[0], name), alone(job), recorded(job, needs):
        yield


@contextmanager
def alone(job: Any) -> Iterator[None]:
    """Keep two copies of a job from each other's outputs.

    A Snakemake that was killed leaves its jobs on the cluster; the next run submits them once more. The newcomer waits
    for the one at work. Where that did the very same, its outputs stand and the body is left out; otherwise the
    newcomer does its work over them, so what is newer always wins.
    """
    task = _task(job)
    first = Path(job.output[0])
    first.parent.mkdir(parents=True, exist_ok=True)
    with run_lock(first.parent, f".{job.rule}-{first.name}.lock", task, wait=True) as lock:
        if lock.waited_for == task and all(Path(path).exists() for path in job.output):
            log.info("done by the earlier copy of this job")
            # A context manager has no other way to leave out its body.
            sys.exit(0)
        yield


def _task(job: Any) -> str:
    """Checksum of all that the outputs depend on."""
    inputs = [(path, (status := Path(path).stat()).st_size, status.st_mtime_ns) for path in job.input]
    parts = {
        "rule": job.rule,
        "params": dict(job.params.items()),
        "inputs": inputs,
        "outputs": list(job.output),
    }
    return sha256(json.dumps(parts, default=str, sort_keys=True).encode()).hexdigest()
