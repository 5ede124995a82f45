"""Conversion of units, in this module only.

Inside qdjunction energies are in eV, lengths in Angstrom, temperatures in K, conductances in G0 = 2 e^2 / h.
Values come from CODATA through `scipy.constants`.
"""

from scipy import constants

BOHR_ANG = constants.physical_constants["Bohr radius"][0] * 1e10
"""One Bohr in Angstrom."""

HARTREE_EV = constants.physical_constants["Hartree energy in eV"][0]
"""One Hartree in eV."""

HARTREE_PER_BOHR_EV_PER_ANG = HARTREE_EV / BOHR_ANG
"""One Hartree/Bohr in eV/Angstrom."""

BOLTZMANN_EV_PER_K = constants.physical_constants["Boltzmann constant in eV/K"][0]
"""Boltzmann's constant in eV/K."""

G0_SIEMENS = constants.physical_constants["conductance quantum"][0]
"""G0 = 2 e^2 / h in siemens."""
