"""Check that a relaxed structure keeps the contacts, bonds and protons that it was built with."""

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers, covalent_radii
from ase.geometry import get_distances
from numpy.typing import NDArray
from pydantic import computed_field
from scipy.spatial.distance import cdist

from qdjunction.core.errors import StructureError
from qdjunction.core.results import Result
from qdjunction.structure.bonds import BOND_FRACTION, pb_halide_bonds
from qdjunction.structure.connectivity import ALKALI, heavy_bonds
from qdjunction.structure.connectivity import BOND_FRACTION as OTHER_BOND_FRACTION
from qdjunction.structure.contacts import contact
from qdjunction.structure.ligands.attach import FRAGMENT
from qdjunction.structure.perovskite.cations import methylammonium
from qdjunction.structure.perovskite.constants import HALIDES
from qdjunction.structure.perovskite.lattice import block_sites, halide_sites

NONMETALS = tuple(atomic_numbers[symbol] for symbol in ("B", "C", "N", "O", "Si", "P", "S", "Se", *HALIDES))
"""Elements of which no two belong to a bond between a dot and a ligand: those have a metal."""

STRETCH_ANG = 0.13
"""A bond to hydrogen counts as stretched beyond the sum of the covalent radii by more than this: N-H above 1.15 Ang.
The mean of N-H in ammonium ions is 1.03 Ang (neutron diffraction, Allen and Bruno, Acta Cryst. B 66, 380 (2010))."""

Bond = tuple[int, int]


@dataclass(frozen=True)
class ContactState:
    """State of a contact at a halide of a structure with Pb.

    Attributes
    ----------
    atom : int
        Index of the halide.
    pb : tuple of int
        Every Pb that the halide is bonded to.
    lengths_ang : tuple of float
        Lengths of these bonds (Ang).
    lost : str
        Why the contact is lost; empty if it is kept.
    """

    atom: int
    pb: tuple[int, ...]
    lengths_ang: tuple[float, ...]
    lost: str


@dataclass(frozen=True)
class AnchorState:
    """State of a contact at any other atom.

    Attributes
    ----------
    atom : int
        Index of the atom.
    bonded : tuple of int
        Every heavy atom that it is bonded to.
    lengths_ang : tuple of float
        Lengths of these bonds (Ang).
    lost : str
        Why the contact is lost; empty if it is kept.
    """

    atom: int
    bonded: tuple[int, ...]
    lengths_ang: tuple[float, ...]
    lost: str


@dataclass(frozen=True)
class PbHalideDistance:
    """A Pb-halide bond that was broken or formed, with the present distance between its atoms (Ang)."""

    pb: int
    halide: int
    distance_ang: float

    def __str__(self) -> str:
        return f"{self.pb}-{self.halide} ({self.distance_ang:.2f} Ang)"


@dataclass(frozen=True)
class BondDistance:
    """Another bond of heavy atoms that was broken or formed, with the present distance between them (Ang)."""

    first: int
    second: int
    distance_ang: float

    def __str__(self) -> str:
        return f"{self.first}-{self.second} ({self.distance_ang:.2f} Ang)"


@dataclass(frozen=True)
class Proton:
    """A hydrogen atom with the heavy atom it was built on and the nearest other one.

    Attributes
    ----------
    atom : int
        Index of the hydrogen.
    owner, other : int
        Indices of the two heavy atoms.
    owner_symbol, other_symbol : str
        Their elements.
    owner_ang, other_ang : float
        Their distances from the hydrogen (Ang).
    excess_ang, other_excess_ang : float
        These distances minus the sum of the covalent radii (Ang).
    """

    atom: int
    owner: int
    owner_symbol: str
    owner_ang: float
    excess_ang: float
    other: int
    other_symbol: str
    other_ang: float
    other_excess_ang: float

    def __str__(self) -> str:
        own, other = (
            f"{self.owner_symbol}-H {self.owner_ang:.2f}",
            f"H-{self.other_symbol} {self.other_ang:.2f}",
        )
        return f"{self.atom} ({own}, {other} Ang)"


