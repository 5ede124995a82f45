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
