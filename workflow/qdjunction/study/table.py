"""The table of dots and junctions of a study, made from its configuration or read from its results."""

import json
import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from qdjunction.core.errors import InputError, StructureError
from qdjunction.core.files import write_json
from qdjunction.core.provenance import provenance
from qdjunction.core.schema import Section, validate
from qdjunction.engine.registry import EMBEDDED_ENGINE, ENGINES
from qdjunction.interference.settings import Role, StructureMember, StructureSeriesSettings
from qdjunction.structure.binding_settings import check_fragments
from qdjunction.structure.settings import computed_points
from qdjunction.structure.slide_settings import SlideSettings
from qdjunction.structure.sources.contract import Outline, SourceSettings, check_built
from qdjunction.structure.sources.pair import KIND as PAIR
from qdjunction.structure.sources.registry import SOURCES
from qdjunction.study import layout
from qdjunction.study.config import Config, parse_config
from qdjunction.study.members import Member, check_ensemble, members_of
from qdjunction.study.robustness import NEW_SCF, Variant, check_robustness, variants_of

RECORD = layout.STUDY
"""File in the results folder with the configuration, defaults included, and the definitions of its structures."""

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
    "benchmarks", "cache", layout.ELECTRODE, "logs", "report", layout.STRUCTURE_SERIES, "traces", "work",
)  # fmt: skip
"""Folders of the results that do not belong to a dot."""


@dataclass(frozen=True)
class DotCase:
    """One dot of the study.

    Attributes
    ----------
    id : str
        Identity in file names, e.g. ``12Pb_MAPbBr3``.
    entry : SourceSettings
        Its entry in the configuration.
    definition : Section
        Its definition, as looked up by the source.
    member : Member, Variant or None
        What it is a member or a variant of; None for a dot of the configuration.
    """

    id: str
    entry: SourceSettings[Any]
    definition: Section
    member: Member | Variant | None = None

    @cached_property
    def outline(self) -> Outline:
        """Elements, number of atoms and contacts, for planning."""
        return self.entry.outline(self.definition)

    @cached_property
    def junctions(self) -> tuple["JunctionCase", ...]:
        """Its junctions, in the order of the configuration: those of its series, then its controls."""
        names: dict[Role, list[str]] = {"series": self.entry.contacts, "control": self.entry.controls}
        return tuple(
            JunctionCase(self.id, name, *_contact_pair(self.outline, name), role)
            for role, listed in names.items()
            for name in listed
        )

    @property
    def geometry(self) -> str:
        """Path in the results folder of the structure that goes between the tips."""
        return self.member.geometry if self.member else f"{self.id}/{layout.RELAXED}"

    @property
    def has_decay(self) -> bool:
        """Whether three contacts or more share a left contact."""
        lefts = Counter(junction.left for junction in self.junctions if junction.role == "series")
        return max(lefts.values(), default=0) > 2

    @property
    def controls(self) -> tuple["JunctionCase", ...]:
        """Its junctions that are shown beside the series."""
        return tuple(junction for junction in self.junctions if junction.role == "control")

    @property
    def contacts(self) -> dict[str, list[str]]:
        """Left and right contact of every junction, by its name."""
        return {junction.name: [junction.left, junction.right] for junction in self.junctions}

    @property
    def elements(self) -> tuple[str, ...]:
        """Chemical symbols."""
        return self.outline.elements

    @property
    def atoms(self) -> int:
        """Number of atoms, for estimates of time and memory."""
        return self.outline.atoms


@dataclass(frozen=True)
class JunctionCase:
    """One dot between two tips.

    Attributes
    ----------
    dot : str
        Identity of the dot.
    name : str
        Name of the contact pair, e.g. ``L-R3`` or ``short``.
    left, right : str
        Names of the two contacts.
    role : str
        Whether it is a member of the series from its left contact, or a control.
    """

    dot: str
    name: str
    left: str
    right: str
    role: Role = "series"

    @property
    def id(self) -> str:
        """Identity in file names, e.g. ``12Pb_MAPbBr3/L-R3``."""
        return f"{self.dot}/{self.name}"


