"""Ligands on a dot: ions leave, ligands bind, and the formal charge stays what is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from qdjunction.core.errors import InputError, StructureError
from qdjunction.structure.anchors import bond_direction
from qdjunction.structure.contacts import without_atoms
from qdjunction.structure.ligands.ions import LEAD, Ion, atom_at, ion_at, surface_ions
from qdjunction.structure.ligands.library import Ligand
from qdjunction.structure.ligands.pose import Seat, find_pose
from qdjunction.structure.ligands.room import tips_at_contacts
from qdjunction.structure.ligands.settings import Placement
from qdjunction.structure.molecule import Topology, ion_conformers, topology
from qdjunction.structure.perovskite.constants import HALIDES
from qdjunction.structure.sites import Site, find_contacts

FRAGMENT = "fragment"
"""Array of the atoms with the number of the fragment that each belongs to: 1 for the dot, 2, 3, ... for the ligands
(and a second dot); 0, as for gold, if it belongs to none. ``info["fragments"]`` has the names."""

ACIDS = ("O", "S")
"""Elements whose proton leaves with the halide that a ligand replaces."""


@dataclass(frozen=True, eq=False)
class Step:
    """What happens at one site.

    Attributes
    ----------
    placement : Placement
        The entry that asks for it.
    ligand : Ligand or None
        The ligand that binds; None if ions only leave.
    ions : tuple of Ion
        The ions that leave.
    capped : int or None
        The atom that is capped.
    protons : tuple of int
        Atoms of the ligand that leave with the halide.
    """

    placement: Placement
    ligand: Ligand | None
    ions: tuple[Ion, ...] = ()
    capped: int | None = None
    protons: tuple[int, ...] = ()

    @property
    def change(self) -> int:
        """Change of the formal charge."""
        gained = bound_charge(self.ligand, self.protons) if self.ligand else 0
        return gained - sum(ion.charge for ion in self.ions)


def plan(
    dot: Atoms, placements: Sequence[Placement], ligands: Mapping[str, Ligand], charge: int, where: str = ""
) -> list[Step]:
    """Return what happens at each site, without any geometry of a ligand.

    Parameters
    ----------
    dot : ase.Atoms
        The dot, whose formal charge is ``info["dot"]["formal_charge"]``, or 0.
    placements : sequence of Placement
        Ligands and sites; all atoms are those of `dot`.
    ligands : mapping of str to Ligand
        The ligands by name.
    charge : int
        Formal charge that the dot must have at the end.
    where : str
        What stands before ``ligands[0]`` in errors.

    Raises
    ------
    InputError
        If a site is not there, is used twice, or does not suit the ligand, if there are fewer sites than ligands, if
        the formal charges do not add up to `charge`, or if two contacts would have one name.
    """
    steps: list[Step] = []
    taken: dict[int, str] = {}
    for index, placement in enumerate(placements):
        at = f"{where}ligands[{index}]"
        ligand = ligands[placement.ligand] if placement.ligand else None
        if placement.cap is not None:
            capped = atom_at(dot, placement.cap, f"{at}.cap")
            steps.append(_capping(dot, placement, ligand, capped, at))
            sites: list[tuple[int, ...]] = [(capped,)]
        elif placement.ion is not None and placement.count is not None:
            groups = surface_ions(dot, placement.ion, placement.count, at, taken, placement.each)
            steps += [_replacing(placement, ligand, group, at) for group in groups]
            sites = [ion.atoms for group in groups for ion in group]
        else:
            atoms = [atom_at(dot, atom, f"{at}.replace") for atom in placement.replace]
            ions = [ion_at(dot, atom, f"{at}.replace") for atom in atoms]
            steps.append(_replacing(placement, ligand, tuple(ions), at))
            sites = [ion.atoms for ion in ions]
        for site in sites:
            if used := next((taken[atom] for atom in site if atom in taken), None):
                raise InputError(
                    f"{at}: atom {site[0]} ({dot.symbols[site[0]]}) is a site of {used} already; there are more "
                    "ligands than sites, name another one"
                )
            taken |= dict.fromkeys(site, at)
    _check_charge(dot, steps, charge, where)
    _check_names(dot, steps, where)
    return steps


def attach(dot: Atoms, steps: Sequence[Step], conformers: int = 10, seed: int = 0) -> Atoms:
    """Return a dot with its ligands.

    All ions leave first; the ligands then bind one after another, each in a pose that `find_pose` finds. If there is
    one, it leaves room for tips at the contacts that stay (`tips_at_contacts`). Bonds of the result are no longer those
    of the lattice, so that checks compare a relaxed structure with this geometry.

    Returns
    -------
    ase.Atoms
        The atoms of the dot that stay, in their order, and those of each ligand; the array `FRAGMENT` and
        ``info["fragments"]`` tell them apart. Contacts whose atom has left are dropped, those of ligands are added.

    Raises
    ------
    StructureError
        If a ligand clashes in every pose; names the closest contact.
    """
    gone = {atom for step in steps for ion in step.ions for atom in ion.atoms}
    atoms, moved = without_atoms(dot, gone)
    fragments = dict(dot.info.get("fragments", {"1": dot.info["dot"]["name"]}))
    numbers = dot.arrays.get(FRAGMENT, np.ones(len(dot), dtype=int))[list(moved)]
    info = {key: value for key, value in atoms.info.items() if key != "relaxed"}
    named: dict[str, int] = {}
    gold = tips_at_contacts(atoms, {moved[step.capped] for step in steps if step.capped is not None})
    for step in steps:
        if step.ligand is None:
            continue
        seat = _seat(dot, atoms, step, moved)
        binds, other_end = step.ligand.ends(step.placement.reverse)
        choices = conformers_without(step.ligand, step.protons, conformers, seed)
        what = f"ligand {step.placement.text}"
        try:
            placed = find_pose(atoms + gold, choices, binds, seat, what)
        except StructureError:
            placed = find_pose(atoms, choices, binds, seat, what)
        if step.placement.contact:
            named[step.placement.contact] = len(atoms) + _last(step.ligand, other_end)
        atoms += placed
        number = max(map(int, fragments)) + 1
        fragments[str(number)] = step.ligand.name
        numbers = np.append(numbers, np.full(len(placed), number))
    atoms.set_array(FRAGMENT, numbers)
    sites = {name: Site(atom=atom) for name, atom in named.items()}
    info["contacts"] |= find_contacts(atoms, sites, lambda name: f"contact {name}: ")
    info["contact_pairs"] = {
        pair: ends
        for pair, ends in dot.info.get("contact_pairs", {}).items()
        if all(end in info["contacts"] for end in ends)
    }
    info["fragments"] = fragments
    # The lattice no longer names the atoms.
    info["dot"] = {
        key: value for key, value in dot.info["dot"].items() if key not in ("block", "removed")
    } | {
        "formal_charge": formal_charge(dot) + sum(step.change for step in steps),
        "ligands": [*dot.info["dot"].get("ligands", []), *(_record(step) for step in steps)],
    }
    atoms.info = info
    return atoms


def formal_charge(dot: Atoms) -> int:
    """Return the formal charge that a structure records; 0 if it records none."""
    return int(dot.info.get("dot", {}).get("formal_charge", 0))


def contact_elements(dot: Atoms, steps: Iterable[Step]) -> dict[str, tuple[str, ...]]:
    """Return the contacts that `attach` leaves and makes, each with its element."""
    gone = {atom for step in steps for ion in step.ions for atom in ion.atoms}
    kept: dict[str, tuple[str, ...]] = {
        name: (str(dot.symbols[entry["atom"]]),)
        for name, entry in dot.info.get("contacts", {}).items()
        if entry["atom"] not in gone
    }
    made: dict[str, tuple[str, ...]] = {
        step.placement.contact: (contact_bonds(step.ligand, step.placement.reverse)[0],)
        for step in steps
        if step.ligand and step.placement.contact
    }
    return kept | made


def lost_contacts(dot: Atoms, steps: Iterable[Step]) -> dict[str, str]:
    """Return the contacts whose atoms leave, each with the reason in words."""
    reasons = {
        atom: f"its {ion.symbol} gives way to {step.placement.text}"
        if step.ligand
        else f"its {ion.symbol} is taken away"
        for step in steps
        for ion in step.ions
        for atom in ion.atoms
    }
    contacts = dot.info.get("contacts", {}).items()
    return {name: reasons[entry["atom"]] for name, entry in contacts if entry["atom"] in reasons}


def contact_bonds(ligand: Ligand, reverse: bool) -> tuple[str, list[str]]:
    """Return the element of the atom of a ligand that a tip touches, and those of the atoms bonded to it."""
    molecule, atom = _topology(ligand), _last(ligand, ligand.ends(reverse)[1])
    return molecule.symbols[atom], [molecule.symbols[other] for other in molecule.neighbours[atom]]


def symbols_of(dot: Atoms, steps: Iterable[Step]) -> list[str]:
    """Return the symbols of the atoms of a dot with its ligands."""
    gone = {atom for step in steps for ion in step.ions for atom in ion.atoms}
    symbols = [str(symbol) for i, symbol in enumerate(dot.symbols) if i not in gone]
    for step in steps:
        if step.ligand:
            bound = _topology(step.ligand).symbols
            symbols += [symbol for i, symbol in enumerate(bound) if i not in step.protons]
    return symbols


def leaving_protons(ligand: Ligand, binds: Sequence[int]) -> tuple[int, ...]:
    """Return the proton that an acid or thiol loses as it takes the place of a halide."""
    molecule = _topology(ligand)
    return tuple(
        other
        for atom in binds
        if molecule.symbols[atom] in ACIDS
        for other in molecule.neighbours[atom]
        if molecule.symbols[other] == "H"
    )


def bound_charge(ligand: Ligand, protons: Sequence[int]) -> int:
    """Return the formal charge of a ligand that has lost protons."""
    return _topology(ligand).charge - len(protons)


def conformers_without(ligand: Ligand, protons: Sequence[int], conformers: int, seed: int) -> list[Atoms]:
    """Return the conformers of a ligand without the protons that leave."""
    return [_without(one, protons) for one in _conformers(ligand, conformers, seed)]


def _topology(ligand: Ligand) -> Topology:
    return topology(ligand.smiles, ion=True)


@lru_cache(maxsize=32)
def _conformers(ligand: Ligand, conformers: int, seed: int) -> list[Atoms]:
    return ion_conformers(ligand.smiles, conformers, seed)


def _without(conformer: Atoms, protons: Sequence[int]) -> Atoms:
    """Return a conformer without some of its hydrogens, which come after all heavy atoms."""
    atoms: Atoms = conformer[[i for i in range(len(conformer)) if i not in protons]]
    return atoms


def _last(ligand: Ligand, other_end: Sequence[int]) -> int:
    """Return the atom that a tip touches; heavy atoms keep their indices as protons leave."""
    if not other_end:
        raise InputError(
            f"ligand '{ligand.name}' has no other end to be a contact; add the key other_end to its file"
        )
    return other_end[-1]


def _capping(dot: Atoms, placement: Placement, ligand: Ligand | None, atom: int, at: str) -> Step:
    assert ligand  # `Placement` has checked it
    ligand.ends(placement.reverse)
    if dot.numbers[atom] != LEAD and dot.symbols[atom] not in HALIDES:
        raise InputError(
            f"{at}.cap: atom {atom} is {dot.symbols[atom]}; a ligand caps a Pb or a halide; to take the place of an "
            "ion use replace"
        )
    return Step(placement, ligand, capped=atom)


def _replacing(placement: Placement, ligand: Ligand | None, ions: tuple[Ion, ...], at: str) -> Step:
    if ligand is None:
        return Step(placement, None, ions)
    binds, _ = ligand.ends(placement.reverse)
    listed = ", ".join(f"{ion.symbol} {ion.atoms[0]}" for ion in ions)
    if ions[0].charge < 0:
        if any(ion.charge > 0 for ion in ions) or len({ion.pb for ion in ions}) > 1 or ions[0].pb is None:
            raise InputError(
                f"{at}: {listed}: a ligand takes the place of terminal halides of one Pb, and these are not; name "
                "others"
            )
        protons = leaving_protons(ligand, binds)
        step = Step(placement, ligand, ions, protons=protons)
        suits, needed = bound_charge(ligand, protons) <= 0, "an anion, an acid or a neutral ligand"
    else:
        if len(ions) > 1:
            raise InputError(
                f"{at}: {listed}: a ligand takes the place of one cation; name one, take others away"
            )
        if ions[0].direction is None and placement.direction is None:
            raise InputError(
                f"{at}: {listed} is inside the dot, where no ligand fits; name a cation at the surface"
            )
        step = Step(placement, ligand, ions)
        suits, needed = _topology(ligand).charge > 0, "a cation, such as an ammonium ion"
    if not suits:
        raise InputError(
            f"{at}: ligand '{ligand.name}' has charge {_topology(ligand).charge:+d} and cannot take the place of "
            f"{listed} ({ions[0].charge:+d}); choose {needed}"
        )
    return step


def _seat(dot: Atoms, atoms: Atoms, step: Step, moved: Mapping[int, int]) -> Seat:
    """Return where a ligand binds, in the numbering of the atoms that are there."""
    given = step.placement.direction
    if step.ions and step.ions[0].charge > 0:
        ion = step.ions[0]
        return Seat(ion.position, _direction(dot, ion.position, given, ion.direction))
    if step.ions:
        pb = step.ions[0].pb
        assert pb is not None  # `_replacing` has checked it
        mean = np.mean([ion.direction for ion in step.ions if ion.direction is not None], axis=0)
        direction = _direction(dot, dot.positions[pb], given, mean / np.linalg.norm(mean))
        return Seat(dot.positions[pb], direction, int(dot.numbers[pb]), (moved[pb],))
    assert step.capped is not None
    atom = moved[step.capped]
    if given in (None, "bond"):
        text = f"ligand {step.placement.text}, direction"
        direction = bond_direction(atoms, atom, text)
    else:
        direction = _direction(dot, atoms.positions[atom], given, None)
    return Seat(atoms.positions[atom], direction, int(atoms.numbers[atom]), (atom,))


def _direction(
    dot: Atoms, position: NDArray[np.float64], given: Any, default: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    """Return a direction that is given, or outward where `outward` is, or the default."""
    if given in (None, "bond") and default is not None:
        return default
    vector = position - dot.get_center_of_mass() if given in (None, "bond", "outward") else np.array(given)
    unit: NDArray[np.float64] = vector / np.linalg.norm(vector)
    return unit


def _record(step: Step) -> dict[str, Any]:
    """Return one site as ``info["dot"]["ligands"]`` holds it."""
    made = {"ligand": step.ligand.name, "smiles": step.ligand.smiles} if step.ligand else {"ligand": None}
    return made | {
        "replaced": [ion.symbol for ion in step.ions],
        "protons_lost": len(step.protons),
        "charge_change": step.change,
    }


def _check_names(dot: Atoms, steps: Sequence[Step], where: str) -> None:
    """Refuse a name that two contacts would have: those of ligands, and those of the dot whose atoms stay."""
    gone = {atom for step in steps for ion in step.ions for atom in ion.atoms}
    contacts = dot.info.get("contacts", {}).items()
    taken = {name for name, entry in contacts if entry["atom"] not in gone}
    for name in [step.placement.contact for step in steps if step.placement.contact]:
        if name in taken:
            raise InputError(
                f"{where}ligands: contact = '{name}': another contact has that name already; there are "
                f"{', '.join(sorted(taken))}; choose another name"
            )
        taken.add(name)


def _check_charge(dot: Atoms, steps: Sequence[Step], charge: int, where: str) -> None:
    total = formal_charge(dot) + sum(step.change for step in steps)
    if total == charge:
        return
    excess = total - charge
    kind, amount = ("cation" if excess > 0 else "anion"), "one" if abs(excess) == 1 else str(abs(excess))
    changes = "; ".join(f"{step.placement.text} {step.change:+d}" for step in steps if step.change)
    raise InputError(
        f"{where}ligands: the formal charges add up to {total:+d} instead of {charge:+d} ({changes or 'no change'}); "
        f"take {amount} more {kind}{'s' * (abs(excess) > 1)} away (an entry with replace and no ligand) or {amount} "
        f"{'anion' if excess > 0 else 'cation'}{'s' * (abs(excess) > 1)} fewer, or choose ligands of other charge"
    )