class Integrity(Result):
    """Comparison of a structure with its state as built, also as records of relaxations hold it.

    Attributes
    ----------
    contacts : mapping of str to ContactState or AnchorState
        Each contact by name.
    broken, formed : tuple of PbHalideDistance or BondDistance
        Bonds that were broken and bonds that formed: Pb-halide bonds and, if the info names no lattice, those between
        other heavy atoms.
    transferred : tuple of Proton
        Protons that moved to another atom.
    stretched : tuple of Proton
        Protons that did not move, but whose bond is stretched by more than `STRETCH_ANG`.
    longest_ang : mapping of str to float
        Largest present length (Ang) of the bonds as built, by kind: ``Pb-Br``, ``N-H``, ...
    limits : mapping of str to float
        What was applied: lengths of bonds over the sum of the radii, and the stretch of a bond to a proton (Ang).
    """

    contacts: dict[str, ContactState | AnchorState]
    broken: tuple[PbHalideDistance | BondDistance, ...]
    formed: tuple[PbHalideDistance | BondDistance, ...]
    transferred: tuple[Proton, ...]
    stretched: tuple[Proton, ...]
    longest_ang: dict[str, float]
    limits: dict[str, float]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def is_kept(self) -> bool:
        """Whether all contacts and bonds are as built, and no proton is transferred."""
        return not (self.lost_contacts or self.broken or self.formed or self.transferred)

    @property
    def lost_contacts(self) -> dict[str, str]:
        """Reason for each lost contact, by name."""
        return {name: state.lost for name, state in self.contacts.items() if state.lost}

    @computed_field  # type: ignore[prop-decorator]
    @property
    def findings(self) -> list[str]:
        """Problems, one sentence each, the most serious first."""
        found = [f"contact {name} is lost: {reason}" for name, reason in self.lost_contacts.items()]
        for bonds, what in ((self.broken, "broken"), (self.formed, "new")):
            for kind, name in ((PbHalideDistance, "Pb-halide bonds"), (BondDistance, "bonds of heavy atoms")):
                if listed := [str(bond) for bond in bonds if isinstance(bond, kind)]:
                    found.append(f"{what} {name}: {', '.join(listed)}")
        for protons, what in (
            (self.transferred, "transferred protons"),
            (self.stretched, "stretched bonds to protons"),
        ):
            if protons:
                found.append(f"{what}: {', '.join(map(str, protons))}")
        return found


def examine(atoms: Atoms, built: Atoms) -> Integrity:
    """Compare a relaxed structure with the same one as built.

    A contact at a halide of a structure with Pb is kept if the halide is bonded only to the Pb that it was built on and
    has taken no proton; a contact at any other atom, if the atom is bonded to the same heavy atoms and has taken no
    proton. A proton is transferred if another heavy atom than its own is nearer, measured by the distance in excess of
    the sum of the covalent radii; at equal excess the two bonds have the same order by the rule of Pauling, J. Am.
    Chem. Soc. 69, 542 (1947).

    Parameters
    ----------
    atoms : ase.Atoms
        The relaxed structure.
    built : ase.Atoms
        The same atoms as built. Its geometry is used only if its info does not name the dot's lattice.

    Returns
    -------
    Integrity
        What was kept and what was not.

    Raises
    ------
    StructureError
        If the lattice in the info is not that of the atoms, or a contact is at no atom.

    See Also
    --------
    check_contact : the check of a single contact
    """
    lattice = lattice_bonds(built)
    as_built = set(_bonds(built)) if lattice is None else lattice
    now = _bonds(atoms)
    anchors = heavy_bonds(built), heavy_bonds(atoms)
    # Bonds of Pb and halides have their own limit. On a lattice there are no others; the cations are checked by their
    # protons.
    others = tuple({} if lattice is not None else _without(bonds, as_built | now.keys()) for bonds in anchors)
    # What only stands close between two fragments as built is no bond that could break, nor one that has formed.
    crowded = _crowded(built, others[0])
    others = tuple(_without(bonds, crowded) for bonds in others)
    owners = _owners(built)
    nearest = _nearest(atoms)
    taken, gained = set(nearest.tolist()), set(nearest[nearest != owners].tolist())
    protons = _protons(atoms, owners)
    transferred = tuple(proton for proton in protons if proton.other_excess_ang < proton.excess_ang)
    distances = {bond: float(atoms.get_distance(*bond, mic=True)) for bond in as_built | now.keys()}
    longest = {
        f"Pb-{symbol}": max(distances[bond] for bond in as_built if atoms.symbols[bond[1]] == symbol)
        for symbol in sorted({atoms.symbols[halide] for _, halide in as_built})
    }
    for first, second in others[0]:
        kind = "-".join(sorted((str(atoms.symbols[first]), str(atoms.symbols[second]))))
        longest[kind] = max(longest.get(kind, 0.0), float(atoms.get_distance(first, second, mic=True)))
    for proton in protons:
        kind = f"{proton.owner_symbol}-H"
        longest[kind] = max(longest.get(kind, 0.0), proton.owner_ang)
    return Integrity(
        contacts={
            name: _contact_state(atoms, name, now, taken, as_built)
            if is_halide_of_lead(atoms, name)
            else _anchor_state(atoms, name, *anchors, gained)
            for name in atoms.info.get("contacts", {})
        },
        broken=(
            *(PbHalideDistance(*bond, distances[bond]) for bond in sorted(as_built - now.keys())),
            *_changed(atoms, others[0].keys() - others[1].keys()),
        ),
        formed=(
            *(PbHalideDistance(*bond, distances[bond]) for bond in sorted(now.keys() - as_built)),
            *_changed(atoms, others[1].keys() - others[0].keys()),
        ),
        transferred=transferred,
        stretched=tuple(
            proton for proton in protons if proton not in transferred and proton.excess_ang > STRETCH_ANG
        ),
        longest_ang=longest,
        limits={
            "pb_halide_radii": BOND_FRACTION,
            "other_radii": OTHER_BOND_FRACTION,
            "stretch_ang": STRETCH_ANG,
        },
    )


