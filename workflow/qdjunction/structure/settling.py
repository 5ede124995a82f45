"""Springs that hold the bonds of a new structure together in the first part of its relaxation."""

from ase import Atoms
from ase.constraints import Hookean

from qdjunction.structure.bonds import SPRING_FRACTION, pb_halide_springs
from qdjunction.structure.perovskite.cations import ammonium_springs

DESCRIPTION = f"N-H above 1.05 Ang, 30 eV/Ang^2; Pb-X above {SPRING_FRACTION} covalent radii, 6 eV/Ang^2"
"""Description of the springs for records."""


def settling_springs(atoms: Atoms) -> dict[str, list[Hookean]]:
    """Return the springs by the kind of bond that they hold; none for a structure without such bonds."""
    springs = {"N-H": ammonium_springs(atoms), "Pb-halide": pb_halide_springs(atoms)}
    return {bond: restrained for bond, restrained in springs.items() if restrained}
