"""Failed calculations: with ``on_failure: record`` the reason of a failure takes the place of its results.

A record is a small JSON file at the path of each result of the failed step. Steps that depend on one of them copy it to
their own outputs, so that everything that depends on a failure states why it is missing, and nothing else is affected.
To make Snakemake try again, delete the records (``qdjunction failures RESULTS --forget``).
"""

import json
import logging
import os
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from qdjunction.core.errors import (
    AnalysisError,
    EngineError,
    InputError,
    MachineError,
    QdjunctionError,
    StructureError,
    TransportError,
)
from qdjunction.core.files import write_json
from qdjunction.core.provenance import Provenance, digests, provenance
from qdjunction.study import layout

log = logging.getLogger(__name__)

STUDY_CASE = "study"
"""Case of a step that covers several dots."""

_KEY = "no_result"
_HEAD = f'{{\n "{_KEY}": {{'.encode()
_NO_RESULTS = (layout.BENCHMARKS, layout.LOGS, layout.REPORT, layout.WORK)


@dataclass(frozen=True)
class Failure:
    """Record of a failed calculation.

    Attributes
    ----------
    step : str
        Rule that failed, e.g. ``relax``.
    case : str
        Dot, or junction such as ``12Pb_MAPbBr3/L-R3``, that was to be computed; `STUDY_CASE` for a step that covers
        several dots.
    error : str
        Name of the error class in `qdjunction.core.errors`.
    reason : str
        One sentence.
    provenance : Provenance
        Versions, host, time.
    """

    step: str
    case: str
    error: str
    reason: str
    provenance: Provenance = field(default_factory=Provenance, compare=False)

    def __str__(self) -> str:
        return f"{self.step} of {self.case}: {self.reason}"


class EarlierFailureError(QdjunctionError):
    """A step that cannot run because an earlier step has failed."""

    def __init__(self, failure: Failure):
        super().__init__(f"there is no result to start from ({failure})")
        self.failure = failure


@contextmanager
def recorded(job: Any, required: Sequence[str] | None = None) -> Iterator[None]:
    """Run the body of a rule's script under the study's failure policy; see `recorded_case`.

    The body is skipped if an input is a record; the outputs are then copies of it.

    Parameters
    ----------
    job : snakemake.script.Snakemake
        The script's ``snakemake``.
    required : sequence of str, optional
        Inputs without which the step cannot run; by default all. The step handles records among the others.
    """
    begun = False
    with recorded_case(job, "", job.output):
        require_results(*(job.input if required is None else required))
        begun = True
        yield
    if not begun:
        # A context manager has no other way to skip its body.
        sys.exit(0)


@contextmanager
def recorded_case(job: Any, name: str, outputs: Iterable[str | Path], step: str = "") -> Iterator[None]:
    """Run the body for a job, or for one of its cases, under the study's failure policy.

    With ``on_failure: record`` a scientific failure (`StructureError`, `EngineError`, `TransportError`,
    `AnalysisError`) is recorded in every output and the job continues; so is a missing earlier result, see
    `require_results`. With ``stop`` the error propagates. Only scientific failures are recorded; any other error,
    including `MachineError`, fails the job, which the profile may then retry.

    Parameters
    ----------
    job : snakemake.script.Snakemake
        The script's ``snakemake``.
    name : str
        The case, e.g. the junction ``L-R3`` of the dot of the job; empty for the entire job.
    outputs : iterable of path
        Files in which a failure is recorded.
    step : str
        Name of the step; by default that of the rule.
    """
    try:
        yield
        return
    except MachineError:
        raise
    except EarlierFailureError as error:
        if _stops(job):
            raise
        log.warning("not done: %s", error)
        failure = error.failure
    except (StructureError, EngineError, TransportError, AnalysisError) as error:
        if _stops(job):
            raise
        case = "/".join(dict.fromkeys(filter(None, [*job.wildcards, name]))) or STUDY_CASE
        inputs = digests(*filter(os.path.exists, job.input))
        failure = Failure(step or job.rule, case, type(error).__name__, str(error), provenance(inputs=inputs))
        log.error("recorded as failed: %s", error)
    for path in outputs:
        _write(failure, path)


def require_results(*paths: str | Path) -> None:
    """Refuse records of failures among results that a step requires.

    Raises
    ------
    EarlierFailureError
        If one of the files is a record.
    """
    for path in paths:
        if failure := read_failure(path):
            raise EarlierFailureError(failure)