@dataclass(frozen=True)
class StructureSeriesCase:
    """One series over structures.

    Attributes
    ----------
    settings : StructureSeriesSettings
        What the configuration says of it.
    junctions : tuple of JunctionCase
        Its members, in the order of the configuration.
    """

    settings: StructureSeriesSettings
    junctions: tuple[JunctionCase, ...]

    @property
    def name(self) -> str:
        """Name of the series."""
        return self.settings.name


@dataclass(frozen=True)
class SlideCase:
    """One slide: its settings and the junction that it starts from."""

    settings: SlideSettings
    junction: JunctionCase

    @property
    def name(self) -> str:
        """Name of the slide."""
        return self.settings.name

    @property
    def folder(self) -> str:
        """Path of its folder in the results folder."""
        return f"{self.junction.dot}/{layout.SLIDES}/{self.name}"


@dataclass(frozen=True)
class Batch:
    """Junctions of a dot that one job computes, one after the other.

    Attributes
    ----------
    number : int
        Index among the batches of the study, from 0.
    contacts : tuple of str
        Names of the junctions; the wildcard ``{junction}`` if each has its own job.
    dots : tuple of str
        Identities of the dots that have these junctions; empty if all dots have them.
    """

    number: int
    contacts: tuple[str, ...]
    dots: tuple[str, ...] = ()

    def rule(self, name: str) -> str:
        """Return the name of its rule: `name`, with a number from the second batch on."""
        return f"{name}_{self.number + 1}" if self.number else name

    def files(self, name: str) -> list[str]:
        """Return the path patterns of the file `name` of each junction, in the results folder."""
        return [f"{{dot}}/{contact}/{name}" for contact in self.contacts]

    @property
    def folder(self) -> str:
        """Path pattern of the folder of its log and benchmark."""
        return "{dot}/{junction}" if self.contacts == ONE_JUNCTION else "{dot}"

    @property
    def dot_pattern(self) -> str:
        """Regular expression of the wildcard ``dot``."""
        return "|".join(map(re.escape, self.dots)) or r"[^/]+"


ONE_JUNCTION = ("{junction}",)
"""Contacts of the batch if each junction has its own job."""


