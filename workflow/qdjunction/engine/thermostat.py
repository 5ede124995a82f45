"""Settings of Langevin dynamics; cheap to import."""

from typing import Annotated

from pydantic import Field

from qdjunction.core.limits import Temperature
from qdjunction.core.schema import Section


class Thermostat(Section):
    """Langevin dynamics of the nuclei as classical particles."""

    temperature_k: Temperature = 300.0
    """Temperature (K). Gold melts at 1337 K."""
    time_step_fs: Annotated[float, Field(ge=0.05, le=4)] = 1.0
    """Time step (fs). An N-H stretch has a period of 10 fs: up to 1 fs with hydrogen of mass 1, 1.5 to 2 fs with
    `hydrogen_mass_u` from 2 on. Below 0.05 fs nothing is gained."""
    friction_per_ps: Annotated[float, Field(gt=0, le=1000)] = 10.0
    """Friction (1/ps); the velocities are forgotten within its inverse. It changes how fast snapshots become
    independent, not what they are drawn from."""
    hydrogen_mass_u: Annotated[float, Field(ge=1, le=4)] = 1.008
    """Mass of hydrogen in the dynamics (u). Classical averages over positions do not depend on masses, so a heavier
    hydrogen, such as deuterium (2.014), permits a longer time step and samples the same snapshots."""
