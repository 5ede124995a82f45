"""What a study may say about decay and jump; cheap to import."""

from typing import Literal

from pydantic import Field

from qdjunction.core.schema import Section


class InterferenceSettings(Section):
    """Decay, jump and where in the gap they are read off."""

    reference: Literal["fermi", "homo", "midgap", "lumo"] = "homo"
    """What `offset_ev` counts from: the Fermi energy, or the HOMO, middle or LUMO of the dot block."""
    offset_ev: float = 1.0
    """Energy, above `reference`, at which the headline numbers and the LDOS pictures are taken (eV)."""
    jump_decades: float = Field(default=0.4, gt=0)
    """Least rise of log10 G at the last contact that counts as a jump (decades)."""
    confidence: float = Field(default=0.68, gt=0, lt=1)
    """Two-sided confidence of the intervals and of the prediction band; 0.68 is one standard error of many points."""

    def headline_energy(self, homo_ev: float, lumo_ev: float) -> float:
        """Energy (eV, relative to E_F) of the headline numbers, given the dot's frontier levels in the same zero."""
        references = {"fermi": 0.0, "homo": homo_ev, "midgap": (homo_ev + lumo_ev) / 2, "lumo": lumo_ev}
        return references[self.reference] + self.offset_ev