@dataclass(frozen=True)
class Study:
    """The table of the study.

    Attributes
    ----------
    config : Config
        The settings.
    dots : tuple of DotCase
        One entry per dot, each with its junctions.
    results : Path
        Folder of the results: that of the configuration, or the one that the study was read from.
    catalogue : Path or None
        Folder of the dots' definitions; None for a study that was read from its results.
    """

    config: Config
    dots: tuple[DotCase, ...]
    results: Path
    catalogue: Path | None = None

    def dot(self, dot: str) -> DotCase:
        """Return the dot with the identity `dot`.

        Raises
        ------
        InputError
            If the study has no such dot.
        """
        if dot not in self._by_id:
            raise InputError(_unknown(f"dot '{dot}' in this study", dot, self._by_id))
        return self._by_id[dot]

    def junction(self, dot: str, name: str) -> JunctionCase:
        """Return the junction `name` of the dot `dot`.

        Raises
        ------
        InputError
            If the study has no such dot or junction.
        """
        cases = {case.name: case for case in self.dot(dot).junctions}
        if name not in cases:
            raise InputError(_unknown(f"junction '{name}' of {dot} in this study", name, cases))
        return cases[name]

    @cached_property
    def structure_series(self) -> tuple[StructureSeriesCase, ...]:
        """The series over structures.

        Raises
        ------
        InputError
            If one names a structure or contact pair that the study does not have, or one of them twice.
        """
        return tuple(
            StructureSeriesCase(entry, self._members(f"series.{index}.members", entry.members))
            for index, entry in enumerate(self.config.series)
        )

    @cached_property
    def members(self) -> tuple[DotCase, ...]:
        """Members of the ensembles, dot by dot; they are computed as dots and reported as spread of their dot."""
        settings = self.config.ensemble
        if settings is None:
            return ()
        return tuple(
            DotCase(member.id, entry, case.definition, member)
            for case in self.dots
            if case.junctions and (settings.dots is None or case.id in settings.dots)
            for member, entry in members_of(case, settings)
        )

    @cached_property
    def members_by_dot(self) -> Mapping[str, tuple[DotCase, ...]]:
        """The members of each dot that has any."""
        found: dict[str, list[DotCase]] = {}
        for case in self.members:
            assert case.member
            found.setdefault(case.member.of, []).append(case)
        return {dot: tuple(cases) for dot, cases in found.items()}

    @cached_property
    def variants(self) -> tuple[DotCase, ...]:
        """Variants of the dots with a decay, dot by dot; their series are computed as those of dots."""
        settings = self.config.robustness
        if settings is None:
            return ()
        return tuple(
            DotCase(variant.id, case.entry, case.definition, variant)
            for case in self.dots
            if case.has_decay and (settings.dots is None or case.id in settings.dots)
            for variant in variants_of(case.id, settings)
        )

    def holder(self, dot: str, file: str) -> str:
        """Return the dot whose folder has a file of the junctions of a dot: another one for some variants."""
        member = self.dot(dot).member
        return member.holder(file) if isinstance(member, Variant) else dot

    def config_of(self, dot: str) -> Config:
        """Return the configuration of the junctions of a dot: that of the study, but for variants."""
        member = self.dot(dot).member
        return member.config(self.config) if isinstance(member, Variant) else self.config

    def robustness_lines(self) -> list[str]:
        """Return the variants of each dot and how many SCFs they need, in words."""
        lines = []
        for dot in dict.fromkeys(case.member.of for case in self.variants if case.member):
            kinds = [case.member.kind for case in self.variants if case.member and case.member.of == dot]
            new = sum(kind in NEW_SCF for kind in kinds) * len(self.dot(dot).junctions)
            counts = ", ".join(f"{number} {kind}" for kind, number in Counter(kinds).items())
            lines.append(f"{dot}: variants {counts}: {new} more SCFs of junctions")
        return lines

    def ensemble_lines(self) -> list[str]:
        """Return the members of each dot, how many junctions they are and what their SCFs cost, in words."""
        lines, total = [], 0.0
        kind, settings = ENGINES[self.config.engine], self.config.ensemble
        for dot, members in self.members_by_dot.items():
            of_dot = self.dot(dot)
            counts = Counter(case.member.kind for case in members if case.member)
            junctions = len(members) * len(of_dot.junctions)
            surface = self.config.electrodes.surface
            points = computed_points(surface.kpoints) if surface else 1
            hours = junctions * points * kind.scf_s(of_dot.atoms + self.config.electrodes.gold_atoms) / 3600
            steps = settings.snapshots.all_steps if settings and settings.snapshots else 0
            dynamics = steps * kind.step_s(of_dot.atoms) / 3600
            words = ", ".join(f"{number} {of}" for of, number in counts.items())
            lines.append(
                f"{dot}: members {words}: {junctions} more junctions, about {_hours(hours)} of processor time for "
                "their SCFs" + (f", and {_hours(dynamics)} for {steps} steps of dynamics" if steps else "")
            )
            if built := sum(counts[of] for of in ("cations", "halides")):
                lines.append(
                    f"{dot}: {built} members are relaxed from the ideal lattice, which is not included"
                )
            total += hours + dynamics
        return [*lines, f"ensembles: about {_hours(total)} of processor time in all"] if lines else []

    @cached_property
    def pair_dots(self) -> tuple[DotCase, ...]:
        """The dots with a control over all pairs of terminal halides."""
        wanted = self.config.interference.all_pairs and not self.is_screen
        return tuple(dot for dot in self.dots if wanted and dot.junctions and "Pb" in dot.elements)

    @cached_property
    def binding(self) -> tuple[JunctionCase, ...]:
        """The junctions whose left contact has a binding curve.

        Raises
        ------
        InputError
            If the study does not have one.
        """
        found = []
        for index, entry in enumerate(self.config.binding.contacts if self.config.binding else ()):
            try:
                found.append(self.junction(entry.dot, entry.junction))
            except InputError as error:
                raise InputError(f"binding.contacts.{index}: {error}") from None
        return tuple(found)

    @property
    def joined_dots(self) -> tuple[DotCase, ...]:
        """The pairs of dots whose coupling is computed."""
        return tuple(dot for dot in self.dots if self.config.coupling and dot.entry.source == PAIR.name)

    @cached_property
    def region_dots(self) -> tuple[DotCase, ...]:
        """The dots whose levels are divided among regions.

        Raises
        ------
        InputError
            If regions are asked for and no dot has Pb.
        """
        found = tuple(dot for dot in self.dots if self.config.regions and "Pb" in dot.elements)
        if self.config.regions and not found:
            raise InputError(
                "regions = true: no dot of this study has Pb; leave it out, or add a dot to dots"
            )
        return found

    @cached_property
    def reaction_dots(self) -> tuple[DotCase, ...]:
        """The structures of all reactions, each once.

        Raises
        ------
        InputError
            If one is not in the study, or the numbers of atoms on the two sides of a reaction differ.
        """
        found: dict[str, DotCase] = {}
        for index, reaction in enumerate(self.config.reactions):
            where = f"reactions.{index} ('{reaction.name}')"
            try:
                found |= {name: self.dot(name) for name in reaction.species}
            except InputError as error:
                raise InputError(f"{where}: {error}") from None
            before, after = (
                sum(number * found[name].atoms for name, number in side.items())
                for side in (reaction.reactants, reaction.products)
            )
            if before != after:
                raise InputError(
                    f"{where}: {reaction.equation} has {before} atoms before and {after} after; correct the numbers, "
                    "or add the structure that is left out"
                )
        return tuple(found.values())

    @cached_property
    def slides(self) -> tuple[SlideCase, ...]:
        """The slides.

        Raises
        ------
        InputError
            If one starts from a junction that the study does not have, or leads to a contact that its dot does not have
            or that is part of the junction.
        """
        found = []
        for index, entry in enumerate(self.config.slide):
            try:
                junction = self.junction(entry.dot, entry.junction)
            except InputError as error:
                raise InputError(f"slide.{index}: {error}") from None
            place, sites = f"slide.{index}.towards = '{entry.towards}'", self.dot(entry.dot).outline.contacts
            if entry.towards is not None and entry.towards not in sites:
                raise InputError(
                    f"{place}: no contact of {entry.dot}; name one of {', '.join(sites)}, or give direction"
                )
            if entry.towards in (junction.left, junction.right):
                raise InputError(
                    f"{place}: has a tip of the junction {junction.name} already; name another contact, or give "
                    "direction"
                )
            found.append(SlideCase(entry, junction))
        return tuple(found)

    @cached_property
    def batches(self) -> tuple[Batch, ...]:
        """The batches in which jobs compute the junctions; see `ResourceSettings.contacts_per_job`."""
        most = max((len(dot.junctions) for dot in self.dots), default=1)
        size = self.config.resources.contacts_per_job or (most if self.is_screen else 1)
        if size == 1:
            return (Batch(0, ONE_JUNCTION),)
        dots: dict[tuple[str, ...], list[str]] = {}
        computed = (*self.dots, *self.members, *self.variants)
        for dot in computed:
            names = [junction.name for junction in dot.junctions]
            for first in range(0, len(names), size):
                dots.setdefault(tuple(names[first : first + size]), []).append(dot.id)
        # A pattern of thousands of names is slow to match; most studies do not need one.
        return tuple(
            Batch(number, names, () if len(ids) == len(computed) else tuple(ids))
            for number, (names, ids) in enumerate(dots.items())
        )

    @property
    def is_screen(self) -> bool:
        """Whether the study is a screening, whose report is an overview."""
        return bool(self.config.screen)

    @property
    def compares_contacts(self) -> bool:
        """Whether a dot has several junctions from one left contact, which a series compares."""
        lefts = [(one.dot, one.left) for one in self.junctions if one.role == "series"]
        return len(set(lefts)) < len(lefts)

    def only(self, dot: str) -> "Study":
        """Return the study restricted to one of its dots."""
        return replace(self, dots=(self.dot(dot),))

    @property
    def junctions(self) -> list[JunctionCase]:
        """All junctions, dot by dot."""
        return [junction for dot in self.dots for junction in dot.junctions]

    def relaxed_start(self, dot: str, engine: str | None = None) -> Path | None:
        """Return the geometry relaxed with `engine`, by default the study's; None if there is none to start from."""
        if self.config.relax.start == "scratch" or self.catalogue is None:
            return None
        return self.dot(dot).entry.relaxed_start(self.catalogue, engine or self.config.engine)

    def is_pre_relaxed(self, dot: str) -> bool:
        """Return whether the embedded engine relaxes this dot before the study's engine does."""
        return self._pre_relaxes and not self.relaxed_start(dot)

    @property
    def relaxes_junctions(self) -> bool:
        """Whether junctions are relaxed."""
        return self.config.electrodes.relax != "none"

    @property
    def pre_relaxes_junctions(self) -> bool:
        """Whether the embedded engine, which computes finite structures only, relaxes junctions before the study's."""
        return self.relaxes_junctions and self._pre_relaxes and not self.config.electrodes.surface

    def engine_files(self, dot: str, gold: bool = False) -> list[Path]:
        """Return the input files of the engine, such as pseudopotentials, for a dot with or without gold.

        Raises
        ------
        InputError
            If one is missing or unsuitable.
        """
        return self._engine_files((*self.dot(dot).elements, *(["Au"] if gold else [])))

    @property
    def electrode_files(self) -> list[Path]:
        """Input files of the engine for the electrode of bulk leads."""
        return self._engine_files(("Au",))

    @cached_property
    def has_engine_files(self) -> bool:
        """Whether any junction depends on files of the engine."""
        return any(self.engine_files(dot.id, gold=True) for dot in self.dots)

    def junction_before(self, dot: str, name: str) -> JunctionCase | None:
        """Return the junction from whose density the SCF of junction `name` starts; None if there is none.

        There is none for relaxed junctions, which start from the density of their own relaxation.
        """
        names = [case.name for case in self.dot(dot).junctions]
        index = names.index(name)
        seeded = self.config.seed_density and not self.relaxes_junctions
        return self.dot(dot).junctions[index - 1] if seeded and index else None

    @property
    def _pre_relaxes(self) -> bool:
        """Whether the embedded engine relaxes first."""
        return self.config.relax.pre_relax and not ENGINES[self.config.engine].embedded

    def _members(self, place: str, members: Sequence[StructureMember]) -> tuple[JunctionCase, ...]:
        """Junctions of the members of a series over structures."""
        found: list[JunctionCase] = []
        for index, member in enumerate(members):
            where = f"{place}.{index}"
            try:
                names = self.dot(member.dot).entry.contacts
                if member.junction is None and len(names) > 1:
                    raise InputError(
                        f"{member.dot} has {len(names)} contact pairs; name one as the key junction"
                    )
                junction = self.junction(member.dot, member.junction or names[0])
            except InputError as error:
                raise InputError(f"{where}: {error}") from None
            if junction in found:
                raise InputError(f"{where}: {junction.id} is listed twice; name each structure once")
            found.append(junction)
        return tuple(found)

    @cached_property
    def _engine_files(self) -> Callable[[tuple[str, ...]], list[Path]]:
        """Function that returns the engine's files for some elements, cached over the dots of the study."""
        kind, settings = ENGINES[self.config.engine], self.config.engine_settings()
        return cache(lambda elements: kind.input_files(elements, settings))

    @cached_property
    def _by_id(self) -> dict[str, DotCase]:
        return {dot.id: dot for dot in (*self.dots, *self.members, *self.variants)}


