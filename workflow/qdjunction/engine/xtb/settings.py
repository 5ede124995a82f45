"""Settings of the xtb engine; cheap to import."""

from typing import Literal, Self

from pydantic import Field, model_validator

from qdjunction.core.limits import ElectronicTemperature
from qdjunction.core.schema import Section


class XtbSettings(Section):
    """Settings of the embedded GFN-xTB engine. All of them affect results, if only in the last digits."""

    method: Literal["GFN1-xTB", "GFN2-xTB"] = "GFN1-xTB"
    """Parametrisation. GFN1 describes the gap and the bond lengths of lead halide dots, GFN2 neither."""

    electronic_temperature_k: ElectronicTemperature = 300.0
    """Fermi-Dirac temperature of the electrons (K). At 5000 K kT is 0.43 eV, a good part of the gap."""

    start_temperature_k: float = Field(default=5000.0, ge=1, le=20_000)
    """Electronic temperature at which the first calculation starts (K); gold tips need a high one. At 20,000 K kT is
    1.7 eV, far from the ground state."""

    accuracy: float = Field(default=0.1, ge=1e-4, le=100)
    """tblite's accuracy: the SCF ends when the energy changes by less than 1e-6 Hartree times this; below 1e-4 that is
    less than round-off."""

    max_iterations: int = Field(default=250, ge=1, le=100_000)
    """Maximum number of SCF iterations in one try."""

    mixer_damping: float = Field(default=0.4, gt=0, le=1)
    """Damping of the Broyden mixer."""

    @model_validator(mode="after")
    def _check_temperatures(self) -> Self:
        if self.start_temperature_k < self.electronic_temperature_k:
            raise ValueError(
                f"start_temperature_k ({self.start_temperature_k:g}) is below "
                f"electronic_temperature_k ({self.electronic_temperature_k:g}); "
                "raise the first or lower the second"
            )
        return self
