"""Alignment of a junction's levels: charges of dot and tips, and where E_F lies in the dot's gap.

The levels are those of the dot's own block of the junction, with as many occupied as the neutral dot has pairs of
electrons, a molecule with the hydrogens that its anchors have lost (`orbital_rule.solve_dot`). Where E_F lies among
them and how much charge the dot gives to the metal decide the absolute conductance at E_F, and both depend on the
method: functional, basis, or model.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from qdjunction.interference.results import Charges

CHARGED_E = 0.5
"""Mulliken charge (e) beyond which a dot counts as charged: half of the pair that the count of its levels assumes."""

PINNED_SHARE = 0.25
"""E_F within this share of the gap from a frontier level counts as pinned near it."""

TOTAL_TOLERANCE_E = 0.01
"""Largest sum of all charges (e) of a neutral junction that is left to rounding of E_F and convergence."""


@dataclass(frozen=True)
class LevelAlignment:
    """Charges of a junction and its frontier levels.

    Attributes
    ----------
    charges : Charges
        Mulliken charges of the dot and of both tips (e); positive where electrons have left.
    homo_ev, lumo_ev : float
        Levels of the dot's own block relative to E_F (eV).
    """

    charges: Charges
    homo_ev: float
    lumo_ev: float

    @property
    def pinned(self) -> Literal["HOMO", "LUMO"] | None:
        """The level that E_F is pinned near: at most a quarter of the gap from it or beyond it; None between."""
        near = PINNED_SHARE * (self.lumo_ev - self.homo_ev)
        if self.homo_ev >= -near:
            return "HOMO"
        return "LUMO" if self.lumo_ev <= near else None

    @property
    def is_charged(self) -> bool:
        """Whether the dot has lost or gained more than `CHARGED_E` electrons."""
        return abs(self.charges.dot_e) > CHARGED_E

    @property
    def place(self) -> str:
        """Where E_F lies, in words."""
        level = self.homo_ev if self.pinned == "HOMO" else self.lumo_ev
        if self.pinned:
            return f"{abs(level):.2f} eV {'below' if level > 0 else 'above'} it"
        return f"{-self.homo_ev:.2f} eV above the HOMO, {self.lumo_ev:.2f} eV below the LUMO"


def alignment_sentence(alignments: Mapping[str, LevelAlignment]) -> str:
    """Return the alignment of junctions, by their names, in words: one sentence, and one for each warning."""
    groups = {
        "HOMO": "pinned near the HOMO of the dot",
        "LUMO": "pinned near the LUMO of the dot",
        None: "pinned near neither HOMO nor LUMO of the dot",
    }
    parts = []
    for pinned, text in groups.items():
        names = [f"{name} ({one.place})" for name, one in alignments.items() if one.pinned == pinned]
        if names:
            parts.append(f"{text} in {', '.join(names)}")
    sentences = [f"The Fermi energy is {'; '.join(parts)}."]
    if charged := [
        f"{name} ({one.charges.dot_e:+.2f} e)" for name, one in alignments.items() if one.is_charged
    ]:
        sentences.append(
            f"Warning: the dot is charged by more than {CHARGED_E:g} e in {', '.join(charged)}, so the absolute "
            "conductance at the Fermi energy depends on how the method aligns the levels."
        )
    if wrong := [
        f"{name} ({one.charges.total_e:+.2f} e)"
        for name, one in alignments.items()
        if abs(one.charges.total_e) > TOTAL_TOLERANCE_E
    ]:
        sentences.append(
            f"Warning: the charges do not add up to zero in {', '.join(wrong)}; the levels of the junction are not "
            "occupied as the Fermi function at the recorded electronic temperature says."
        )
    return " ".join(sentences)
