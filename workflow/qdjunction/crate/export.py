"""Writing the crate as one zip file, with the same bytes for the same results."""

import json
import logging
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import IO

from qdjunction.core.errors import InputError
from qdjunction.core.files import atomic_write
from qdjunction.core.installation import workflow_folder
from qdjunction.crate.contents import Entry, contents
from qdjunction.crate.metadata import METADATA, Described, People, metadata, readme
from qdjunction.study.study_file import read_study

log = logging.getLogger(__name__)

_BLOCK = 1 << 20
_REPORT_INTERVAL_S = 5.0


def write_crate(
    results: str | Path, output: str | Path, people: People | None = None, checkout: str | Path | None = None
) -> None:
    """Export a finished study: workflow, settings, results and their provenance.

    Parameters
    ----------
    results : str or Path
        Results folder of the study.
    output : str or Path
        The ``.zip`` file to write, atomically.
    people : People, optional
        Author of the study and licence of its results.
    checkout : str or Path, optional
        Folder of the workflow's Snakefile; by default that of qdjunction, see `core.installation`.

    Raises
    ------
    InputError
        If the study or the workflow is missing, or the output is not a zip file or lies in the results.
    """
    study, output = read_study(results), Path(output)
    if output.suffix != ".zip":
        raise InputError(f"{output}: a crate is written as one zip file; use a name that ends in .zip")
    if output.resolve().is_relative_to(study.results.resolve()):
        raise InputError(f"{output}: lies in the results that it contains; write it beside them")
    log.info("%s: reading the provenance of each file", results)
    entries = contents(study, Path(checkout) if checkout else workflow_folder())
    size = sum(_size(entry) for entry in entries)
    log.info("%s: %d files, %.1f MB", results, len(entries), size / 1e6)
    described: list[Described] = []
    with atomic_write(output) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        for folder in sorted({folder for entry in entries for folder in _folders(entry.path)}):
            archive.writestr(zip_entry(f"{folder}/", 0o40755), b"")
        done, reported = 0, time.monotonic()
        for entry in entries:
            described.append(_put(archive, entry))
            done += described[-1].size
            if time.monotonic() - reported > _REPORT_INTERVAL_S:
                reported = time.monotonic()
                log.info("packed %.1f of %.1f MB", done / 1e6, size / 1e6)
        described.append(_put(archive, Entry("README.md", readme(study).encode())))
        graph = metadata(study, described, people or People())
        _put(archive, Entry(METADATA, (json.dumps(graph, indent=1) + "\n").encode()))
    _warn_of_changes(described)
    log.info("wrote %s: %.1f MB", output, output.stat().st_size / 1e6)


def _put(archive: zipfile.ZipFile, entry: Entry) -> Described:
    """Add a file and return its description; the digest is that of the packed bytes."""
    state, size = sha256(), 0
    with (
        _opened(entry) as blocks,
        archive.open(zip_entry(entry.path), "w", force_zip64=_size(entry) > 1 << 30) as file,
    ):
        for block in blocks:
            state.update(block)
            size += len(block)
            file.write(block)
    return Described(entry.path, size, state.hexdigest(), entry.record)


def _folders(path: str) -> list[str]:
    """Return the folders that contain a file."""
    return [folder.as_posix() for folder in PurePosixPath(path).parents][:-1]


@contextmanager
def _opened(entry: Entry) -> Iterator[Iterator[bytes]]:
    if isinstance(entry.source, bytes):
        yield iter([entry.source])
        return
    with entry.source.open("rb") as file:
        yield _blocks(file)


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    while block := file.read(_BLOCK):
        yield block


def _size(entry: Entry) -> int:
    return len(entry.source) if isinstance(entry.source, bytes) else entry.source.stat().st_size


def _warn_of_changes(described: list[Described]) -> None:
    """Warn of results whose inputs are not in the crate or have changed since."""
    here = {file.sha256 for file in described}
    removed = sorted(
        {
            str(name)
            for file in described
            if file.record
            for name, used in file.record.provenance.inputs.items()
            if used not in here
        }
    )
    if removed:
        more = f" and {len(removed) - 5} more" if len(removed) > 5 else ""
        log.warning(
            "results were made from files that are not in the crate, or have changed since: %s%s",
            ", ".join(removed[:5]), more,
        )  # fmt: skip


def zip_entry(path: str, mode: int = 0o100644) -> zipfile.ZipInfo:
    """Return an entry with a fixed date: ZIP has no time zones, and the records contain the times."""
    info = zipfile.ZipInfo(path, date_time=(1980, 1, 1, 0, 0, 0))
    info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, mode << 16
    info.create_system = 3  # Unix, on every system
    return info