def make_study(config: Config, catalogue: str | Path, source: str | Path = "config.yaml") -> Study:
    """Return the study of a configuration, with every dot and contact looked up at its source.

    Parameters
    ----------
    config : Config
        The settings.
    catalogue : str or Path
        Folder of the dots' definitions, usually ``clusters``.
    source : str or Path
        File that errors name.

    Raises
    ------
    InputError
        For an unknown dot or contact, a junction that cannot be built, a dot that is listed twice, a control that is a
        contact pair of its series, a series over unknown structures, members or variants that the study cannot have, a
        missing file, traces predicted from a series that the study does not compute, or an unsuitable results folder.
    """
    dots = _dots(config, lambda entry: entry.look_up(Path(catalogue)), source)
    study = Study(config, dots, Path(config.results), Path(catalogue))
    _check_results(study.results, Path(catalogue).resolve().parent, source)
    _check_files(config, source)
    _check_junctions(study, source)
    try:
        check_ensemble(config, study.dots)
        check_robustness(config, {case.id: case.has_decay for case in study.dots})
    except InputError as error:
        raise InputError(f"{source}: {error}") from None
    for case in study.dots:
        try:
            study.engine_files(case.id, gold=True)
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
    dots = _dots(config, lambda entry: entry.look_up(Path(catalogue)), source)
    return tuple(dict.fromkeys(element for dot in dots for element in (*dot.elements, "Au")))


