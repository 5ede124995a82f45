"""``study.json`` of a results folder, from which a study is read on any machine."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qdjunction.core.errors import InputError
from qdjunction.core.files import write_json
from qdjunction.core.provenance import provenance
from qdjunction.core.schema import Section, validate
from qdjunction.engine.registry import EMBEDDED_ENGINE, ENGINES
from qdjunction.structure.sources.contract import SourceSettings
from qdjunction.structure.sources.registry import SOURCES
from qdjunction.study import layout
from qdjunction.study.build import look_up_covers, look_up_dots
from qdjunction.study.config import parse_config
from qdjunction.study.table import Study

RECORD = layout.STUDY
"""File in the results folder with the configuration, defaults included, and the definitions of its structures."""


def study_values(study: Study) -> dict[str, Any]:
    """Return the plain values from which `study_of` restores the study.

    They contain only the sections of engines that the study uses, so that they do not depend on other installed
    engines.
    """
    looked_up: dict[str, dict[str, Any]] = {}
    for case in (*study.dots, *study.covers):
        section = looked_up.setdefault(SOURCES[case.entry.source].section, {})
        if case.entry.key not in section:
            section[case.entry.key] = case.definition.model_dump(mode="json", exclude={"name"})
    others = set(ENGINES) - {study.config.engine, EMBEDDED_ENGINE}
    return {"config": study.config.model_dump(mode="json", exclude=others), **looked_up}


def write_study(values: Mapping[str, Any], path: str | Path) -> None:
    """Write `study_values` to `RECORD` of a results folder, with provenance."""
    write_json({**values, "provenance": provenance().values}, path)


def study_of(values: Mapping[str, Any], results: str | Path, source: str | Path = RECORD) -> Study:
    """Return a study from its `study_values`; neither catalogue, structure files nor engine are needed.

    Parameters
    ----------
    values : mapping
        Configuration and definitions of the structures.
    results : str or Path
        Folder of the results.
    source : str or Path
        File that errors name.

    Raises
    ------
    InputError
        If a value is invalid.
    """
    engine = values["config"].get("engine")
    absent = engine if isinstance(engine, str) and engine not in ENGINES else None
    config = parse_config(values["config"], source, absent)

    def recorded(entry: SourceSettings[Any]) -> Section:
        kind = SOURCES[entry.source]
        section = values.get(kind.section, {})
        if entry.key not in section:
            raise InputError(
                f"{source} has no dot '{entry.key}' among its {kind.section}; unpack the results again"
            )
        return validate(kind.definition, {"name": entry.key} | dict(section[entry.key]), source)

    dots, covers = (look(config, recorded, source) for look in (look_up_dots, look_up_covers))
    return Study(config, dots, Path(results), covers=covers)


def read_study(results: str | Path) -> Study:
    """Read a study from its results folder, on any machine.

    Parameters
    ----------
    results : str or Path
        Results folder of a finished study.

    Raises
    ------
    InputError
        If there is no such folder, or its record of the study is missing or damaged.
    """
    path = Path(results) / RECORD
    if not path.parent.is_dir():
        raise InputError(f"{results}: there is no such folder; name the results folder of a study")
    try:
        return study_of(json.loads(path.read_text(encoding="utf-8")), results, path)
    except FileNotFoundError:
        raise InputError(
            f"{results}: contains no {RECORD}, so it is not the results folder of a finished study; name the folder in "
            "the key results of its configuration, or finish the study with Snakemake"
        ) from None
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(
            f"{path}: no record of a study ({type(error).__name__}: {error}); unpack the results again"
        ) from None
