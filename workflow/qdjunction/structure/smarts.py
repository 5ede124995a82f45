"""Atoms of a molecule that a SMARTS pattern matches, by RDKit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qdjunction.core.errors import InputError
from qdjunction.core.extras import extra

if TYPE_CHECKING:
    from ase import Atoms

MARK = 1
"""Atom map number that marks the atom of a pattern that is meant; without a mark it is the first."""

MOST_MATCHES = 100_000
"""Largest number of matches of a pattern that are looked at."""

MOST_ITERATIONS = 100_000
"""Largest number of steps of the search for bond orders, of which a cage of many hetero atoms would need billions."""


def matched_atoms(molecule: Any, pattern: str, where: str) -> list[int]:
    """Return the atoms of a molecule that a pattern marks, ascending.

    Parameters
    ----------
    molecule : rdkit.Chem.Mol
        The molecule with its hydrogen atoms.
    pattern : str
        SMARTS; the atom with the map number 1 is meant, as in ``[SX2H:1]c``, or else the first.
    where : str
        What errors begin with.

    Raises
    ------
    InputError
        If the pattern is not valid or matches nothing.
    """
    with extra("smiles"):
        from rdkit import Chem, rdBase
        from rdkit.Chem import rdMolDescriptors

    with rdBase.BlockLogs():
        query = Chem.MolFromSmarts(pattern)
    if query is None or query.GetNumAtoms() == 0:
        raise InputError(f"{where}: not valid SMARTS; correct it, e.g. '[SX2H]' for a thiol")
    marked = next((atom.GetIdx() for atom in query.GetAtoms() if atom.GetAtomMapNum() == MARK), 0)
    matches = molecule.GetSubstructMatches(query, uniquify=False, maxMatches=MOST_MATCHES)
    if not matches:
        raise InputError(
            f"{where}: matches no atom of {rdMolDescriptors.CalcMolFormula(molecule)}; correct the pattern, or "
            "name the atom by its index or place"
        )
    return sorted({match[marked] for match in matches})


def perceived(atoms: Atoms, where: str) -> Any:
    """Return a structure as a neutral molecule of RDKit, with bonds by distance and bond orders by valence.

    The bonds are those of `connectivity.neighbours`; their orders are found by the algorithm of Y. Kim and W. Y. Kim,
    Bull. Korean Chem. Soc. 36, 1769 (2015).

    Parameters
    ----------
    atoms : ase.Atoms
        A finite structure.
    where : str
        What errors begin with.

    Raises
    ------
    InputError
        If no orders of the bonds give every atom its valence, as in ionic compounds and clusters of metals.
    """
    from qdjunction.structure.connectivity import neighbours

    with extra("smiles"):
        from rdkit import Chem, rdBase
        from rdkit.Chem import rdDetermineBonds

    molecule = Chem.RWMol()
    for number in atoms.numbers:
        atom = Chem.Atom(int(number))
        atom.SetNoImplicit(True)
        molecule.AddAtom(atom)
    for first in range(len(atoms)):
        for second in neighbours(atoms, first):
            if first < second:
                molecule.AddBond(first, int(second), Chem.BondType.SINGLE)
    try:
        with rdBase.BlockLogs():
            rdDetermineBonds.DetermineBondOrders(
                molecule, charge=0, embedChiral=False, maxIterations=MOST_ITERATIONS
            )
            Chem.SanitizeMol(molecule)
    except (ValueError, RuntimeError) as error:
        reason = (
            str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else type(error).__name__
        )
        raise InputError(
            f"{where}: RDKit finds no bond orders for {atoms.get_chemical_formula('hill')} ({reason}), so no pattern "
            "can be matched; name the atom by its index or place"
        ) from None
    return molecule
