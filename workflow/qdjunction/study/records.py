"""Provenance records of the files of a study."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import netCDF4
from pydantic import TypeAdapter

from qdjunction.core.provenance import Provenance
from qdjunction.engine.contract import EngineInfo
from qdjunction.study import layout
from qdjunction.study.failures import Failure, read_failure

_BESIDE = {
    layout.CONDUCTANCE: layout.SERIES,
    layout.ELECTRODE_STRUCTURE: layout.ELECTRODE_HAMILTONIAN,
    layout.JUNCTION: layout.HAMILTONIAN,
    layout.JUMPS: layout.SELECTION,
    layout.OVERVIEW_TABLE: layout.PAGE,
    layout.PAPER_TABLE: layout.PAGE,
    layout.SIMULATED: layout.SIMULATION,
    layout.TRUTH: layout.SIMULATION,
}
_ENGINE: TypeAdapter[EngineInfo | None] = TypeAdapter(EngineInfo | None)
_META = re.compile(r"<meta name=\"provenance\" content='([^']*)'>")


@dataclass(frozen=True)
class Record:
    """Provenance record of a file.

    Attributes
    ----------
    provenance : Provenance
        Versions, commit, host, times, inputs with their digests, settings.
    engine : EngineInfo or None
        The engine, with its settings and corrections; None if none was run.
    failure : Failure or None
        The failure recorded in place of a result.
    """

    provenance: Provenance
    engine: EngineInfo | None
    failure: Failure | None = None


def record_path(path: str | Path) -> Path:
    """Return the file with the record of a result: the file itself, or one beside it."""
    path = Path(path)
    if path.parent.name == layout.FIGURES:
        return path.with_name(layout.FIGURE_RECORD)
    if path.suffix in (".json", ".nc", ".html"):
        return path
    own = path.with_suffix(".json")
    return own if own.exists() else path.with_name(_BESIDE.get(path.name, own.name))


def read_record(path: str | Path) -> Record | None:
    """Read the provenance record of a result, or of the failure in its place.

    Parameters
    ----------
    path : str or Path
        Any file of a results folder.

    Returns
    -------
    Record or None
        None for a file without a record, or with a damaged one.
    """
    source = record_path(path)
    try:
        if failure := read_failure(path):
            return Record(failure.provenance, None, failure)
        match source.suffix:
            case ".nc":
                return _of_netcdf(source)
            case ".html":
                found = _META.search(source.read_text(encoding="utf-8"))
                return _record(json.loads(unescape(found[1])), None) if found else None
            case _:
                values = json.loads(source.read_text(encoding="utf-8"))
                return _record(values["provenance"], values.get("engine"))
    except (OSError, ValueError, KeyError, TypeError, RecursionError, RuntimeError):
        return None


def _of_netcdf(path: Path) -> Record | None:
    with netCDF4.Dataset(path) as file:
        provenance = json.loads(file.provenance) if "provenance" in file.ncattrs() else None
        holder = file["qdjunction"] if "qdjunction" in file.groups else file
        engine = json.loads(holder.engine) if "engine" in holder.ncattrs() else None
    return _record(provenance, engine)


def _record(provenance: Any, engine: Any) -> Record | None:
    if not isinstance(provenance, Mapping) or not provenance:
        return None
    return Record(Provenance.model_validate(provenance), _ENGINE.validate_python(engine or None))
