"""Anchors: the atoms of a molecule or dot that bind to gold, and where the gold stands on each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from qdjunction.core.errors import StructureError
from qdjunction.core.schema import Section
from qdjunction.structure.tips.contract import GoldSite

if TYPE_CHECKING:
    import numpy as np
    from ase import Atoms
    from numpy.typing import NDArray

Symbol = Annotated[str, Field(pattern=r"^[A-Z][a-z]?$")]
"""A chemical symbol."""

ANY = "*"
"""Stands for any element but hydrogen among the neighbours of an anchor."""

BONDS_CANCEL = 0.3
"""Below this length the sum of the unit vectors along the bonds of an atom gives no direction: the atom lies inside a
chain, a plane or a tetrahedron of neighbours. Angles of 120 deg and less at two bonds give 1 and more."""


SIDE_ANG = 0.3
"""A hydrogen nearer to the line of the other bond than this does not tell a side; that of a thiol is 1.3 Ang away."""


DOUBLE_BOND_ANG: Mapping[str, float] = {"O": 1.31, "S": 1.71, "Se": 1.87}
"""Shorter bonds of these elements to a carbon atom with three neighbours count as double. For sulfur 1.71 Ang lies
between thiones and thioureas, 1.67 and 1.68 Ang, and aryl sulfides, 1.77 Ang (Allen et al., J. Chem. Soc., Perkin
Trans. 2, S1 (1987)); for the others it is midway between the sums of the radii for single and double bonds (Pyykko and
Atsumi, Chem. Eur. J. 15, 186 and 12770 (2009))."""


class Anchor(Section):
    """What an anchor is, and how gold stands on it."""

    element: Symbol
    """Chemical symbol of the atom that binds."""
    neighbours: list[Annotated[str, Field(pattern=r"^([A-Z][a-z]?|\*)$")]] = Field(min_length=1)
    """Symbols of the atoms it is bonded to once gold is there; `*` is any element but hydrogen."""
    loses_hydrogen: bool = False
    """Whether one hydrogen more may be bonded to it, which leaves as gold binds, as that of a thiol does."""
    apex_distance_ang: float = Field(ge=1.8, le=4.5)
    """Distance from the apex to the atom (Ang). Below 1.8 Ang the two overlap, beyond 4.5 Ang they do not touch."""
    bridge_distance_ang: float | None = Field(default=None, ge=1.8, le=4.5)
    """Distance to each of two gold atoms if it binds on their bridge (Ang), if that is known."""
    hollow_distance_ang: float | None = Field(default=None, ge=1.8, le=4.5)
    """Distance to each of three gold atoms if it binds in their hollow (Ang), if that is known."""
    tilt_deg: float = Field(default=0.0, ge=0, lt=90)
    """Angle by which the direction to gold leaves the continuation of the bonds (degrees). Of two bonds out of their
    plane: 0 along their bisector, 54.7 for the lone pair of a tetrahedral atom. Of a single bond towards the side of
    the hydrogen that leaves: 0 straight on, 74 for an angle of 106 degrees at a thiolate."""
    basis: str = ""
    """What the distance from an apex rests on, e.g. `measured`; docs/structures.md explains those of the table."""
    facet_basis: str = ""
    """What the distances from a bridge and a hollow rest on."""
    reference: str = ""
    """Where distance and geometry come from."""

    @property
    def needs(self) -> str:
        """What it must look like, for errors."""
        leaves = " (and one H, which leaves)" if self.loses_hydrogen else ""
        bonded = ", ".join("any heavy atom" if symbol == ANY else symbol for symbol in self.neighbours)
        return f"{self.element} bonded to {bonded}{leaves}"

    def distance_ang(self, site: GoldSite) -> float | None:
        """Return the distance to the gold atoms at a site (Ang); None if it is not known."""
        return {
            "top": self.apex_distance_ang,
            "bridge": self.bridge_distance_ang,
            "hollow": self.hollow_distance_ang,
        }[site]

    def basis_at(self, site: GoldSite) -> str:
        """Return what the distance at a site rests on; empty if the row does not say."""
        return self.basis if site == "top" else self.facet_basis

    def required_distance_ang(self, site: GoldSite, contact: str, name: str) -> float:
        """Return the distance to the gold atoms at a site (Ang) of a contact that is this anchor, called `name`.

        Raises
        ------
        StructureError
            If it is not known.
        """
        if (distance := self.distance_ang(site)) is None:
            raise StructureError(
                f"Contact '{contact}' is the anchor {name}, whose distance from gold is not known for a {site} site; "
                "give electrodes.apex_distance_ang, the distance to each of the gold atoms "
                "around the site, or set the site to top"
            )
        return distance

    def leaves(self, bonded: Sequence[str]) -> bool:
        """Whether one of the hydrogens bonded to such an atom leaves as gold binds; not if it has left already."""
        return self.loses_hydrogen and len(bonded) > len(self.neighbours)

    def fits(self, element: str, bonded: list[str], bare: bool = True) -> bool:
        """Whether an atom of `element` bonded to atoms of these elements is such an anchor.

        With `bare` a hydrogen that leaves may have left already.
        """
        if element != self.element or not (bare or self.leaves(bonded) or not self.loses_hydrogen):
            return False
        if self.leaves(bonded) and "H" in bonded:
            bonded = bonded.copy()
            bonded.remove("H")
        left = sorted(bonded)
        for symbol in sorted(
            self.neighbours, reverse=True
        ):  # * comes before the letters, so it is matched last
            match = next((one for one in left if one == symbol or (symbol == ANY and one != "H")), None)
            if match is None:
                return False
            left.remove(match)
        return not left


PUBLISHED, MEASURED, COMPUTED, RADII = "published", "measured", "GFN1-xTB", "radii"
"""What distances rest on: the calculation of a publication, a measurement, this program's embedded engine, or a sum of
covalent radii."""

_HALIDE = (
    "terminal halide of a lead halide dot, relaxed with PBE: Zheng et al., Nat. Commun. 10, 5458 (2019), doi "
    "10.1038/s41467-019-13389-7"
)
_COMPUTED = "distance of least energy in GFN1-xTB, rigid, atop a pyramid of four atoms"

ANCHORS: Mapping[str, Anchor] = {
    "chloride": Anchor(element="Cl", neighbours=[ANY], apex_distance_ang=2.66, basis=PUBLISHED, reference=_HALIDE),
    "bromide": Anchor(element="Br", neighbours=[ANY], apex_distance_ang=2.76, basis=PUBLISHED, reference=_HALIDE),
    "iodide": Anchor(element="I", neighbours=[ANY], apex_distance_ang=2.88, basis=PUBLISHED, reference=_HALIDE),
    "thiolate": Anchor(
        element="S", neighbours=["C"], loses_hydrogen=True, apex_distance_ang=2.42,
        bridge_distance_ang=2.42, hollow_distance_ang=2.50, basis=MEASURED, facet_basis=COMPUTED,
        reference="2.42(2) Ang atop one gold atom by X-ray standing waves and photoelectron diffraction: Jackson et "
        "al., Surf. Sci. 603, 807 (2009); bridge and hollow: distance of least energy in GFN1-xTB, rigid CH3S on a "
        "facet of three gold atoms above six",
    ),
    "bent-thiolate": Anchor(
        element="S", neighbours=["C"], loses_hydrogen=True, apex_distance_ang=2.25, tilt_deg=74, basis=COMPUTED,
        reference="Au-S-C angle of 106 deg and distance of least energy in GFN1-xTB, rigid CH3S atop a pyramid of four "
        "atoms; on Au(111) S-C leaves the normal by 61 deg, an angle of 119 deg: Chaudhuri et al., J. Chem. Phys. 130, "
        "124708 (2009)",
    ),
    "methyl-sulfide": Anchor(
        element="S", neighbours=["C", "C"], apex_distance_ang=2.41, tilt_deg=54.7, basis=COMPUTED,
        reference=f"an anchor by Park et al., J. Am. Chem. Soc. 129, 15768 (2007); {_COMPUTED}",
    ),
    "amine": Anchor(
        element="N", neighbours=["C", "H", "H"], apex_distance_ang=2.25, basis=COMPUTED,
        reference=f"binds a gold adatom by its lone pair: Venkataraman et al., Nano Lett. 6, 458 (2006); {_COMPUTED}",
    ),
    "pyridine": Anchor(
        element="N", neighbours=["C", "C"], apex_distance_ang=2.17, basis=COMPUTED,
        reference="binds upright atop one gold atom: Bilic, Reimers and Hush, J. Phys. Chem. B 106, 6740 (2002); "
        + _COMPUTED,
    ),
    "nitrile": Anchor(
        element="N", neighbours=["C"], apex_distance_ang=2.05, basis=COMPUTED,
        reference=f"an anchor by Mishchenko et al., J. Am. Chem. Soc. 133, 184 (2011); {_COMPUTED}",
    ),
    "alkynyl": Anchor(
        element="C", neighbours=["C"], loses_hydrogen=True, apex_distance_ang=1.99, basis=RADII,
        reference="not measured; sum of the single-bond radii of Au, 1.24 Ang, and C, 0.75 Ang: Pyykko and Atsumi, "
        "Chem. Eur. J. 15, 186 (2009), doi 10.1002/chem.200800987",
    ),
}  # fmt: skip
"""The anchors by name."""


def with_own(own: Mapping[str, Anchor]) -> Mapping[str, Anchor]:
    """Return the anchors there are, those of a user first."""
    return {**own, **{name: row for name, row in ANCHORS.items() if name not in own}}


@dataclass(frozen=True)
class Binding:
    """How one atom of a structure binds to gold.

    Attributes
    ----------
    name : str
        Name of the anchor.
    anchor : Anchor
        Its row of the table.
    hydrogen : int or None
        Index of the hydrogen that leaves.
    """

    name: str
    anchor: Anchor
    hydrogen: int | None = None

    @property
    def has_lost_hydrogen(self) -> bool:
        """Whether the hydrogen that leaves has left already."""
        return self.anchor.loses_hydrogen and self.hydrogen is None


def recognise(atoms: Atoms, atom: int, known: Mapping[str, Anchor] = ANCHORS) -> Binding | None:
    """Return how an atom of a finite structure binds, by its element and its bonds; None if no anchor fits.

    The first of `known` that fits is taken.
    """
    bonded, symbols = _bonds(atoms, atom)
    name = fitting(str(atoms.symbols[atom]), symbols, known, not is_doubly_bonded(atoms, atom))
    return None if name is None else _binding(name, known[name], bonded, symbols)


def fitting(
    element: str, bonded: Sequence[str], known: Mapping[str, Anchor] = ANCHORS, bare: bool = True
) -> str | None:
    """Return the first anchor that an atom of `element` bonded to atoms of these elements is; None if it is none.

    With `bare` a hydrogen that leaves may have left already, which is neither so in a SMILES nor at a double bond.
    """
    return next((name for name, anchor in known.items() if anchor.fits(element, list(bonded), bare)), None)


def is_doubly_bonded(atoms: Atoms, atom: int) -> bool:
    """Return whether the only bond of an atom of a finite structure is a double bond to carbon, as in C=S.

    Such an atom binds by a lone pair and has no hydrogen to lose. Carbon with four neighbours has no double bond, that
    of N=C=S has; otherwise the length tells (`DOUBLE_BOND_ANG`).
    """
    bonded, symbols = _bonds(atoms, atom)
    limit = DOUBLE_BOND_ANG.get(str(atoms.symbols[atom]))
    if limit is None or symbols != ["C"]:
        return False
    others, elements = _bonds(atoms, bonded[0])
    if len(others) == 2 and set(elements) & {"N", "O"}:
        return True
    return len(others) < 4 and bool(atoms.get_distance(atom, bonded[0]) < limit)


def require_anchor(
    atoms: Atoms, atom: int, where: str, name: str | None = None, known: Mapping[str, Anchor] = ANCHORS
) -> Binding:
    """Return how an atom of a finite structure without gold tips binds; otherwise as `require_fitting`."""
    bonded, symbols = _bonds(atoms, atom)
    bare = not is_doubly_bonded(atoms, atom)
    found = require_fitting(atom, str(atoms.symbols[atom]), symbols, where, name, known, bare)
    return _binding(found, known[found], bonded, symbols)


def require_fitting(
    atom: int, element: str, bonded: Sequence[str], where: str, name: str | None = None,
    known: Mapping[str, Anchor] = ANCHORS, bare: bool = True,
) -> str:  # fmt: skip
    """Return which anchor an atom is: `name`, or the first of `known` that fits.

    Parameters
    ----------
    atom : int
        Index of the atom, counted from 0, for errors.
    element : str
        Its chemical symbol.
    bonded : sequence of str
        Symbols of the atoms that it is bonded to.
    where : str
        What errors call the contact.
    name : str, optional
        The anchor that it must be.
    known : mapping of str to Anchor
        The anchors there are.
    bare : bool
        Whether a hydrogen that leaves may have left already; see `fitting`.

    Raises
    ------
    StructureError
        If there is no anchor of that name, or the atom is none.
    """
    if name is not None and name not in known:
        raise StructureError(
            f"{where} = '{name}': there is no such anchor; known are {', '.join(known)}; describe another under the "
            "key anchors"
        )
    candidates = known if name is None else {name: known[name]}
    if found := fitting(element, bonded, candidates, bare):
        return found
    has_none = ""
    if fitting(element, bonded, candidates):
        has_none = f", with no hydrogen that could leave, as in C={element}"
    rows = {key: row for key, row in candidates.items() if row.element == element}
    if not rows and name is None:
        needs = (
            f"anchors are known for {', '.join(dict.fromkeys(row.element for row in known.values()))} only"
        )
    else:
        needs = "; ".join(f"{key} needs {row.needs}" for key, row in (rows or candidates).items())
    raise StructureError(
        f"{where}: {describe(atom, element, bonded)}{has_none}, which is no anchor that gold is known to bind "
        f"({needs}); name another atom, describe the anchor under the key anchors, or give electrodes.apex_distance_ang"
    )


def describe(atom: int, element: str, bonded: Sequence[str]) -> str:
    """Return an atom with its bonds in words, e.g. ``atom 3 is N bonded to C, H, H``."""
    return f"atom {atom} is {element} " + (
        f"bonded to {', '.join(sorted(bonded))}" if bonded else "without bonds"
    )


def _bonds(atoms: Atoms, atom: int) -> tuple[list[int], list[str]]:
    """Return the atoms that an atom of a finite structure is bonded to, and their elements."""
    from qdjunction.structure.connectivity import neighbours

    bonded = neighbours(atoms, atom).tolist()
    return bonded, [str(atoms.symbols[i]) for i in bonded]


def _binding(name: str, anchor: Anchor, bonded: list[int], symbols: list[str]) -> Binding:
    return Binding(name, anchor, bonded[symbols.index("H")] if anchor.leaves(symbols) else None)


def bond_direction(
    atoms: Atoms, atom: int, where: str, without: int | None = None, tilt_deg: float = 0.0
) -> NDArray[np.float64]:
    """Return the direction in which an atom continues its bonds, the opposite of their sum.

    For one neighbour that is the line of the bond, for two their bisector, for three the axis of the pyramid: the lone
    pair of valence-shell repulsion. A tilt turns it out of the plane of two bonds, to the side that points away from
    the centre of mass, and from a single bond towards the neighbour that does not count.

    Parameters
    ----------
    atoms : ase.Atoms
        A finite structure.
    atom : int
        Index of the atom.
    where : str
        What errors call the contact.
    without : int, optional
        A neighbour that does not count, since it leaves.
    tilt_deg : float
        Angle out of the plane of two bonds, or from the line of one (degrees).

    Returns
    -------
    (3,) array
        Unit vector.

    Raises
    ------
    StructureError
        If the bonds cancel, or a single bond has no side to lean to.
    """
    import numpy as np

    from qdjunction.structure.connectivity import neighbours

    bonded = [i for i in neighbours(atoms, atom) if i != without]
    bonds = atoms.positions[bonded] - atoms.positions[atom]
    bonds /= np.linalg.norm(bonds, axis=1, keepdims=True)
    direction = -bonds.sum(axis=0)
    length = np.linalg.norm(direction)
    if length < BONDS_CANCEL:
        raise StructureError(
            f"{where}: the bonds of atom {atom} ({atoms.symbols[atom]}) lie all around it, so that none of their "
            "directions leads outward; give the direction"
        )
    direction /= length
    if tilt_deg and len(bonds) == 1:
        return _towards(atoms, atom, where, without, direction, tilt_deg)
    if tilt_deg and len(bonds) == 2:
        normal = np.cross(*bonds)
        normal /= np.linalg.norm(normal)
        outward = atoms.positions[atom] - atoms.get_center_of_mass()
        side = -1.0 if normal @ outward < -1e-6 else 1.0
        tilt = np.radians(tilt_deg)
        direction = np.cos(tilt) * direction + side * np.sin(tilt) * normal
    return np.asarray(direction, dtype=float)


def _towards(
    atoms: Atoms, atom: int, where: str, side: int | None, direction: NDArray[np.float64], tilt_deg: float
) -> NDArray[np.float64]:
    """Return a direction turned by an angle towards a neighbour of the atom, in the plane of both."""
    import numpy as np

    across = np.zeros(3) if side is None else atoms.positions[side] - atoms.positions[atom]
    across -= (across @ direction) * direction
    if (length := float(np.linalg.norm(across))) < SIDE_ANG:
        raise StructureError(
            f"{where}: gold leans by {tilt_deg:g} deg from the bond of atom {atom} ({atoms.symbols[atom]}) to the side "
            "of the hydrogen that leaves, and there is none; leave the hydrogen in the structure, give the direction, "
            "or choose an anchor that is straight"
        )
    tilt = np.radians(tilt_deg)
    return np.asarray(np.cos(tilt) * direction + np.sin(tilt) * across / length, dtype=float)


def apex_position(
    position: NDArray[np.float64], direction: NDArray[np.float64], distance_ang: float
) -> NDArray[np.float64]:
    """Return where the gold stands that binds an anchor: the atom atop, or the middle of the site.

    Parameters
    ----------
    position : (3,) array
        The anchor (Ang).
    direction : (3,) array
        From the anchor to the gold, of any length.
    distance_ang : float
        Length of the bond, or height above a bridge or hollow (Ang).

    Returns
    -------
    (3,) array
        Position of the gold atom or of the middle of the site (Ang).
    """
    apex: NDArray[np.float64] = position + distance_ang * direction / math.hypot(*direction)
    return apex
