"""Relaxations of several structures, whose energies are compared."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from qdjunction.core.errors import InputError
from qdjunction.core.results import Result, read_result
from qdjunction.study.failures import Failure, read_failure
from qdjunction.study.results import RelaxationRecord

R = TypeVar("R", bound=Result)


def read_results(kind: type[R], paths: Mapping[str, str | Path]) -> tuple[dict[str, R], dict[str, Failure]]:
    """Return the records of structures, and the failures of the others, by name.

    Parameters
    ----------
    kind : type
        Class of the records, such as `RelaxationRecord`.
    paths : mapping of str to path
        File of each structure, or a record of its failure.
    """
    failures = {name: failure for name, path in paths.items() if (failure := read_failure(path))}
    return {name: read_result(kind, path) for name, path in paths.items() if name not in failures}, failures


def require_one_method(records: Iterable[RelaxationRecord], what: str) -> None:
    """Refuse structures that were relaxed by different methods.

    The settings of an SCF may differ by further tries alone, which the method does not depend on.

    Raises
    ------
    InputError
        If there are several methods; begins with `what`.
    """
    methods = {record.engine.method for record in records}
    if len(methods) > 1:
        raise InputError(
            f"{what}: its structures were relaxed by {', '.join(sorted(methods))}; energies of different methods have "
            "no common zero; relax all with one"
        )
