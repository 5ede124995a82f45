"""Settings of the SIESTA engine; cheap to import."""

import math
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from qdjunction.core.limits import ElectronicTemperature
from qdjunction.core.schema import Section

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
    "modern": {"orbitals": "siesta-5", "mesh_cutoff_ry": 300.0, "basis_by_element": {}},
}
"""Named sets of settings. `default` is the published protocol (Nat. Commun. 10, 5458 (2019)): PBE, DZ for gold,
DZP for the rest, 150 Ry. `fast` is for a first look and for relaxing before `default`; `tight` is for checking
`default`; `modern` is what SIESTA 5 takes where an input says nothing (manual of 5.4)."""

_FUNCTIONALS = {
    "LDA": ("LDA", "CA"),
    "PBE": ("GGA", "PBE"),
    "PBEsol": ("GGA", "PBEsol"),
    "revPBE": ("GGA", "revPBE"),
    "RPBE": ("GGA", "RPBE"),
    "BLYP": ("GGA", "BLYP"),
}

D3_BJ = {
    "PBE": (0.7875, 0.4289, 4.4407),
    "PBEsol": (2.9491, 0.4466, 6.1742),
    "revPBE": (2.3550, 0.5238, 3.5016),
    "RPBE": (0.8318, 0.1820, 4.0094),
    "BLYP": (2.6996, 0.4298, 4.2359),
}
"""s8, a1 and a2 (Bohr) of DFT-D3 with Becke-Johnson damping by functional, with s6 = 1; two-body terms only. Source: S.
Grimme, S. Ehrlich, L. Goerigk, J. Comput. Chem. 32, 1456 (2011); L. Goerigk, S. Grimme, Phys. Chem. Chem. Phys. 13,
6670 (2011); RPBE as in the program dftd3."""

_SETTING_OF: dict[str, str] = {
    "XC.Functional": "functional",
    "XC.Authors": "functional",
    "Spin": "spin",
    "SpinPolarized": "spin",
    "NonCollinearSpin": "spin",
    "SpinOrbit": "spin",
    "DFTD3": "dispersion",
    "PAO.BasisSize": "basis",
    "PAO.BasisSizes": "basis_by_element",
    "PAO.EnergyShift": "energy_shift_ry",
    "MeshCutoff": "mesh_cutoff_ry",
    "ElectronicTemperature": "electronic_temperature_k",
    "kgrid.MonkhorstPack": "kpoints",
    "kgrid.Cutoff": "kpoints",
    "SCF.DM.Tolerance": "dm_tolerance",
    "DM.Tolerance": "dm_tolerance",
    "SCF.H.Tolerance": "h_tolerance_ev",
    "SCF.Mixer.Weight": "mixing_weight",
    "DM.MixingWeight": "mixing_weight",
    "SCF.Mixer.History": "mixing_history",
    "DM.NumberPulay": "mixing_history",
    "Max.SCF.Iterations": "max_scf_iterations",
    "MD.TypeOfRun": "optimiser",
}
"""Keys of SIESTA, with their older names, that are a setting here, from which results and decisions are made."""

_OF_THE_PROGRAM = (
    "SystemLabel", "NumberOfAtoms", "NumberOfSpecies", "ChemicalSpeciesLabel", "LatticeConstant", "LatticeVectors",
    "LatticeParameters", "SuperCell", "AtomicCoordinatesFormat", "AtomicCoordinatesAndAtomicSpecies",
    "AtomicCoordinatesOrigin", "UseStructFile", "MD.UseStructFile", "Zmatrix", "Geometry.Constraints", "NetCharge",
    "Spin.Fix", "FixSpin", "Spin.Total", "TotalSpin", "SingleExcitation", "SolutionMethod", "SaveHS",
    "WriteEigenvalues", "User.Basis", "User.Basis.NetCDF", "SCF.MustConverge", "UseSaveData", "DM.UseSaveDM",
    "MD.UseSaveXV", "MD.UseSaveCG", "MD.UseSaveZM", "MD.Steps", "MD.NumCGsteps", "MD.MaxForceTol", "MD.MaxCGForceTol",
    "MD.VariableCell", "MD.RelaxCellOnly", "MaxWalltime", "MaxWalltime.Slack",
)  # fmt: skip
"""Keys of SIESTA that say which calculation it is, and which files it leaves, on which this program depends."""


