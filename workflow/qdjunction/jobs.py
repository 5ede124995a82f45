"""What every rule's script does around its own few lines: log, and keep to the study's failure policy."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from qdjunction import logs
from qdjunction.failures import recorded


@contextmanager
def running(job: Any, needs_all_inputs: bool = True) -> Iterator[None]:
    """Run the body of a rule's script; the body is left out where an input says that a step before has failed.

    Parameters
    ----------
    job : snakemake.script.Snakemake
        The script's ``snakemake``.
    needs_all_inputs : bool
        False for a step that copes with failures among its inputs.

    Raises
    ------
    SystemExit
        With status 1 after an error that was raised on purpose and is not recorded.
    """
    with logs.job(job.log[0], "/".join(job.wildcards) or job.rule), recorded(job, needs_all_inputs):
        yield
