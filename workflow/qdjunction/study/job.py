"""Context of every rule's script: logging, locking and the study's failure policy."""

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
def running(job: Any, required: Sequence[str] | None = None) -> Iterator[None]:
    """Run the body of a rule's script; the body is skipped if an input records that an earlier step has failed.

    Parameters
    ----------
    job : snakemake.script.Snakemake
        The script's ``snakemake``.
    required : sequence of str, optional
        Inputs without which the step cannot run; by default all. The step handles failures among the others.

    Raises
    ------
    SystemExit
        With status 1 after a `QdjunctionError` that is not recorded.
    """
    name = "/".join(job.wildcards) or job.rule
    with logs.job(job.log[0], name), exclusive(job), recorded(job, required):
        yield


@contextmanager
def exclusive(job: Any) -> Iterator[None]:
    """Prevent two copies of a job from writing to the same outputs.

    A killed Snakemake leaves its jobs on the cluster, and the next run submits them once more. The second copy waits
    for the first. If the first did the same task, its outputs are used and the body is skipped; otherwise the second
    copy overwrites them, so that the newer result always remains.
    """
    task = _task(job)
    first = Path(job.output[0])
    first.parent.mkdir(parents=True, exist_ok=True)
    with run_lock(first.parent, f".{job.rule}-{first.name}.lock", task, wait=True) as lock:
        if lock.waited_for == task and all(Path(path).exists() for path in job.output):
            log.info("done by the earlier copy of this job")
            # A context manager has no other way to skip its body.
            sys.exit(0)
        yield


def _task(job: Any) -> str:
    """Return the checksum of everything that the outputs depend on."""
    inputs = [(path, (status := Path(path).stat()).st_size, status.st_mtime_ns) for path in job.input]
    parts = {
        "rule": job.rule,
        "params": dict(job.params.items()),
        "inputs": inputs,
        "outputs": list(job.output),
    }
    return sha256(json.dumps(parts, default=str, sort_keys=True).encode()).hexdigest()
