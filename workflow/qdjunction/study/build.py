"""The study of a configuration: every dot and contact looked up, everything checked before any job."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qdjunction.core.errors import InputError, StructureError
from qdjunction.core.schema import Section
from qdjunction.structure.binding_settings import check_fragments
from qdjunction.structure.sources.contract import SourceSettings, try_junction
from qdjunction.study import layout
from qdjunction.study.cases import DotCase, JunctionCase
from qdjunction.study.config import Config
from qdjunction.study.members import check_ensemble
from qdjunction.study.robustness import Variant, check_robustness
from qdjunction.study.table import Study

if TYPE_CHECKING:
    from ase import Atoms

    from qdjunction.structure.settings import ElectrodeSettings

CODE = (
    "workflow",
    "rules",
    "clusters",
    "config",
    "envs",
    "profiles",
    "tests",
    "docs",
    "benchmarks",
    "slurm",
    ".git",
)
"""Folders of a checkout that must not contain results."""


OF_THE_STUDY = (
    "benchmarks", "cache", layout.COVER, layout.ELECTRODE, "logs", "report", layout.STRUCTURE_SERIES, "traces", "work",
)  # fmt: skip
"""Folders of the results that do not belong to a dot."""


def make_study(
    config: Config, catalogue: str | Path, source: str | Path = "config.yaml", tried: bool = True
) -> Study:
    """Return the study of a configuration, with every dot and contact looked up at its source.

    Parameters
    ----------
    config : Config
        The settings.
    catalogue : str or Path
        Folder of the dots' definitions, usually ``clusters``.
    source : str or Path
        File that errors name.
    tried : bool
        Whether junctions are built from the geometries that are known before relaxation; jobs of a study that was
        checked need not do so again.

    Raises
    ------
    InputError
        For an unknown dot or contact, a junction that cannot be built, a dot that is listed twice, a control that is a
        contact pair of its series, a series over unknown structures, members or variants that the study cannot have, a
        missing file, traces predicted from a series that the study does not compute, or an unsuitable results folder.
    """

    def look_up(entry: SourceSettings[Any]) -> Section:
        definition: Section = entry.look_up(Path(catalogue))
        return definition

    dots = look_up_dots(config, look_up, source)
    covers = look_up_covers(config, look_up, source)
    study = Study(config, dots, Path(config.results), Path(catalogue), covers)
    if twice := {case.id for case in dots} & {case.id for case in covers}:
        raise InputError(
            f"{source}: dots: '{min(twice)}' is a structure of the section cover; give the dot another name"
        )
    _check_results(study.results, Path(catalogue).resolve().parent, source)
    _check_files(config, source)
    if tried:
        _check_traces(config, source)
    _check_junctions(study, study.dots, source, tried)
    try:
        check_ensemble(config, study.dots)
        check_robustness(config, {case.id: case.has_decay for case in study.dots})
    except InputError as error:
        raise InputError(f"{source}: {error}") from None
    own_tips = [case for case in study.variants if study.config_of(case.id).electrodes != config.electrodes]
    _check_junctions(study, own_tips, source, tried)
    for case in (*study.dots, *study.covers):
        try:
            study.engine_files(case.id, gold=case in study.dots)
        except InputError as error:
            raise InputError(f"{source}: {case.id}: {config.engine}.{error}") from None
    _check_predictions(study, source)
    try:
        _ = study.structure_series, study.slides, study.region_dots, study.reaction_dots
        _check_binding(study)
    except InputError as error:
        raise InputError(f"{source}: {error}") from None
    return study


def elements_of(config: Config, catalogue: str | Path, source: str | Path = "config.yaml") -> tuple[str, ...]:
    """Return the chemical symbols of all dots and of gold, without looking for files of the engine; see `make_study`.

    Raises
    ------
    InputError
        For a dot or contact that its source does not have, or a dot that is listed twice.
    """
    dots = look_up_dots(config, lambda entry: entry.look_up(Path(catalogue)), source)
    return tuple(dict.fromkeys(element for dot in dots for element in (*dot.elements, "Au")))


def look_up_dots(
    config: Config, look_up: Callable[[SourceSettings[Any]], Section], source: str | Path
) -> tuple[DotCase, ...]:
    """Look up the dots of a configuration, each definition once."""
    dots: dict[str, DotCase] = {}
    definitions: dict[tuple[str, str], Section] = {}
    for place, entry in config.all_dots():
        at = (entry.source, entry.key)
        try:
            if at not in definitions:
                definitions[at] = look_up(entry)
            case = DotCase(entry.id, entry, definitions[at])
            _check_controls(case)
        except InputError as error:
            raise InputError(f"{source}: {place}: {error}") from None
        if case.id in OF_THE_STUDY:
            raise InputError(
                f"{source}: {place}: '{case.id}' is a folder of the study's own results; give the dot another name"
            )
        if case.id in dots:
            raise InputError(
                f"{source}: {place}: {case.id} is listed twice; put all its contacts under one entry"
            )
        dots[case.id] = case
    return tuple(dots.values())


def look_up_covers(
    config: Config, look_up: Callable[[SourceSettings[Any]], Section], source: str | Path
) -> tuple[DotCase, ...]:
    """Look up the structures of the section `cover`."""
    found = []
    for member in config.cover.members() if config.cover else ():
        try:
            found.append(DotCase(member.name, member.entry, look_up(member.entry)))
        except InputError as error:
            raise InputError(f"{source}: cover: {error}") from None
    return tuple(found)


def _check_controls(case: DotCase) -> None:
    """Raise InputError for a control that is a contact pair of a series."""
    if not case.controls:
        return
    ends = {frozenset((one.left, one.right)): one.name for one in case.junctions if one.role == "series"}
    for control in case.controls:
        if name := ends.get(frozenset((control.left, control.right))):
            raise InputError(
                f"controls: '{control.name}' is the contact pair '{name}' of contacts; name another pair, such as "
                "one that ends on the last site from elsewhere"
            )


def _check_predictions(study: Study, source: str | Path) -> None:
    for index, entry in enumerate(study.config.traces.predictions if study.config.traces else ()):
        lefts = {dot.id: {one.left for one in dot.junctions if one.role == "series"} for dot in study.dots}
        where = f"{source}: traces.predictions.{index}"
        if entry.dot not in lefts:
            raise InputError(
                f"{where}.dot = '{entry.dot}': no dot of this study; it has {', '.join(lefts) or 'none'}"
            )
        if entry.left not in lefts[entry.dot]:
            raise InputError(
                f"{where}.left = '{entry.left}': no left contact of {entry.dot}; it has "
                f"{', '.join(sorted(lefts[entry.dot]))}"
            )


def _check_junctions(study: Study, cases: Iterable[DotCase], source: str | Path, tried: bool) -> None:
    """Raise InputError for a junction that cannot be built.

    If `tried`, structures and junctions are built before relaxation, of those with the same key one.
    """
    built: dict[str, Atoms] = {}
    done: set[tuple[str, ...]] = set()
    for case in cases:
        config = case.member.config(study.config) if isinstance(case.member, Variant) else study.config
        electrodes = config.electrodes
        for junction in case.junctions:
            with _naming(source, junction.id):
                case.entry.check_junction(case.definition, junction.left, junction.right, electrodes)
        if not tried:
            continue
        # A neighbouring cell of a surface touches the cations, too.
        is_whole = electrodes.surface is not None
        key = case.id if is_whole else case.entry.trial_key
        with _naming(source, case.id):
            if key not in built:
                built[key] = (case.entry.build if is_whole else case.entry.trial)(case.definition)
        for junction in case.junctions:
            one = (key, junction.left, junction.right, repr(electrodes))
            if one not in done:
                with _naming(source, junction.id):
                    _try_junction(built[key], case, junction, electrodes)
                done.add(one)


def _try_junction(atoms: Atoms, case: DotCase, junction: JunctionCase, electrodes: ElectrodeSettings) -> None:
    """Raise InputError for a junction that cannot be built on a geometry before relaxation."""
    try:
        try_junction(atoms, junction.left, junction.right, electrodes, is_whole=len(atoms) == case.atoms)
    except InputError as error:
        text = str(error).rstrip(".")
        raise InputError(f"{text} (before any relaxation: {case.entry.origin})") from None


@contextmanager
def _naming(source: str | Path, where: str) -> Iterator[None]:
    """Let errors begin with the file and with what they are about."""
    try:
        yield
    except (InputError, StructureError) as error:
        raise InputError(f"{source}: {where}: {error}") from None


def _check_binding(study: Study) -> None:
    """Raise InputError for a binding curve that cannot be computed; the message begins with the key."""
    tips = study.config.electrodes.tips
    for index, junction in enumerate(study.binding):
        case = study.dot(junction.dot)
        ends = zip((junction.left, junction.right), tips, strict=True)
        try:
            lost = [name for name, tip in ends if case.entry.loses_hydrogen(case.definition, name, tip)]
            check_fragments(tips[0], lost)
        except InputError as error:
            raise InputError(f"binding.contacts.{index} ({junction.id}): {error}") from None


def _check_files(config: Config, source: str | Path) -> None:
    """Raise InputError for a missing file or folder that the configuration names."""
    named = {
        f"traces.sets.{n}.path": entry.path
        for n, entry in enumerate(config.traces.sets if config.traces else ())
    }
    named |= {f"transport.{key}": path for key, path in config.transport.files.items()}
    for key, path in named.items():
        if not Path(path).exists():
            raise InputError(
                f"{source}: {key} = '{path}': there is no such file or folder in {Path.cwd()}; correct the path"
            )


def _check_traces(config: Config, source: str | Path) -> None:
    """Raise InputError for a set of traces whose folder or file has nothing that would be read."""
    if config.traces is None:
        return
    from qdjunction.traces.reading import check_trace_files

    for number, entry in enumerate(config.traces.sets):
        try:
            check_trace_files(entry.path, config.traces.settings_of(entry.name).read)
        except InputError as error:
            raise InputError(f"{source}: traces.sets.{number}.path: {error}") from None


def _is_of_the_system(folder: Path) -> bool:
    """Return whether a resolved folder lies where no files are kept, or is one at the top of the disk and in use.

    A folder such as ``/results`` of a container that is empty or has the logs of a study is not.
    """
    if folder.parts[1:2] in (("proc",), ("sys",)):
        return True
    at_the_top = len(folder.parts) == 2 and folder.is_dir() and not (folder / layout.LOGS).is_dir()
    return at_the_top and any(folder.iterdir())


def _check_results(results: Path, checkout: Path, source: str | Path) -> None:
    """Raise InputError for a results folder that contains other things, or that cannot be written to."""
    where = f"{source}: results = '{results}'"
    remedy = "name a folder only for this study, such as results"
    if "~" in results.parts[:1]:
        raise InputError(f"{where}: ~ is not replaced by the home folder here; write the path in full")
    if variable := next((part for part in results.parts if part.startswith("$")), None):
        raise InputError(f"{where}: {variable} is not replaced by its value here; write the path in full")
    folder = results.resolve()
    if folder in (Path.home().resolve(), Path.cwd(), *Path.cwd().parents):
        raise InputError(
            f"{where}: {folder} is the home folder, or is or contains the working folder; {remedy}"
        )
    if _is_of_the_system(folder):
        raise InputError(f"{where}: {folder} is a folder of the system or of several users; {remedy} there")
    if (checkout / "Snakefile").is_file():
        inside = folder.relative_to(checkout).parts if folder.is_relative_to(checkout) else ()
        if checkout.is_relative_to(folder) or (inside and inside[0] in CODE):
            raise InputError(f"{where}: {folder} belongs to the workflow itself; {remedy}")
    above = next(path for path in (folder, *folder.parents) if path.exists())
    if not above.is_dir():
        raise InputError(f"{where}: {above} is a file; {remedy}")
    if not os.access(above, os.W_OK | os.X_OK):
        raise InputError(f"{where}: {above} cannot be written to; name a folder of your own")
