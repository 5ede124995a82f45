"""Conversion factors of units, defined only in this module.

Inside qdjunction energies are in eV, lengths in Angstrom, temperatures in K, conductances in G0 = 2 e^2 / h.
Values are those of CODATA 2022 (P. Mohr, D. Newell, B. Taylor and E. Tiesinga, Rev. Mod. Phys. 97, 025002 (2025)),
written out so that results do not change with the version of SciPy.
"""

BOHR_ANG = 5.29177210544e-11 * 1e10
"""One Bohr in Angstrom."""

HARTREE_EV = 27.211386245981
"""One Hartree in eV."""

HARTREE_PER_BOHR_EV_PER_ANG = HARTREE_EV / BOHR_ANG
"""One Hartree/Bohr in eV/Angstrom."""

BOLTZMANN_EV_PER_K = 1.380649e-23 / 1.602176634e-19
"""Boltzmann's constant in eV/K, exact."""

G0_SIEMENS = 2 * 1.602176634e-19**2 / 6.62607015e-34
"""G0 = 2 e^2 / h in siemens, exact."""