def _crowded(built: Atoms, bonds: Iterable[Bond]) -> set[Bond]:
    """Return the pairs of atoms of two fragments that are as near as bonded atoms, though no ligand binds like this."""
    if not built.has(FRAGMENT):
        return set()
    fragment, is_nonmetal = built.arrays[FRAGMENT], np.isin(built.numbers, NONMETALS)
    return {(i, j) for i, j in bonds if fragment[i] != fragment[j] and is_nonmetal[i] and is_nonmetal[j]}


def check_contact(atoms: Atoms, name: str) -> None:
    """Check that a contact was not lost, by the record of its relaxation and by the geometry.

    Raises
    ------
    StructureError
        If the relaxation recorded the contact as lost; or if the contact is at a halide of a structure with Pb, and the
        halide is bonded to no Pb, to two, or to another Pb than it was built on (if the info names the dot's lattice),
        or has taken a proton.
    """
    relaxed = atoms.info.get("relaxed")
    found = relaxed.get("lost_contacts", {}).get(name) if isinstance(relaxed, Mapping) else None
    if not found and is_halide_of_lead(atoms, name):
        bonds = _bonds(atoms)
        as_built = lattice_bonds(atoms) or set(bonds)
        found = _contact_state(atoms, name, bonds, set(_nearest(atoms).tolist()), as_built).lost
    if found:
        raise StructureError(
            f"Contact '{name}' is no longer a contact: {found}; choose another contact, or relax from another "
            "start."
        )


def lattice_bonds(atoms: Atoms) -> set[Bond] | None:
    """Return the Pb-halide bonds of a built dot from its lattice, for atoms in the order of `build_dot`.

    Returns
    -------
    set of (Pb, halide) or None
        None if the info names no lattice.

    Raises
    ------
    StructureError
        If the atoms are not those of the lattice in the info.
    """
    dot = atoms.info.get("dot")
    if not isinstance(dot, Mapping) or "block" not in dot:
        return None
    try:
        pb_sites = block_sites(tuple(dot["block"]), [tuple(site) for site in dot.get("removed", ())])
    except (TypeError, ValueError) as error:
        raise StructureError(
            f"The structure records the block {dot['block']} without {dot.get('removed')}, which is not a valid "
            "block; build the dot again with `qdjunction dot`."
        ) from error
    pb, x = np.array(pb_sites, dtype=float), np.array(halide_sites(pb_sites))
    symbols = list(atoms.symbols)
    if not (
        symbols[: len(pb)] == ["Pb"] * len(pb)
        and all(symbol in HALIDES for symbol in symbols[len(pb) : len(pb) + len(x)])
        and len(symbols) >= len(pb) + len(x)
    ):
        raise StructureError(
            f"The atoms are not in the order of the block {list(dot['block'])} that the structure records "
            f"({len(pb)} Pb, then {len(x)} halides); build the dot again with `qdjunction dot`."
        )
    halide, touched = np.nonzero(np.isclose(cdist(x, pb), 0.5))
    return {(int(p), int(h) + len(pb)) for p, h in zip(touched, halide, strict=True)}


def is_halide_of_lead(atoms: Atoms, name: str) -> bool:
    """Whether a contact is at a halide of a structure with Pb."""
    return atoms.symbols[contact(atoms, name).atom] in HALIDES and bool((atoms.symbols == "Pb").any())


def _bonds(atoms: Atoms) -> dict[Bond, float]:
    table = pb_halide_bonds(atoms)
    return {
        (int(pb), int(halide)): float(length)
        for halide, pb, length in zip(table["halide"], table["pb"], table["length_ang"], strict=True)
    }


def _without(bonds: Mapping[Bond, float], excluded: Set[Bond]) -> dict[Bond, float]:
    """Return the bonds without the excluded ones, whose atoms may be in either order."""
    return {
        bond: length for bond, length in bonds.items() if bond not in excluded and bond[::-1] not in excluded
    }


def _changed(atoms: Atoms, bonds: Iterable[Bond]) -> Iterator[BondDistance]:
    for bond in sorted(bonds):
        yield BondDistance(*bond, float(atoms.get_distance(*bond, mic=True)))


