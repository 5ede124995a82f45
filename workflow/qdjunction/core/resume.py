"""Results that survive the deletion of a job's outputs.

Snakemake deletes the outputs of a job before it runs it and after it fails. The results of such a job therefore remain
in its working folder under a second name, which contains the checksum of everything that they depend on.
"""

import json
import logging
import os
import shutil
from collections.abc import Callable, Iterable, Sequence
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


def resume(
    output: str | Path | Sequence[str | Path], workdir: str | Path, task: str, compute: Callable[..., None]
) -> None:
    """Compute a result, or take it from the working folder if the same task was completed before.

    Parameters
    ----------
    output : str or Path, or several
        Path of the result, or of each file of it.
    workdir : str or Path
        Working folder of the calculation. Results of other tasks for the same `output` are deleted from it.
    task : str
        See `task_key`.
    compute : callable
        Function that writes the result to a given path, atomically; it takes as many paths as there are outputs.
    """
    workdir = Path(workdir)
    outputs = [Path(path) for path in ([output] if isinstance(output, (str, Path)) else output)]
    kept = [workdir / f"{path.stem}-{task[:16]}{path.suffix}" for path in outputs]
    if all(path.exists() for path in kept):
        log.info("%s: computed before", outputs[0])
    else:
        compute(*kept)
    for path, own in zip(outputs, kept, strict=True):
        for other in workdir.glob(f"{path.stem}-{'[0-9a-f]' * 16}{path.suffix}"):
            if other != own:
                other.unlink()
        _second_name(own, path)


def _second_name(path: Path, other: Path) -> None:
    """Make `other` the same file as `path`, or a copy where the file system has no hard links."""
    with atomic_write(other) as temporary:
        temporary.unlink()
        try:
            os.link(path, temporary)
        except OSError:
            shutil.copyfile(path, temporary)
