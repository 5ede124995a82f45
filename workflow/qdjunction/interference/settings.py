"""Settings of decay and jump in a study; cheap to import."""

from typing import Any, Literal

from pydantic import Field

from qdjunction.core.schema import Section


class InterferenceSettings(Section):
    """Decay and jump, and the energy in the gap at which they are evaluated."""

    reference: Literal["fermi", "homo", "midgap", "lumo"] = "homo"
    """Reference of `offset_ev`: the Fermi energy, or the HOMO, the middle of the gap or the LUMO of the dot's block."""
    offset_ev: float = Field(default=1.0, ge=-10, le=10)
    """Energy above `reference` at which the headline numbers and the LDOS figures are evaluated (eV). It must lie
    within
    the energies of T(E); gaps are narrower than 10 eV."""
    jump_decades: float = Field(default=0.4, gt=0, le=10)
    """Smallest rise of log10 G at the last contact that counts as a jump (decades); T(E) of a dot spans fewer than
    10."""
    confidence: float = Field(default=0.68, gt=0, lt=1)
    """Two-sided confidence of the intervals and of the prediction band; 0.68 corresponds to one standard error of many
    points."""

    @property
    def headline(self) -> dict[str, Any]:
        """The settings that `headline_energy` depends on, as plain values."""
        return self.model_dump(mode="json", include={"reference", "offset_ev"})

    def headline_energy(self, homo_ev: float, lumo_ev: float) -> float:
        """Return the energy of the headline numbers from the dot's frontier levels, all in eV relative to E_F."""
        references = {"fermi": 0.0, "homo": homo_ev, "midgap": (homo_ev + lumo_ev) / 2, "lumo": lumo_ev}
        return references[self.reference] + self.offset_ev
