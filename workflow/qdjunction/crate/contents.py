"""Contents of a crate: the workflow, the study's settings, its results."""

import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from qdjunction.core.errors import InputError
from qdjunction.core.installation import INSTALLED, LIBRARY
from qdjunction.core.provenance import digest
from qdjunction.core.yaml import dump_yaml
from qdjunction.study.records import Record, read_record
from qdjunction.study.study_file import study_values
from qdjunction.study.table import Study

log = logging.getLogger(__name__)

RESULTS = "results"
"""Folder of the results in the crate, whatever its name was when the study ran."""

WORKFLOW = ("Snakefile", "rules", "workflow", "envs", "profiles")
"""Files and folders that Snakemake runs."""
ABOUT = ("CITATION.cff", "LICENSE", "Makefile", "pyproject.toml", "requirements.lock", "setup.py")
"""Files required to install and cite the workflow."""

_NO_RESULTS = ("cache", "work")
_NAMED = 5


@dataclass(frozen=True)
class Entry:
    """One file of the crate.

    Attributes
    ----------
    path : str
        Path in the crate, with parts separated by ``/``.
    source : Path or bytes
        The file, or its content.
    record : Record or None
        Provenance record, for results.
    """

    path: str
    source: Path | bytes
    record: Record | None = None


def contents(study: Study, checkout: Path) -> list[Entry]:
    """Return the files of a crate, sorted by path.

    Parameters
    ----------
    study : Study
        The study with its results folder.
    checkout : Path
        Folder with the Snakefile and rules of the workflow, see `core.installation.workflow_folder`.

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
    """Yield the code, laid out as in a checkout, except files left by Python and editors."""
    tops = {name: checkout / name for name in (*WORKFLOW, *ABOUT)}
    for name, top in tops.items():
        if not top.exists():
            raise InputError(
                f"{checkout}: has no {name}, so the crate cannot include the workflow; run this from a checkout of it"
            )
    if checkout == INSTALLED:
        tops |= {
            f"workflow/{LIBRARY.name}/{path.name}": path for path in LIBRARY.iterdir() if path != INSTALLED
        }
    for name, top in tops.items():
        for path in [top] if top.is_file() else sorted(top.rglob("*")):
            inside = PurePosixPath(name, *path.relative_to(top).parts)
            hidden = any(
                part.startswith((".", "__pycache__")) or part.endswith(".egg-info") for part in inside.parts
            )
            if path.is_file() and not path.is_symlink() and not hidden:
                yield Entry(inside.as_posix(), path)


def _settings(study: Study) -> dict[str, str]:
    """Return configuration and catalogue from the record of the study, as files that Snakemake can read."""
    values = study_values(study)
    files = {"config.yaml": values["config"] | {"results": RESULTS}}
    for dot in (*study.dots, *study.covers):
        files |= {
            f"clusters/{path}": content for path, content in dot.entry.catalogue_files(dot.definition).items()
        }
    return {path: dump_yaml(content) for path, content in files.items()}


def _starts(study: Study, results: list[Entry], checkout: Path) -> Iterator[Entry]:
    """Yield the unchanged inputs of the structures: their own files, and relaxed geometries of the catalogue."""
    used = {sha256 for entry in results if entry.record for sha256 in entry.record.provenance.inputs.values()}
    for dot in (*study.dots, *study.covers):
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


def _result_files(root: Path) -> list[Path]:
    """Return all results. Links to files outside of the folder are not followed."""
    inside, found, left_out = root.resolve(), [], []
    for here, folders, names in os.walk(root):
        included = [name for name in folders if not name.startswith(".")]
        if Path(here) == root:
            included = [name for name in included if name not in _NO_RESULTS]
        left_out += [Path(here, name) for name in included if Path(here, name).is_symlink()]
        folders[:] = sorted(included)
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
            "%s: left out %s%s: links to folders or out of the results, special files, or names that not every "
            "system supports; copy or rename what belongs to the study", root, shown, more,
        )  # fmt: skip
    return found


def _is_inside(path: Path, folder: Path) -> bool:
    """Return whether a path leads to a regular file in the folder."""
    try:
        return path.resolve().is_relative_to(folder) and path.is_file()
    except (OSError, RuntimeError):  # a link to itself
        return False