def _stops(job: Any) -> bool:
    return bool(job.config.get("on_failure") == "stop")


def read_failure(path: str | Path) -> Failure | None:
    """Return the failure recorded in place of a result; None for a result or a missing file.

    Raises
    ------
    InputError
        If the record is damaged.
    """
    try:
        with Path(path).open("rb") as file:
            if file.read(len(_HEAD)) != _HEAD:
                return None
        content = Path(path).read_bytes()
    except (FileNotFoundError, IsADirectoryError):
        return None
    except OSError as error:
        raise _damaged(path, error) from None
    return _failure(content, path)


def find_failures(results: str | Path, dots: Collection[str] | None = None) -> dict[Failure, list[Path]]:
    """Return the failures of a study, each with the files that record it: its outputs and what depends on them.

    Parameters
    ----------
    results : str or Path
        The study's results folder.
    dots : collection of str, optional
        Restrict the search to these dots.

    Raises
    ------
    InputError
        If there is no such folder.
    """
    root = Path(results)
    if not root.is_dir():
        raise InputError(f"{root}: there is no such folder; name the results folder of a study")
    found: dict[Failure, list[Path]] = {}
    for path in _result_files(root, dots):
        if failure := read_failure(path):
            found.setdefault(failure, []).append(path)
    return found


def forget_failures(results: str | Path) -> int:
    """Delete the failure records of a study, so that Snakemake repeats these steps; return the number of failures.

    Whatever was made in spite of them is deleted as well, such as the series of a dot, a cover or a page: Snakemake
    creates a missing file only if a target requires it.

    Raises
    ------
    InputError
        If there is no such folder.
    """
    root = Path(results)
    found = find_failures(root)
    records = {path for paths in found.values() for path in paths}
    made = _made_from(root, records)
    for path in records | made:
        path.unlink(missing_ok=True)
        dot = root / path.relative_to(root).parts[0]
        for page in (dot / layout.REPORT / layout.PAGE, root / layout.REPORT / layout.PAGE):
            if page.exists():  # What covers several dots lies in no folder of one.
                page.unlink()
    return len(found)


def _made_from(root: Path, gone: Collection[Path]) -> set[Path]:
    """Return the records whose provenance names one of these files, or a record that does."""
    inputs: dict[Path, list[str]] = {}
    for path in _result_files(root, None):
        if path.suffix == ".json":
            try:
                values = json.loads(path.read_bytes())
            except (ValueError, RecursionError):
                continue
            made_from = values.get("provenance") if isinstance(values, dict) else None
            if isinstance(made_from, dict) and isinstance(made_from.get("inputs"), dict):
                inputs[path] = list(made_from["inputs"])
    made, new = set[Path](), set(gone)
    while new:
        # Paths are recorded as the run gave them, relative to its folder or absolute.
        ends = tuple(f"/{path.relative_to(root).as_posix()}" for path in new)
        new = {path for path, names in inputs.items() if any(f"/{name}".endswith(ends) for name in names)}
        new -= made | set(gone)
        made |= new
    return made


def _result_files(root: Path, dots: Collection[str] | None) -> Iterable[Path]:
    names = sorted(os.listdir(root)) if dots is None else dots
    for folder in (root / name for name in names if name not in _NO_RESULTS):
        if folder.is_file() and not folder.name.startswith("."):
            yield folder
        for here, below, files in os.walk(folder):
            below.sort()
            # Hidden files are not complete yet.
            yield from (Path(here, name) for name in sorted(files) if not name.startswith("."))


def _failure(content: bytes, source: str | Path) -> Failure:
    """Return the failure of a record."""
    try:
        values = json.loads(content)[_KEY]
        failure = Failure(**values | {"provenance": Provenance.model_validate(values.get("provenance", {}))})
        if not all(
            isinstance(word, str) for word in (failure.step, failure.case, failure.error, failure.reason)
        ):
            raise TypeError("its values are not texts")
        return failure
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _damaged(source, error) from None


def _damaged(source: str | Path, error: Exception) -> InputError:
    return InputError(f"{source}: a damaged record of a failure ({error}); delete the file and run again")


def _write(failure: Failure, path: str | Path) -> None:
    write_json({_KEY: asdict(failure) | {"provenance": failure.provenance.values}}, path)
