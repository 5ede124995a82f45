"""What a study may say about the SIESTA engine; cheap to import."""

import math
import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

PROTOCOLS: dict[str, dict[str, Any]] = {
    "default": {},
    "fast": {"mesh_cutoff_ry": 100.0, "energy_shift_ry": 0.02},
    "tight": {
        "mesh_cutoff_ry": 300.0,
        "energy_shift_ry": 0.005,
        "basis_by_element": {"Au": "DZP"},
        "dm_tolerance": 1e-5,
        "h_tolerance_ev": 1e-4,
    },
}
"""Named sets of settings. `default` is the published protocol (Nat. Commun. 10, 5458 (2019)): PBE, DZ for gold,
DZP for the rest, 150 Ry. `fast` is for a first look and for relaxing before `default`; `tight` is what
`default` is to be compared with."""

_FUNCTIONALS = {
    "LDA": ("LDA", "CA"),
    "PBE": ("GGA", "PBE"),
    "PBEsol": ("GGA", "PBEsol"),
    "revPBE": ("GGA", "revPBE"),
    "RPBE": ("GGA", "RPBE"),
    "BLYP": ("GGA", "BLYP"),
}

Basis = Literal["SZ", "SZP", "DZ", "DZP", "TZ", "TZP"]
Positive = Annotated[float, Field(gt=0)]


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class LaunchSettings(_Settings):
    """How SIESTA is started. No number depends on it."""

    command: str = Field(default_factory=lambda: os.environ.get("SIESTA_COMMAND", "siesta"), min_length=1)
    """The program, with options if it needs any; by default the environment variable SIESTA_COMMAND, else `siesta`."""
    launcher: Literal["serial", "mpirun", "srun"] = "serial"
    """`serial` starts the program itself, the others start `tasks` MPI ranks of it."""
    tasks: int = Field(default=1, ge=1)
    """MPI ranks."""
    threads: int = Field(default=1, ge=1)
    """OpenMP threads of each rank."""
    wall_time_min: Positive | None = None
    """Time that the job may take (min). SIESTA is stopped early enough for a later run to go on from there."""

    @model_validator(mode="after")
    def _serial_is_one_rank(self) -> "LaunchSettings":
        if self.launcher == "serial" and self.tasks > 1:
            raise ValueError(
                f"tasks = {self.tasks} needs a launcher; set launcher to mpirun or srun, or tasks to 1"
            )
        return self

    def line(self) -> list[str]:
        """The words of the launch line; the input is given on standard input."""
        command = self.command.split()
        match self.launcher:
            case "mpirun":
                return ["mpirun", "-np", str(self.tasks), *command]
            case "srun":
                return ["srun", f"--ntasks={self.tasks}", f"--cpus-per-task={self.threads}", *command]
        return command


class SiestaSettings(_Settings):
    """Settings of the SIESTA engine. A protocol sets the defaults; what is given beside it wins."""

    protocol: Literal["default", "fast", "tight"] = "default"
    """Named set of the settings below."""
    pseudopotentials: Path = Path("pseudopotentials")
    """Folder of the pseudopotentials, one file an element: `Pb.psml` (SIESTA 5) or `Pb.psf`."""
    pseudopotential_format: Literal["auto", "psml", "psf"] = "auto"
    """File format; `auto` takes psml if all elements have it, else psf."""

    functional: Literal["LDA", "PBE", "PBEsol", "revPBE", "RPBE", "BLYP"] = "PBE"
    """Exchange and correlation."""
    spin: Literal["non-polarized", "polarized", "non-collinear", "spin-orbit"] = "non-polarized"
    """Spin; `spin-orbit` needs fully relativistic pseudopotentials."""
    basis: Basis = "DZP"
    """Basis size of every element that `basis_by_element` does not name."""
    basis_by_element: dict[str, Basis] = {"Au": "DZ"}
    """Basis size by element."""
    energy_shift_ry: Positive = 0.01
    """Confinement energy of the orbitals (Ry); smaller means longer orbitals."""
    mesh_cutoff_ry: Positive = 150.0
    """Plane-wave cutoff of the real-space mesh (Ry)."""
    electronic_temperature_k: Positive = 300.0
    """Fermi-Dirac temperature of the electrons (K)."""
    kpoints: tuple[int, int, int] = (1, 1, 1)
    """Monkhorst-Pack grid; only periodic structures may have more than the Gamma point."""
    dm_tolerance: Positive = 1e-4
    """Largest change of a density-matrix element at the end of the SCF."""
    h_tolerance_ev: Positive = 1e-3
    """Largest change of a Hamiltonian element at the end of the SCF (eV)."""
    vacuum_ang: Positive | None = None
    """Empty space between the images of a finite structure (Ang); by default what the orbital ranges need."""
    fdf: dict[str, str | int | float | bool] = {}
    """Further SIESTA keys, written as they are; they win over all others and count as part of the protocol."""

    optimiser: Literal["CG", "Broyden", "FIRE"] = "CG"
    """How SIESTA relaxes."""
    mixing_weight: float = Field(default=0.1, gt=0, le=1)
    """Weight of the Pulay mixer."""
    mixing_history: int = Field(default=6, ge=1)
    """SCF iterations that the Pulay mixer looks back on."""
    max_scf_iterations: int = Field(default=300, ge=3)
    """SCF iterations before a try is given up."""

    launch: LaunchSettings = Field(default_factory=LaunchSettings)
    """How SIESTA is started."""

    @model_validator(mode="before")
    @classmethod
    def _fill_from_protocol(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        return {**PROTOCOLS.get(values.get("protocol", "default"), {}), **values}

    @field_validator("kpoints")
    @classmethod
    def _grid_is_positive(cls, value: tuple[int, int, int]) -> tuple[int, int, int]:
        if min(value) < 1:
            raise ValueError(f"kpoints {list(value)} must be three numbers of at least 1")
        return value

    @property
    def method(self) -> str:
        """What a reader of a paper would ask for, e.g. ``PBE/DZP, Au DZ``."""
        others = ", ".join(f"{element} {size}" for element, size in sorted(self.basis_by_element.items()))
        return f"{self.functional}/{self.basis}" + (f", {others}" if others else "")

    @property
    def exchange_correlation(self) -> tuple[str, str]:
        """SIESTA's `XC.functional` and `XC.authors`."""
        return _FUNCTIONALS[self.functional]

    @property
    def orbital_range_estimate_ang(self) -> float:
        """Range that no orbital of H, C, N, O, S, Cl, Br, I, Pb and Au is expected to exceed (Ang).

        A bound on what SIESTA's DZP orbitals showed for `energy_shift_ry` from 0.002 to 0.02 Ry: the range grows
        with the logarithm of the shift, lead's being the longest (4.08 Ang at 0.01 Ry). The true ranges are
        checked once SIESTA has made the orbitals.
        """
        return 4.3 - 1.3 * math.log10(self.energy_shift_ry / 0.01)

    def numbers(self) -> dict[str, Any]:
        """Give the settings that the numbers depend on, as plain JSON values."""
        neutral = {
            "pseudopotentials",
            "pseudopotential_format",
            "optimiser",
            "mixing_weight",
            "mixing_history",
            "max_scf_iterations",
            "launch",
        }
        return self.model_dump(mode="json", exclude=neutral)
