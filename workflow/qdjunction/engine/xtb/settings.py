"""What a study may say about the xtb engine; cheap to import."""

from typing import Literal, Self

from pydantic import Field, model_validator

from qdjunction.core.schema import Section


class XtbSettings(Section):
    """Settings of the embedded GFN-xTB engine. All of them change the numbers, if only in the last digits."""

    method: Literal["GFN1-xTB", "GFN2-xTB"] = "GFN1-xTB"
    """Parametrisation. GFN1 gives lead halide dots their gap and bond lengths; GFN2 gets both wrong."""

    electronic_temperature_k: float = Field(default=300.0, gt=0)
    """Fermi-Dirac temperature of the electrons (K)."""

    start_temperature_k: float = Field(default=5000.0, gt=0)
    """Electronic temperature at which a first calculation starts (K); gold tips need it hot."""

    accuracy: float = Field(default=0.1, gt=0, le=100)
    """tblite's accuracy: the SCF ends when the energy changes by less than 1e-6 Hartree times this."""

    max_iterations: int = Field(default=250, ge=1)
    """SCF iterations before a try is given up."""

    mixer_damping: float = Field(default=0.4, gt=0, le=1)
    """Damping of the Broyden mixer."""

    @model_validator(mode="after")
    def _starts_no_colder_than_it_ends(self) -> Self:
        if self.start_temperature_k < self.electronic_temperature_k:
            raise ValueError(
                f"start_temperature_k ({self.start_temperature_k:g}) is below "
                f"electronic_temperature_k ({self.electronic_temperature_k:g}); "
                "raise the first or lower the second"
            )
        return self
