"""Members of the ensembles of a study, as dots of their own beside those of the table."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qdjunction.core.errors import InputError
from qdjunction.engine.registry import ENGINES
from qdjunction.structure.sources.contract import SourceSettings, Variation
from qdjunction.study import layout
from qdjunction.study.ensemble import SEPARATOR, CationMembers, EnsembleSettings, Kind

if TYPE_CHECKING:
    from qdjunction.study.cases import DotCase
    from qdjunction.study.config import Config


@dataclass(frozen=True)
class Member:
    """What a member of an ensemble is.

    Attributes
    ----------
    of : str
        Identity of its dot.
    kind : str
        What differs from the dot: ``cations``, ``halides``, ``tips`` or ``snapshots``.
    number : int
        From 1.
    seed : int
        Random seed of what is drawn; that of the trajectory for snapshots.
    """

    of: str
    kind: Kind
    number: int
    seed: int

    @property
    def id(self) -> str:
        """Identity in file names, e.g. ``12Pb_MAPbBr3@snapshots-007``."""
        return member_id(self.of, self.kind, self.number)

    @property
    def geometry(self) -> str:
        """Path in the results folder of the structure that goes between the tips."""
        match self.kind:
            case "tips":
                return f"{self.of}/{layout.RELAXED}"
            case "snapshots":
                return f"{self.id}/{layout.SNAPSHOT}"
        return f"{self.id}/{layout.RELAXED}"


def member_id(dot: str, kind: str, number: int) -> str:
    """Return the identity of a member; a number never changes as members are added."""
    return f"{dot}{SEPARATOR}{kind}-{number:03d}"


def members_of(case: "DotCase", settings: EnsembleSettings) -> Iterator[tuple[Member, SourceSettings[Any]]]:
    """Yield the members of a dot, group by group, each with the entry of the structure that it is.

    A group that changes nothing in the structure has no members: the halides of a pure one, the cations of a molecule.
    """
    for kind, group in settings.groups.items():
        what: list[Variation] = []
        if isinstance(group, CationMembers):
            what = list(group.vary)
        elif kind == "halides":
            what = ["halides"]
        for number in range(1, group.members + 1):
            seed = settings.seed_of(kind, case.id, 0 if kind == "snapshots" else number)
            entry = case.entry
            if what:
                variants = [entry.variant(case.definition, one, seed) for one in what]
                changes = {key: value for one in variants if one for key, value in _changes(entry, one)}
                if not changes:
                    break
                entry = entry.model_copy(update=changes)
            yield Member(case.id, kind, number, seed), entry


def _changes(entry: SourceSettings[Any], variant: SourceSettings[Any]) -> Iterator[tuple[str, Any]]:
    """Yield the keys in which a variant differs."""
    for key in type(entry).model_fields:
        if (value := getattr(variant, key)) != getattr(entry, key):
            yield key, value


def check_ensemble(config: "Config", dots: "tuple[DotCase, ...]") -> None:
    """Raise InputError for an ensemble that the study cannot have; the message begins with the key."""
    settings = config.ensemble
    if settings is None:
        return
    if not dots:
        raise InputError("ensemble: this study has no dots that could have members; leave the section out")
    known = {case.id: case for case in dots}
    for index, name in enumerate(settings.dots or ()):
        if name not in known:
            raise InputError(
                f"ensemble.dots.{index} = '{name}': no dot of this study; it has {', '.join(known)}"
            )
        if not known[name].junctions:
            raise InputError(
                f"ensemble.dots.{index} = '{name}': has no contacts, and members differ in their junctions; give it "
                "contacts, or leave it out"
            )
    if config.electrodes.relax != "none":
        for kind in ("tips", "snapshots"):
            if getattr(settings, kind):
                raise InputError(
                    f"ensemble.{kind} and electrodes.relax = {config.electrodes.relax}: the relaxation would undo "
                    "what differs between the members; leave out one of them"
                )
    engine = ENGINES.get(config.engine)
    if settings.snapshots and engine and not engine.has_dynamics:
        able = ", ".join(name for name, kind in ENGINES.items() if kind.has_dynamics)
        raise InputError(
            f"ensemble.snapshots: the engine '{config.engine}' has no dynamics here; use engine: {able}, or list "
            "snapshots of your own dynamics under dots with source: file"
        )
    have = {
        case.id: {member.kind for member, _ in members_of(case, settings)}
        for case in dots
        if settings.dots is None or case.id in settings.dots
    }
    for kind in settings.groups:
        if not any(kind in kinds for kinds in have.values()):
            what = {
                "cations": "A sites or orientations of cations to choose from",
                "halides": "a mixture of halides",
            }[kind]
            raise InputError(
                f"ensemble.{kind}: none of {', '.join(have)} is a dot of the catalogue with {what}; leave the group out"
            )
    for index, name in enumerate(settings.dots or ()):
        if not have[name]:
            raise InputError(
                f"ensemble.dots.{index} = '{name}': {' and '.join(settings.groups)} change nothing in this dot; leave "
                "it out"
            )
