"""Molecules from SMILES: the conformer of lowest energy that a search with RDKit finds."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qdjunction.core.errors import InputError
from qdjunction.core.extras import extra

if TYPE_CHECKING:
    from ase import Atoms

logger = logging.getLogger(__name__)

KCAL_PER_MOL_EV = 0.0433641153
"""One kcal/mol (eV)."""

ITERATIONS = 5000
"""Largest number of steps of a force-field minimisation."""

SAME_ANG = 0.3
"""Two conformers are the same if no distance between atoms of one differs by more from that of the other (Ang)."""


@dataclass(frozen=True)
class Topology:
    """Atoms and bonds of a molecule without a geometry.

    Attributes
    ----------
    symbols : tuple of str
        Chemical symbols: the atoms of the SMILES in its order, then the hydrogen atoms.
    neighbours : tuple of tuple of int
        Indices of the atoms that each is bonded to.
    charge : int
        Sum of the formal charges.
    """

    symbols: tuple[str, ...]
    neighbours: tuple[tuple[int, ...], ...]
    charge: int = 0


@dataclass(frozen=True)
class Conformer:
    """The conformer of lowest force-field energy.

    Attributes
    ----------
    atoms : ase.Atoms
        The molecule with its hydrogen atoms, finite, its longest axis along z and its centre of mass at the origin.
        The atoms of the SMILES come first, in its order.
    force_field : str
        ``MMFF94s``, or ``UFF`` for elements that it lacks.
    conformers : int
        Number of conformers compared.
    second_ev : float or None
        Energy of the next different conformer relative to this one (eV); None if all are the same.
    """

    atoms: Atoms
    force_field: str
    conformers: int
    second_ev: float | None


def topology(smiles: str, ion: bool = False) -> Topology:
    """Return atoms and bonds of a molecule or, with `ion`, an ion, in milliseconds; raises as `conformer` does."""
    atoms = parsed(smiles, ion).GetAtoms()
    return Topology(
        tuple(atom.GetSymbol() for atom in atoms),
        tuple(tuple(other.GetIdx() for other in atom.GetNeighbors()) for atom in atoms),
        sum(atom.GetFormalCharge() for atom in atoms),
    )


def conformer(smiles: str, conformers: int = 50, seed: int = 0) -> Conformer:
    """Return the conformer of lowest energy of a molecule.

    Random conformers are embedded with ETKDG version 3 (S. Wang et al., J. Chem. Inf. Model. 60, 2044 (2020)) and
    minimised with MMFF94s (T. A. Halgren, J. Comput. Chem. 20, 720 (1999)). One more is compared with
    them, in which all torsions about single bonds along the longest chain are anti: random torsions hardly ever find
    it in a long alkane chain.

    Parameters
    ----------
    smiles : str
        A neutral closed-shell molecule; a stereocentre that it leaves open is chosen by the seed, with a warning.
    conformers : int
        Number of random conformers.
    seed : int
        Seed of the search; the same seed and version of RDKit return the same atoms.

    Raises
    ------
    InputError
        If RDKit is not installed, the SMILES is not valid, or it is not one neutral closed-shell molecule that can be
        embedded.
    """
    molecule, _, force_field, energies_ev = _search(smiles, conformers, seed)
    best = int(np.argmin(energies_ev))
    higher = energies_ev[energies_ev > energies_ev[best] + 1e-4]
    second = float(higher.min() - energies_ev[best]) if len(higher) else None
    return Conformer(_aligned(molecule, best), force_field, len(energies_ev), second)


def ion_conformers(smiles: str, conformers: int, seed: int = 0) -> list[Atoms]:
    """Return different conformers of a molecule or ion: the extended one, then the others from the lowest energy up.

    The search is that of `conformer`. Two are the same within `SAME_ANG`.

    Raises
    ------
    InputError
        As by `conformer`, except for a charge.
    """
    molecule, embedded, _, energies_ev = _search(smiles, conformers, seed, ion=True)
    by_energy = np.argsort(energies_ev, kind="stable")
    order = sorted(
        by_energy[np.isfinite(energies_ev[by_energy])].tolist(), key=lambda i: i < embedded
    )  # the extended one is the last
    chosen: list[Atoms] = []
    for atoms in (_aligned(molecule, index) for index in order):
        distances = atoms.get_all_distances()
        if all(np.abs(distances - one.get_all_distances()).max() > SAME_ANG for one in chosen):
            chosen.append(atoms)
    return chosen


def _search(
    smiles: str, conformers: int, seed: int, ion: bool = False
) -> tuple[Any, int, str, NDArray[np.float64]]:
    """Return a molecule with its minimised conformers, the number of random ones, force field and energies (eV)."""
    molecule = parsed(smiles, ion)
    from rdkit.Chem import FindMolChiralCenters, rdDistGeom

    if open_centres := [
        index
        for index, label in FindMolChiralCenters(
            molecule, includeUnassigned=True, useLegacyImplementation=False
        )
        if label == "?"
    ]:
        logger.warning(
            "SMILES %s: the stereocentre at atom %s is not specified; one configuration is chosen",
            smiles,
            open_centres[0],
        )
    parameters = rdDistGeom.ETKDGv3()
    # RDKit embeds conformer i from (i + 1) times its seed, so that 0 would make all of them alike.
    parameters.randomSeed = seed + 1
    parameters.numThreads = 1
    found = list(rdDistGeom.EmbedMultipleConfs(molecule, conformers, parameters))
    if not found:
        raise InputError(f"SMILES '{smiles}': RDKit finds no geometry of this molecule; give one as a file")
    _add_extended(molecule)
    return molecule, len(found), *_minimise(molecule, smiles)


def parsed(smiles: str, ion: bool = False) -> Any:
    """Return a molecule of RDKit or, with `ion`, an ion, with its hydrogen atoms, the atoms of the SMILES first.

    It raises as `conformer` does.
    """
    with extra("smiles"):
        from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        parsed = Chem.MolFromSmiles(smiles)
    if parsed is None or parsed.GetNumAtoms() == 0:
        raise InputError(f"SMILES '{smiles}': not valid; correct it, or give the molecule as a file")
    if "." in Chem.MolToSmiles(parsed):
        raise InputError(f"SMILES '{smiles}': has several molecules, separated by '.'; give a single one")
    if not ion and (charge := Chem.GetFormalCharge(parsed)):
        raise InputError(
            f"SMILES '{smiles}': has charge {charge:+d}; junctions are neutral, add or remove protons"
        )
    molecule = Chem.AddHs(parsed)
    if any(atom.GetNumRadicalElectrons() for atom in molecule.GetAtoms()):
        raise InputError(
            f"SMILES '{smiles}': has unpaired electrons; write the hydrogen atom (a thiol as S, not [S]): a contact "
            "removes it"
        )
    return molecule


def _add_extended(molecule: Any) -> None:
    """Add a conformer with anti torsions along the longest chain of heavy atoms; nothing if it has none."""
    from rdkit import Chem
    from rdkit.Chem import rdMolTransforms

    heavy = [atom.GetIdx() for atom in molecule.GetAtoms() if atom.GetAtomicNum() > 1]
    distances = Chem.GetDistanceMatrix(molecule)[np.ix_(heavy, heavy)]
    first, last = np.unravel_index(int(np.argmax(distances)), distances.shape)
    if distances[first, last] < 3:
        return
    path = Chem.GetShortestPath(molecule, heavy[int(first)], heavy[int(last)])
    torsions = []
    for i in range(len(path) - 3):
        bond = molecule.GetBondBetweenAtoms(path[i + 1], path[i + 2])
        ends = (bond.GetBeginAtom(), bond.GetEndAtom())
        saturated = any(end.GetHybridization() == Chem.HybridizationType.SP3 for end in ends)
        if saturated and not bond.IsInRing() and bond.GetBondType() == Chem.BondType.SINGLE:
            torsions.append(path[i : i + 4])
    if not torsions:
        return
    added = molecule.AddConformer(Chem.Conformer(molecule.GetConformer(0)), assignId=True)
    for torsion in torsions:
        rdMolTransforms.SetDihedralDeg(molecule.GetConformer(added), *torsion, 180.0)


def _minimise(molecule: Any, smiles: str) -> tuple[str, NDArray[np.float64]]:
    """Minimise all conformers; return the force field and the energies (eV)."""
    from rdkit.Chem import rdForceFieldHelpers

    if rdForceFieldHelpers.MMFFHasAllMoleculeParams(molecule):
        name = "MMFF94s"
        results = rdForceFieldHelpers.MMFFOptimizeMoleculeConfs(molecule, 1, ITERATIONS, name)
    elif rdForceFieldHelpers.UFFHasAllMoleculeParams(molecule):
        name = "UFF"
        results = rdForceFieldHelpers.UFFOptimizeMoleculeConfs(molecule, 1, ITERATIONS)
    else:
        raise InputError(f"SMILES '{smiles}': neither MMFF94s nor UFF knows all its atoms; give it as a file")
    energies = np.array([energy for _, energy in results]) * KCAL_PER_MOL_EV
    energies[[unconverged != 0 for unconverged, _ in results]] = np.inf
    if not np.isfinite(energies).any():
        raise InputError(f"SMILES '{smiles}': the force field does not converge; give the molecule as a file")
    return name, energies


def _aligned(molecule: Any, index: int) -> Atoms:
    """Return a conformer with its longest axis along z and the first atom of the SMILES at negative z."""
    from ase import Atoms

    chosen = list(molecule.GetConformers())[index]
    atoms = Atoms([atom.GetAtomicNum() for atom in molecule.GetAtoms()], positions=chosen.GetPositions())
    atoms.positions -= atoms.get_center_of_mass()
    axes = np.linalg.svd(atoms.positions, full_matrices=True)[2][[2, 1, 0]]
    if atoms.positions[0] @ axes[2] > 0:
        axes[2] *= -1
    axes[0] *= np.sign(np.linalg.det(axes))  # a rotation: keeps the handedness
    atoms.positions = atoms.positions @ axes.T
    return atoms