def study_values(study: Study) -> dict[str, Any]:
    """Return the plain values from which `study_of` restores the study.

    They contain only the sections of engines that the study uses, so that they do not depend on other installed
    engines.
    """
    looked_up: dict[str, dict[str, Any]] = {}
    for case in study.dots:
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

    return Study(config, _dots(config, recorded, source), Path(results))


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


def _dots(
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


def _check_junctions(study: Study, source: str | Path) -> None:
    """Raise InputError for a junction that cannot be built.

    On surfaces the junction of the unrelaxed structure is built, which may not fit the lateral cell.
    """
    electrodes = study.config.electrodes
    for case in study.dots:
        built = None
        for junction in case.junctions:
            try:
                case.entry.check_junction(case.definition, junction.left, junction.right, electrodes)
                if electrodes.surface:
                    built = built or case.entry.build(case.definition)
                    check_built(built, junction.left, junction.right, electrodes)
            except (InputError, StructureError) as error:
                raise InputError(f"{source}: {junction.id}: {error}") from None


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


def _check_results(results: Path, checkout: Path, source: str | Path) -> None:
    """Raise InputError for a results folder that contains other things, or that cannot be written to."""
    where = f"{source}: results = '{results}'"
    remedy = "name a folder only for this study, such as results"
    if "~" in results.parts[:1]:
        raise InputError(f"{where}: ~ is not replaced by the home folder here; write the path in full")
    folder = results.resolve()
    if folder in (Path.home().resolve(), Path.cwd(), *Path.cwd().parents):
        raise InputError(
            f"{where}: {folder} is the home folder, or is or contains the working folder; {remedy}"
        )
    if (checkout / "Snakefile").is_file():
        inside = folder.relative_to(checkout).parts if folder.is_relative_to(checkout) else ()
        if checkout.is_relative_to(folder) or (inside and inside[0] in CODE):
            raise InputError(f"{where}: {folder} belongs to the workflow itself; {remedy}")
    above = next(path for path in (folder, *folder.parents) if path.exists())
    if not above.is_dir():
        raise InputError(f"{where}: {above} is a file; {remedy}")
    if not os.access(above, os.W_OK | os.X_OK):
        raise InputError(f"{where}: {above} cannot be written to; name a folder of your own")


def _unknown(what: str, name: str, known: Collection[str]) -> str:
    if not known:
        return f"there is no {what}, which has none"
    return f"there is no {what}; nearest are {', '.join(get_close_matches(name, known, cutoff=0))}"


def _hours(hours: float) -> str:
    return f"{60 * hours:.2g} min" if hours < 1 else f"{hours:.3g} h"


def _contact_pair(outline: Outline, name: str) -> tuple[str, str]:
    """Return the two contacts of a pair that the structure names, or of `A-B`."""
    if name in outline.pairs:
        return outline.pairs[name]
    left, _, right = name.partition("-")
    sites = outline.contacts
    if left == right or left not in sites or right not in sites:
        raise InputError(
            f"contact pair '{name}' is not one of {outline.name}; write two of its contacts as L-R1 "
            f"({', '.join(sites)})"
            + (f" or a named pair ({', '.join(outline.pairs)})" if outline.pairs else "")
        )
    return left, right
