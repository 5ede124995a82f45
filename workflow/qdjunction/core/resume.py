"""Results that survive the deletion of a job's outputs.

Snakemake deletes the outputs of a job before it runs it and after it fails. The results of such a job therefore remain
in its working folder under a second name, which contains the checksum of everything that they depend on.
"""

import json
import logging
import os
import shutil
from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

from qdjunction import __version__
from qdjunction.core.files import atomic_write
from qdjunction.core.provenance import commit

log = logging.getLogger(__name__)


def task_key(inputs: Iterable[str], **settings: Any) -> str:
    """Return the checksum of everything that a result depends on, including version and commit of this package.

    Parameters
    ----------
    inputs : iterable of str
        Digests of the input files.
    **settings
        Plain values, as JSON supports them.
    """
    parts = {"qdjunction": __version__, "commit": commit(), "inputs": list(inputs), **settings}
    return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def resume(output: str | Path, workdir: str | Path, task: str, compute: Callable[[Path], None]) -> None:
    """Compute a result, or take it from the working folder if the same task was completed before.

    Parameters
    ----------
    output : str or Path
        Path of the result.
    workdir : str or Path
        Working folder of the calculation. Results of other tasks for the same `output` are deleted from it.
    task : str
        See `task_key`.
    compute : callable
        Function that writes the result to a given path, atomically.
    """
    output, workdir = Path(output), Path(workdir)
    kept = workdir / f"{output.stem}-{task[:16]}{output.suffix}"
    if kept.exists():
        log.info("%s: computed before", output)
    else:
        compute(kept)
    for other in workdir.glob(f"{output.stem}-{'[0-9a-f]' * 16}{output.suffix}"):
        if other != kept:
            other.unlink()
    _second_name(kept, output)


def _second_name(path: Path, other: Path) -> None:
    """Make `other` the same file as `path`, or a copy where the file system has no hard links."""
    with atomic_write(other) as temporary:
        temporary.unlink()
        try:
            os.link(path, temporary)
        except OSError:
            shutil.copyfile(path, temporary)
