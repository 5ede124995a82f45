"""What every rule's script does around its own few lines: log, and keep to the study's failure policy."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from qdjunction import logs
from qdjunction.failures import recorded


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
    with logs.job(job.log[0], "/".join(job.wildcards) or job.rule), recorded(job, needs):
        yield