def _anchor_state(
    atoms: Atoms, name: str, as_built: Mapping[Bond, float], now: Mapping[Bond, float], gained: set[int]
) -> AnchorState:
    atom = contact(atoms, name).atom
    before = {sum(bond) - atom for bond in as_built if atom in bond}
    bonded = {sum(bond) - atom: length for bond, length in now.items() if atom in bond}

    def listed(others: Iterable[int]) -> str:
        named = (
            f"{atoms.symbols[i]} {i} ({atoms.get_distance(atom, i, mic=True):.2f} Ang)"
            for i in sorted(others)
        )
        return " and ".join(named)

    anchor = f"its {atoms.symbols[atom]} (atom {atom})"
    lost = ""
    if gone := before - bonded.keys():
        lost = f"{anchor} is no longer bonded to {listed(gone)}"
    elif new := bonded.keys() - before:
        lost = f"{anchor} has bonded to {listed(new)}"
    elif atom in gained:
        lost = f"{anchor} has taken a proton"
    return AnchorState(atom, tuple(bonded), tuple(bonded.values()), lost)


def _contact_state(
    atoms: Atoms, name: str, bonds: Mapping[Bond, float], taken: set[int], as_built: set[Bond]
) -> ContactState:
    atom = contact(atoms, name).atom
    pb = {bond[0]: length for bond, length in bonds.items() if bond[1] == atom}
    halide = f"its {atoms.symbols[atom]} (atom {atom})"
    listed = " and ".join(f"Pb {i} ({length:.2f} Ang)" for i, length in pb.items())
    lost = ""
    if not pb:
        lost = f"{halide} is bonded to no Pb"
    elif len(pb) > 1:
        lost = f"{halide} is not terminal but bridges {listed}"
    elif (next(iter(pb)), atom) not in as_built:
        lost = f"{halide} has moved to {listed}"
    elif atom in taken:
        lost = f"{halide} has taken a proton"
    return ContactState(atom, tuple(pb), tuple(pb.values()), lost)


def _owners(built: Atoms) -> NDArray[np.int64]:
    """Return the heavy atom that each hydrogen was built on: by the order in methylammonium, else the nearest."""
    cation = methylammonium()
    first: NDArray[np.int64] = np.flatnonzero(built.symbols == "C")
    is_methylammonium = all(list(built.symbols[c : c + len(cation)]) == list(cation.symbols) for c in first)
    of_one = _nearest(cation)
    if is_methylammonium and len(of_one) * len(first) == (built.symbols == "H").sum():
        return (first[:, None] + of_one).ravel()
    return _nearest(built)


def _nearest(atoms: Atoms) -> NDArray[np.int64]:
    """Return the heavy atom nearest to each hydrogen, by the distance in excess of the sum of the covalent radii."""
    hydrogen, heavy = _hydrogen_and_heavy(atoms)
    if not (len(hydrogen) and len(heavy)):
        return np.array([], dtype=int)
    excess = _distances(atoms, hydrogen, heavy) - _radii(atoms, heavy)
    nearest: NDArray[np.int64] = heavy[excess.argmin(axis=1)]
    return nearest


def _protons(atoms: Atoms, owners: NDArray[np.int64]) -> list[Proton]:
    hydrogen, heavy = _hydrogen_and_heavy(atoms)
    if len(heavy) < 2:
        return []
    distances = _distances(atoms, hydrogen, heavy)
    excess = distances - _radii(atoms, heavy)
    column = {int(atom): i for i, atom in enumerate(heavy)}
    protons = []
    for row, (atom, owner) in enumerate(zip(hydrogen, owners, strict=True)):
        own = column[int(owner)]
        other = int(np.where(np.arange(len(heavy)) == own, np.inf, excess[row]).argmin())
        sides = (
            (int(heavy[i]), str(atoms.symbols[heavy[i]]), float(distances[row, i]), float(excess[row, i]))
            for i in (own, other)
        )
        protons.append(Proton(int(atom), *next(sides), *next(sides)))
    return protons


def _distances(atoms: Atoms, first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the distances between two groups of atoms, of the nearest images in a slab (Ang)."""
    distances: NDArray[np.float64] = get_distances(
        atoms.positions[first], atoms.positions[second], atoms.cell, atoms.pbc
    )[1]
    return distances


def _hydrogen_and_heavy(atoms: Atoms) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return hydrogens and the atoms that can hold one; an alkali ion, large as its radius is, holds none."""
    is_hydrogen = atoms.numbers == 1
    return np.flatnonzero(is_hydrogen), np.flatnonzero(~is_hydrogen & ~np.isin(atoms.numbers, ALKALI))


def _radii(atoms: Atoms, heavy: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the sum of the covalent radii of hydrogen and each heavy atom (Ang)."""
    radii: NDArray[np.float64] = covalent_radii[1] + covalent_radii[atoms.numbers[heavy]]
    return radii
