"""Settings of the exciton shift of stacked dots; cheap to import."""

from typing import Annotated, Self, TypeAlias

from pydantic import AfterValidator, Field, model_validator

from qdjunction.core.schema import Name, Section


def _ascending(value: tuple[float, float]) -> tuple[float, float]:
    if not 0 < value[0] <= value[1]:
        raise ValueError("give two numbers above 0, the lower one first, e.g. [4.8, 7.3]")
    return value


Interval: TypeAlias = Annotated[tuple[float, float], AfterValidator(_ascending)]
"""Lower and upper end of what is not known exactly, both above 0."""


class MeasuredShift(Section):
    """Measured shift of the first exciton of dots in a stack, from that of single layers."""

    linker: Name
    """Name of the linker."""
    centre_distance_nm: float = Field(gt=0, le=100)
    """Distance of the centres of neighbouring dots, the period of the stack (nm)."""
    end_distance_nm: float = Field(gt=0, le=50)
    """Distance of the two ends of the linker, such as the two S of a dithiol (nm)."""
    shift_mev: float = Field(ge=-1000, le=1000)
    """The shift (meV); negative to the red. Shifts of excitons are far below 1 eV."""


class ExcitonSettings(Section):
    """Which mechanism can shift the exciton of stacked dots as measured: polarisation, resonance, tunnelling."""

    near: MeasuredShift
    """The shift with a short linker."""
    far: MeasuredShift
    """The shift with a long linker."""
    diameter_nm: float = Field(gt=0, le=100)
    """Diameter of the dots (nm), of spheres for polarisation and resonance."""
    energy_ev: float = Field(gt=0, le=10)
    """Energy of the exciton (eV)."""
    period_error_nm: float = Field(default=0.05, ge=0, le=1)
    """Error of each `centre_distance_nm` (nm): half of the last digit of a published period."""
    neighbours: int = Field(default=2, ge=1, le=12)
    """Number of neighbours whose shifts add up: two for a dot inside a stack."""
    permittivity: Interval = (4.8, 7.3)
    """Relative permittivity of the dots: from that of the electrons alone to that which the exciton of CsPbBr3 implies
    (0.126 m_e, 33 meV: Z. Yang et al., ACS Energy Lett. 2, 1621 (2017))."""
    medium: Interval = (2.0, 2.5)
    """Relative permittivity between the dots; that of organic molecules is the square of 1.4 to 1.6."""
    lifetime_ns: Interval = (0.2, 10.0)
    """Radiative lifetime of the exciton (ns), which gives its transition dipole: from that of bright excitons at low
    temperature (M. A. Becker et al., Nature 553, 189 (2018)) to those at room temperature."""
    beta_per_ang: Interval = (0.35, 0.45)
    """Decay of a coupling through alkanes (1/Ang): half that of their conductance, 0.7 to 0.9 (W. Wang, T. Lee and
    M. A. Reed, Phys. Rev. B 68, 035416 (2003))."""

    @model_validator(mode="after")
    def _dots_are_apart(self) -> Self:
        for name, one in (("near", self.near), ("far", self.far)):
            if one.centre_distance_nm <= self.diameter_nm:
                raise ValueError(
                    f"{name}.centre_distance_nm = {one.centre_distance_nm:g}: dots of diameter_nm = "
                    f"{self.diameter_nm:g} overlap at this distance; correct one of the two"
                )
            if not one.shift_mev * self.near.shift_mev > 0:
                raise ValueError(
                    f"{name}.shift_mev = {one.shift_mev:g}: a fall needs two shifts of one sign that are not 0"
                )
        for key in ("centre_distance_nm", "end_distance_nm"):
            if getattr(self.near, key) >= getattr(self.far, key):
                raise ValueError(
                    f"far.{key} = {getattr(self.far, key):g} is not above near.{key} = {getattr(self.near, key):g}; "
                    "exchange near and far, or correct the distances"
                )
        return self

    @property
    def fall(self) -> float:
        """The measured ratio of the shift with the short linker to that with the long one."""
        return self.near.shift_mev / self.far.shift_mev

    @property
    def periods_differ_by_ang(self) -> tuple[float, float]:
        """By how much the long linker takes the dots further apart (Ang), at least and at most, from the periods."""
        middle = self.far.centre_distance_nm - self.near.centre_distance_nm
        return 10 * max(0.0, middle - 2 * self.period_error_nm), 10 * (middle + 2 * self.period_error_nm)

    @property
    def lengths_differ_by_ang(self) -> float:
        """The same if the dots move apart as far as the linkers differ in length (Ang)."""
        return 10 * (self.far.end_distance_nm - self.near.end_distance_nm)
