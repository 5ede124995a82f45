"""The table of dots and junctions of a study, and what follows from it for rules and report."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache, cached_property
from pathlib import Path

from qdjunction.core.errors import InputError
from qdjunction.engine.registry import ENGINES
from qdjunction.interference.settings import StructureMember
from qdjunction.structure.sources.pair import KIND as PAIR
from qdjunction.study.cases import ONE_JUNCTION, Batch, DotCase, JunctionCase, SlideCase, StructureSeriesCase
from qdjunction.study.config import Config
from qdjunction.study.cover import CoverMember
from qdjunction.study.members import members_of
from qdjunction.study.robustness import Variant, variants_of


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
    covers : tuple of DotCase
        The structures of the section `cover`, which are relaxed as dots are and have no levels.
    """

    config: Config
    dots: tuple[DotCase, ...]
    results: Path
    catalogue: Path | None = None
    covers: tuple[DotCase, ...] = ()

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
    def cover_members(self) -> Mapping[str, CoverMember]:
        """The structures of the section `cover` by name."""
        return {member.name: member for member in self.config.cover.members()} if self.config.cover else {}

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
        return self.pre_relaxes and not self.relaxed_start(dot)

    @property
    def relaxes_junctions(self) -> bool:
        """Whether junctions are relaxed."""
        return self.config.electrodes.relax != "none"

    @property
    def pre_relaxes_junctions(self) -> bool:
        """Whether the embedded engine, which computes finite structures only, relaxes junctions before the study's."""
        return self.relaxes_junctions and self.pre_relaxes and not self.config.electrodes.surface

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
        """Whether any structure depends on files of the engine."""
        return any(self.engine_files(dot.id, gold=True) for dot in (*self.dots, *self.covers))

    def junction_before(self, dot: str, name: str) -> JunctionCase | None:
        """Return the junction from whose density the SCF of junction `name` starts; None if there is none.

        There is none for relaxed junctions, which start from the density of their own relaxation.
        """
        names = [case.name for case in self.dot(dot).junctions]
        index = names.index(name)
        seeded = self.config.seed_density and not self.relaxes_junctions
        return self.dot(dot).junctions[index - 1] if seeded and index else None

    @property
    def pre_relaxes(self) -> bool:
        """Whether the embedded engine relaxes a structure before the study's engine does."""
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
        return {dot.id: dot for dot in (*self.dots, *self.members, *self.variants, *self.covers)}


def _unknown(what: str, name: str, known: Collection[str]) -> str:
    if not known:
        return f"there is no {what}, which has none"
    return f"there is no {what}; nearest are {', '.join(get_close_matches(name, known, cutoff=0))}"
