"""What goes into a crate: the workflow, the study's settings, its results."""

import logging
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from qdjunction.core.errors import InputError
from qdjunction.core.provenance import digest
from qdjunction.core.schema import dump_yaml
from qdjunction.study.records import Record, read_record
from qdjunction.study.table import Study, study_values

log = logging.getLogger(__name__)

RESULTS = "results"
"""Folder of the results in the crate, whatever it was called where the study was run."""

WORKFLOW = ("Snakefile", "rules", "workflow", "envs", "profiles")
"""What Snakemake runs."""
ABOUT = ("CITATION.cff", "LICENSE", "Makefile", "pyproject.toml", "requirements.lock")
"""What the workflow needs to be installed and cited."""

_NO_RESULTS = ("cache", "work")
_NAMED = 5


@dataclass(frozen=True)
class Entry:
    """One file of the crate.

    Attributes
    ----------
    path : str
        Where in the crate, parts separated by ``/``.
    source : Path or bytes
        The file, or what stands in it.
    record : Record or None
        Who made it, for results.
    """

    path: str
    source: Path | bytes
    record: Record | None = None


def contents(study: Study, checkout: Path) -> list[Entry]:
    """List the files of a crate, in the order of their paths.

    Parameters
    ----------
    study : Study
        The study with its results folder.
    checkout : Path
        Where Snakefile and rules of the workflow stand.

    Raises
    ------
    InputError
        If there is no workflow in `checkout`.
    """
    results = [
        Entry(f"{RESULTS}/{path.relative_to(study.results).as_posix()}", path, read_record(path))
        for path in _result_files(study.results)
    ]
    made = [Entry(path, text.encode()) for path, text in _settings(study).items()]
    return sorted([*_workflow(checkout), *made, *_starts(study, results, checkout), *results], key=_path)


def _path(entry: Entry) -> str:
    return entry.path


def _workflow(checkout: Path) -> Iterator[Entry]:
    """The code: what lies in the checkout, apart from what Python and editors leave there."""
    for name in (*WORKFLOW, *ABOUT):
        top = checkout / name
        if not top.exists():
            raise InputError(
                f"{checkout}: has no {name}, so the crate cannot hold the workflow; run this from a checkout of it"
            )
        for path in [top] if top.is_file() else sorted(top.rglob("*")):
            parts = path.relative_to(checkout).parts
            hidden = any(
                part.startswith((".", "__pycache__")) or part.endswith(".egg-info") for part in parts
            )
            if path.is_file() and not path.is_symlink() and not hidden:
                yield Entry(PurePosixPath(*parts).as_posix(), path)


def _settings(study: Study) -> dict[str, str]:
    """Configuration and catalogue from the record of the study, as Snakemake reads them beside the results."""
    values = study_values(study)
    files = {"config.yaml": values["config"] | {"results": RESULTS}}
    files |= {f"clusters/{name}.yaml": entry for name, entry in values.get("clusters", {}).items()}
    return {path: dump_yaml(content) for path, content in files.items()}


def _starts(study: Study, results: list[Entry], checkout: Path) -> Iterator[Entry]:
    """What the structures were made from: their own files, and relaxed geometries of the catalogue; unchanged ones."""
    used = {sha256 for entry in results if entry.record for sha256 in inputs_of(entry.record).values()}
    for dot in study.dots:
        for path in dot.entry.input_files():
            if path.is_absolute() or ".." in path.parts or not path.is_file() or digest(path) not in used:
                log.warning(
                    "%s: left out, so that the crate cannot build %s again: not as the results used it, or not in the "
                    "folder that this runs in", path, dot.id,
                )  # fmt: skip
                continue
            yield Entry(path.as_posix(), path)
        for path in sorted((checkout / "clusters" / "relaxed").glob(f"{dot.id}_*.extxyz")):
            if digest(path) in used:
                yield Entry(f"clusters/relaxed/{path.name}", path)


def inputs_of(record: Record) -> Mapping[str, str]:
    """Digests of what a result was made from, by path; empty where the record is odd."""
    inputs = record.provenance.get("inputs")
    return inputs if isinstance(inputs, Mapping) else {}


def _result_files(root: Path) -> list[Path]:
    """All results. Nothing outside the folder gets in, whatever links lie in it."""
    inside, found, left_out = root.resolve(), [], []
    for here, folders, names in os.walk(root):
        kept = [name for name in folders if not name.startswith(".")]
        if Path(here) == root:
            kept = [name for name in kept if name not in _NO_RESULTS]
        left_out += [Path(here, name) for name in kept if Path(here, name).is_symlink()]
        folders[:] = sorted(kept)
        for name in names:
            path = Path(here, name)
            if name.startswith("."):
                continue
            if str(path.relative_to(root)).isprintable() and "\\" not in name and _is_inside(path, inside):
                found.append(path)
            else:
                left_out.append(path)
    if left_out:
        shown = ", ".join(repr(str(path.relative_to(root))) for path in sorted(left_out)[:_NAMED])
        more = f" and {len(left_out) - _NAMED} more" if len(left_out) > _NAMED else ""
        log.warning(
            "%s: left out %s%s: links to folders or out of the results, no plain files, or names that not every "
            "system can hold; copy or rename what belongs to the study", root, shown, more,
        )  # fmt: skip
    return found


def _is_inside(path: Path, folder: Path) -> bool:
    """Whether a path leads to a regular file in the folder."""
    try:
        return path.resolve().is_relative_to(folder) and path.is_file()
    except (OSError, RuntimeError):  # a link to itself
        return False
