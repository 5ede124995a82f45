"""Settings of decay and jump in a study; cheap to import."""

from typing import Any, Literal

from pydantic import Field

from qdjunction.core.schema import Section


class InterferenceSettings(Section):
    """Decay, jump and where in the gap they are read off."""

    reference: Literal["fermi", "homo", "midgap", "lumo"] = "homo"
    """What `offset_ev` counts from: the Fermi energy, or the HOMO, middle or LUMO of the dot block."""
    offset_ev: float = Field(default=1.0, ge=-10, le=10)
    """Energy, above `reference`, at which the headline numbers and the LDOS pictures are taken (eV). It must lie within
    the energies of T(E); gaps are narrower than 10 eV."""
    jump_decades: float = Field(default=0.4, gt=0, le=10)
    """Least rise of log10 G at the last contact that counts as a jump (decades); T(E) of a dot spans fewer than 10."""
    confidence: float = Field(default=0.68, gt=0, lt=1)
    """Two-sided confidence of the intervals and of the prediction band; 0.68 is one standard error of many points."""

    @property
    def headline(self) -> dict[str, Any]:
        """The settings that `headline_energy` depends on, as plain values."""
        return self.model_dump(mode="json", include={"reference", "offset_ev"})

    def headline_energy(self, homo_ev: float, lumo_ev: float) -> float:
        """Energy (eV, relative to E_F) of the headline numbers, given the dot's frontier levels in the same zero."""
        references = {"fermi": 0.0, "homo": homo_ev, "midgap": (homo_ev + lumo_ev) / 2, "lumo": lumo_ev}
        return references[self.reference] + self.offset_ev
