"""Cations, halides and lattice constants of the lead halide perovskites."""

from collections.abc import Mapping

LATTICE_CONSTANTS_ANG: Mapping[tuple[str, str], float] = {
    ("MA", "Cl"): 5.68,
    ("MA", "Br"): 5.93,
    ("MA", "I"): 6.28,
    ("Cs", "Cl"): 5.61,
    ("Cs", "Br"): 5.87,
    ("Cs", "I"): 6.29,
}
"""Lattice constants (Ang) of the cubic perovskites by cation and halide."""

CATIONS: tuple[str, ...] = tuple(dict.fromkeys(cation for cation, _ in LATTICE_CONSTANTS_ANG))
HALIDES: tuple[str, ...] = tuple(dict.fromkeys(halide for _, halide in LATTICE_CONSTANTS_ANG))

CS_HALIDE_ANG: Mapping[str, float] = {"Cl": 2.906, "Br": 3.072, "I": 3.315}
"""Bond lengths of caesium halide molecules in the gas phase (Ang), from microwave spectra: K. P. Huber, G. Herzberg,
Constants of Diatomic Molecules (1979)."""
