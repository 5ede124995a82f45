"""Read the results of a finished study from its files."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
import xarray

from qdjunction.core.errors import InputError
from qdjunction.core.provenance import digests
from qdjunction.core.results import Result, read_result, read_table
from qdjunction.engine.store import read_electronic_structure
from qdjunction.interference.coupling_results import CouplingRecord
from qdjunction.interference.cover import CoverRecord
from qdjunction.interference.exciton_shift import ExcitonRecord
from qdjunction.interference.pair_results import PairRecord
from qdjunction.interference.regions import RegionRecord
from qdjunction.report.data import (
    BindingResults,
    DotResults,
    EnsembleResults,
    JunctionResults,
    LocalDensity,
    PairResults,
    SeriesResults,
    SlideResults,
    StructureSeriesResults,
    StudyResults,
    VariantResults,
)
from qdjunction.report.plan import files_of, series_of
from qdjunction.report.trace_data import collect_traces
from qdjunction.structure.xyz import read_structure
from qdjunction.study import layout
from qdjunction.study.cases import DotCase, JunctionCase
from qdjunction.study.failures import STUDY_CASE, Failure, find_failures, read_failure
from qdjunction.study.results import (
    BindingRecord,
    ChainRecord,
    EnsembleRecord,
    FrontierRecord,
    ReactionsRecord,
    RelaxationRecord,
    SeriesRecord,
    SlideRecord,
    StructureSeriesRecord,
)
from qdjunction.study.robustness import Variant
from qdjunction.study.table import Study
from qdjunction.transport import read_transmission

R = TypeVar("R", bound=Result)


def collect(study: Study) -> StudyResults:
    """Read the results of a study from its results folder.

    Raises
    ------
    InputError
        If a file is missing or cannot be read.
    """
    root = study.results
    dots = tuple(filter(None, (_dot(study, case) for case in study.dots)))
    failures = failures_of(study)
    chain = _planned(ChainRecord, root / layout.CHAIN, study.compares_contacts)
    return StudyResults(
        study=study,
        dots=dots,
        failures=failures,
        chain=None if chain is None else read_table(root / layout.CHAIN_TABLE),
        chain_summary=chain,
        timings=read_timings(root / layout.BENCHMARKS),
        traces=collect_traces(study),
        inputs=digests(*(path for file in files_of(study) if (path := root / file).is_file())),
        structure_series=tuple(_structure_series(study)),
        ensembles={
            dot: EnsembleResults(
                read_result(EnsembleRecord, root / dot / layout.ENSEMBLE),
                read_table(root / dot / layout.ENSEMBLE_TABLE),
            )
            for dot in study.members_by_dot
            if not read_failure(root / dot / layout.ENSEMBLE)
        },
        binding=tuple(_binding(study)),
        coupling=_planned(CouplingRecord, root / layout.COUPLING, bool(study.joined_dots)),
        exciton=_planned(ExcitonRecord, root / layout.EXCITON, bool(study.config.exciton)),
        regions=dict(_regions(study)),
        reactions=_planned(ReactionsRecord, root / layout.REACTIONS, bool(study.reaction_dots)),
        cover=_planned(CoverRecord, root / layout.COVER_RECORD, bool(study.covers)),
        slides=tuple(_slides(study)),
        variants=tuple(_variants(study)),
    )


def _planned(kind: type[R], path: Path, planned: bool) -> R | None:
    """Return a record that covers several dots; None where the study plans none or it has failed."""
    return read_result(kind, path) if planned and not read_failure(path) else None


def failures_of(study: Study) -> tuple[Failure, ...]:
    """Return the failures of a study, without those of another study in the same results folder."""
    computed = (*study.dots, *study.members, *study.variants, *study.covers)
    cases = {dot.id for dot in computed} | {one.id for dot in computed for one in dot.junctions}
    folders = [*(dot.id for dot in computed), *([layout.COVER] if study.covers else [])]
    if study.config.electrodes.surface:
        cases.add(layout.ELECTRODE)
        folders.append(layout.ELECTRODE)
    if section := study.config.traces:
        cases |= {entry.name for entry in section.predictions}
        folders.append(layout.TRACES)
    cases |= {f"{case.junction.dot}/{case.name}" for case in study.slides}
    if study.structure_series:
        cases |= {case.name for case in study.structure_series}
        folders.append(layout.STRUCTURE_SERIES)
    # What covers several dots lies beside their folders.
    cases.add(STUDY_CASE)
    folders += [file for file in files_of(study) if Path(file).parent == Path()]
    found = find_failures(study.results, folders)
    return tuple(failure for failure in found if failure.case in cases)


def read_timings(folder: Path) -> pd.DataFrame:
    """Read the benchmark files of Snakemake below `folder`; jobs that left none are absent.

    The column ``dot`` also has the sets of traces, the series over structures and the structures of a cover.
    """
    rows = []
    for path in sorted(folder.rglob("*.tsv")):
        where = path.relative_to(folder).parts
        if where[0] in (layout.COVER, layout.STRUCTURE_SERIES, layout.TRACES):
            where = where[1:]
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t"):
                rows.append(
                    {
                        "job": path.stem,
                        "dot": where[0] if len(where) > 1 else "",
                        "junction": where[1] if len(where) > 2 else "",
                        "wall_s": _number(row["s"]),
                        "cpu_s": _number(row["cpu_time"]),
                        "max_rss_mb": _number(row["max_rss"]),
                    }
                )
    return pd.DataFrame(rows, columns=["job", "dot", "junction", "wall_s", "cpu_s", "max_rss_mb"])


def _dot(study: Study, case: DotCase) -> DotResults | None:
    folder = study.results / case.id
    if read_failure(folder / layout.RELAXATION):
        return None
    levels = folder / layout.HAMILTONIAN
    structure = None if read_failure(levels) else read_electronic_structure(levels)
    relaxation = read_result(RelaxationRecord, folder / layout.RELAXATION)
    # The record states the start; the file of an earlier configuration may still be in the folder.
    is_pre_relaxed = Path(relaxation.inputs.get("start", "")).name == layout.PRE_RELAXED
    return DotResults(
        case=case,
        atoms=read_structure(folder / layout.RELAXED),
        relaxation=relaxation,
        pre_relaxation=read_result(RelaxationRecord, folder / layout.PRE_RELAXATION)
        if is_pre_relaxed
        else None,
        electrons=structure.engine if structure else None,
        homo_ev=structure.homo_ev if structure else np.nan,
        lumo_ev=structure.lumo_ev if structure else np.nan,
        series=()
        if not case.junctions or read_failure(folder / layout.SERIES)
        else tuple(_series(study, case)),
        pairs=_pairs(study, case),
    )


def _pairs(study: Study, case: DotCase) -> PairResults | None:
    folder = study.results / case.id
    if case not in study.pair_dots or read_failure(folder / layout.PAIRS):
        return None
    return PairResults(
        control=read_result(PairRecord, folder / layout.PAIRS), table=read_table(folder / layout.PAIR_TABLE)
    )


def _binding(study: Study) -> Iterator[BindingResults]:
    for junction in study.binding:
        folder = study.results / junction.dot
        if not read_failure(folder / layout.BINDING):
            yield BindingResults(
                dot=junction.dot,
                record=read_result(BindingRecord, folder / layout.BINDING),
                table=read_table(folder / layout.BINDING_TABLE),
            )


def _regions(study: Study) -> Iterator[tuple[str, RegionRecord]]:
    for dot in study.region_dots:
        if not read_failure(path := study.results / dot.id / layout.REGIONS):
            yield dot.id, read_result(RegionRecord, path)


def _slides(study: Study) -> Iterator[SlideResults]:
    for case in study.slides:
        folder = study.results / case.folder
        if not read_failure(folder / layout.SLIDE):
            yield SlideResults(
                case=case,
                record=read_result(SlideRecord, folder / layout.SLIDE),
                table=read_table(folder / layout.SLIDE_TABLE),
            )


def _variants(study: Study) -> Iterator[VariantResults]:
    for case in study.variants:
        assert isinstance(case.member, Variant)
        path = study.results / case.id / layout.SERIES
        if failure := read_failure(path):
            yield VariantResults(case.member, (), str(failure))
        else:
            yield VariantResults(case.member, read_result(SeriesRecord, path).series)


def _structure_series(study: Study) -> Iterator[StructureSeriesResults]:
    for case in study.structure_series:
        folder = study.results / layout.STRUCTURE_SERIES / case.name
        if not read_failure(folder / layout.SERIES):
            yield StructureSeriesResults(
                case=case,
                summary=read_result(StructureSeriesRecord, folder / layout.SERIES),
                table=read_table(folder / layout.SERIES_TABLE),
            )


def _series(study: Study, case: DotCase) -> Iterator[SeriesResults]:
    folder = study.results / case.id
    junctions = {junction.name: found for junction in case.junctions if (found := _junction(study, junction))}
    summaries = {one.left: one for one in read_result(SeriesRecord, folder / layout.SERIES).series}
    conductance, spectrum = read_table(folder / layout.CONDUCTANCE), read_table(folder / layout.SERIES_TABLE)
    role = conductance["role"] if "role" in conductance else pd.Series("series", conductance.index)
    for left, names in series_of(case).items():
        if not junctions.keys() & set(names):
            continue
        try:
            summary = summaries[left]
            members = tuple(junctions[name] for name in summary.junctions)
            controls = tuple(junctions[control.name] for control in summary.controls)
        except KeyError as error:
            raise InputError(
                f"{folder / layout.SERIES}: does not contain {error}; delete it and run again"
            ) from None
        yield SeriesResults(
            left=left,
            summary=summary,
            conductance=conductance[
                ((conductance["left"] == left) & (role == "series")) | (role == "control")
            ].reset_index(drop=True),
            spectrum=spectrum[spectrum["left"] == left].reset_index(drop=True),
            junctions=members,
            controls=controls,
        )


def _junction(study: Study, case: JunctionCase) -> JunctionResults | None:
    folder = study.results / case.id
    if read_failure(folder / layout.TRANSMISSION) or read_failure(folder / layout.FRONTIER):
        return None
    return JunctionResults(
        case=case,
        atoms=read_structure(folder / layout.JUNCTION),
        relaxation=read_result(RelaxationRecord, folder / layout.JUNCTION_RELAXATION)
        if study.relaxes_junctions
        else None,
        transmission=read_transmission(folder / layout.TRANSMISSION),
        frontier=read_result(FrontierRecord, folder / layout.FRONTIER),
        density=None
        if read_failure(folder / layout.LOCAL_DENSITY)
        else _density(folder / layout.LOCAL_DENSITY),
    )


def _density(path: Path) -> LocalDensity:
    try:
        with xarray.open_dataset(path, engine="netcdf4") as dataset:
            values = {name: dataset[name].values[0] for name in ("ldos", "ldos_left", "ldos_right")}
            energy = float(dataset["energy"].values[0])
    except (OSError, KeyError) as error:
        raise InputError(f"{path}: holds no local density of states ({error}); compute it again") from error
    return LocalDensity(energy, values["ldos"], values["ldos_left"], values["ldos_right"])


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