def normal_key(key: str) -> str:
    """Return a key as fdf compares it: without case, dots, dashes and underscores."""
    return key.strip().lower().translate(str.maketrans("", "", ".-_"))


_OWNED = dict.fromkeys(map(normal_key, _OF_THE_PROGRAM), "") | {
    normal_key(key): setting for key, setting in _SETTING_OF.items()
}

KPoints = Annotated[int, Field(ge=1, le=100)]
Basis = Literal["SZ", "SZP", "DZ", "DZP", "TZ", "TZP"]


class SiestaSettings(Section):
    """Settings of the SIESTA engine. A protocol sets the defaults; settings given beside it take precedence."""

    protocol: Literal["default", "fast", "tight", "modern"] = "default"
    """Named set of the settings below."""
    pseudopotentials: Path = Path("pseudopotentials")
    """Folder of the pseudopotentials, one file per element: `Pb.psml` (SIESTA 5) or `Pb.psf`."""
    pseudopotential_format: Literal["auto", "psml", "psf"] = "auto"
    """File format; `auto` takes psml if all elements have it, else psf."""

    functional: Literal["LDA", "PBE", "PBEsol", "revPBE", "RPBE", "BLYP"] = "PBE"
    """Exchange-correlation functional."""
    spin: Literal["non-polarized", "polarized", "non-collinear", "spin-orbit"] = "non-polarized"
    """Spin; `spin-orbit` needs fully relativistic pseudopotentials. A study is non-polarized; T(E) of another
    run is computed from its TSHS, nc or HSX file."""
    dispersion: Literal["none", "d3"] = "none"
    """Dispersion correction of energies and forces: `d3` is DFT-D3 with Becke-Johnson damping, which needs a SIESTA 5
    built with it. H and S at given positions do not depend on it."""
    basis: Basis = "DZP"
    """Basis size of every element that `basis_by_element` does not name."""
    basis_by_element: dict[str, Basis] = Field(default={"Au": "DZ"})
    """Basis size by element."""
    orbitals: Literal["siesta-4", "siesta-5"] = "siesta-4"
    """How orbitals and projectors are made from the pseudopotentials: as in SIESTA 4.1, which SIESTA 5 can do as well,
    or as in SIESTA 5, which needs it."""
    energy_shift_ry: float = Field(default=0.01, ge=1e-5, le=0.1)
    """Confinement energy of the orbitals (Ry); smaller means longer orbitals: 8 Ang at 1e-5 Ry; at 0.1 Ry bond lengths
    are inaccurate."""
    mesh_cutoff_ry: float = Field(default=150.0, ge=20, le=5000)
    """Plane-wave cutoff of the real-space mesh (Ry): points are 0.37 Ang apart at 20 Ry, 0.02 Ang at
    5000 Ry."""
    electronic_temperature_k: ElectronicTemperature = 300.0
    """Fermi-Dirac temperature of the electrons (K). At 5000 K kT is 0.43 eV, a good part of the gap."""
    kpoints: tuple[KPoints, KPoints, KPoints] = (1, 1, 1)
    """Monkhorst-Pack grid; only periodic structures may have more than the Gamma point."""
    dm_tolerance: float = Field(default=1e-4, ge=1e-10, le=0.1)
    """Largest change of a density-matrix element at the end of the SCF; an element is of the order of 1."""
    h_tolerance_ev: float = Field(default=1e-3, ge=1e-9, le=0.1)
    """Largest change of a Hamiltonian element at the end of the SCF (eV); above 0.1 eV the levels are meaningless."""
    vacuum_ang: float | None = Field(default=None, gt=0, le=200)
    """Empty space between the images of a finite structure (Ang); by default as much as the orbital ranges require. The
    mesh fills it, so that more than 200 Ang only costs memory."""
    fdf: dict[str, str | int | float | bool] = Field(default={})
    """Further SIESTA keys, written as given, and results depend on them. Those that have a setting here, and those of
    structure, charge and task, are refused."""

    optimiser: Literal["CG", "Broyden", "FIRE"] = "CG"
    """Optimiser of the relaxation."""
    mixing_weight: float = Field(default=0.1, gt=0, le=1)
    """Weight of the Pulay mixer."""
    mixing_history: int = Field(default=6, ge=1, le=100)
    """Number of previous SCF iterations that the Pulay mixer uses."""
    max_scf_iterations: int = Field(default=300, ge=3, le=100_000)
    """Maximum number of SCF iterations in one try."""

    @model_validator(mode="before")
    @classmethod
    def _fill_from_protocol(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        return {**PROTOCOLS.get(values.get("protocol", "default"), {}), **values}

    @model_validator(mode="after")
    def _dispersion_has_parameters(self) -> Self:
        if self.dispersion == "d3" and self.functional not in D3_BJ:
            raise ValueError(
                f"dispersion: DFT-D3 has no parameters for {self.functional}; take functional {', '.join(D3_BJ)}, or "
                "leave dispersion out"
            )
        return self

    @field_validator("fdf")
    @classmethod
    def _keys_are_lines(
        cls, value: dict[str, str | int | float | bool]
    ) -> dict[str, str | int | float | bool]:
        for key, setting in value.items():
            if not key.strip() or len(f"{key} {setting}".splitlines()) != 1 or key.lstrip().startswith("%"):
                raise ValueError(
                    f"fdf: {key!r} must be one key with a value on one line; blocks cannot be given"
                )
            owned = _OWNED.get(normal_key(key))
            if owned:
                raise ValueError(f"fdf: {key} has a setting here; give {owned} instead")
            if owned == "":
                raise ValueError(f"fdf: {key} is set by the program, which depends on it; leave it out")
        return value

    @property
    def method(self) -> str:
        """Method as a paper states it, e.g. ``PBE-D3(BJ)/DZP, Au DZ``."""
        others = ", ".join(f"{element} {size}" for element, size in sorted(self.basis_by_element.items()))
        functional = self.functional + ("-D3(BJ)" if self.dispersion == "d3" else "")
        orbitals = " (orbitals of SIESTA 5)" if self.orbitals == "siesta-5" else ""
        return f"{functional}/{self.basis}{orbitals}" + (f", {others}" if others else "")

    @property
    def needs_siesta_5(self) -> str:
        """What SIESTA 4 would leave out without an error, with its setting; empty if it can do all."""
        if self.dispersion == "d3":
            return "DFT-D3 (dispersion)"
        return "the basis of SIESTA 5 (orbitals, protocol: modern)" if self.orbitals == "siesta-5" else ""

    @property
    def exchange_correlation(self) -> tuple[str, str]:
        """SIESTA's `XC.functional` and `XC.authors`."""
        return _FUNCTIONALS[self.functional]

    @property
    def orbital_range_estimate_ang(self) -> float:
        """Range that no orbital of H, C, N, O, S, Cl, Br, I, Pb and Au is expected to exceed (Ang).

        A bound on what SIESTA's DZP orbitals showed for `energy_shift_ry` from 0.002 to 0.02 Ry: the range grows
        with the logarithm of the shift, lead's being the longest (4.08 Ang at 0.01 Ry). The true ranges are checked
        once SIESTA has generated the orbitals.
        """
        return 4.3 - 1.3 * math.log10(self.energy_shift_ry / 0.01)

    def periodic(self, kpoints: tuple[int, int, int]) -> "SiestaSettings":
        """Return the settings of a periodic structure with these k points.

        H and S keep the couplings to images apart even along a vector with one k point. They are written to a TSHS file
        as well, since the HSX of SIESTA 4 lacks the images' places.
        """
        return self.model_copy(
            update={"kpoints": kpoints, "fdf": {"ForceAuxCell": True, "TS.HS.Save": True} | self.fdf}
        )

    def slab(self, kpoints: tuple[int, int]) -> "SiestaSettings":
        """Return the settings of a slab in the plane of the first two vectors, with k points in the plane.

        A slab with unequal faces has a dipole, whose field SIESTA compensates with ``Slab.DipoleCorrection``.
        """
        return self.model_copy(
            update={"kpoints": (*kpoints, 1), "fdf": {"Slab.DipoleCorrection": True} | self.fdf}
        )

    def numbers(self) -> dict[str, Any]:
        """Return the settings that results depend on, as plain JSON values."""
        neutral = {
            "pseudopotentials",
            "pseudopotential_format",
            "optimiser",
            "mixing_weight",
            "mixing_history",
            "max_scf_iterations",
        }
        return self.model_dump(mode="json", exclude=neutral)
