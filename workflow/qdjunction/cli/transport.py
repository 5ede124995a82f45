"""Commands for transport: transmission, and the common options of commands with leads."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from qdjunction.cli.commands import Command, Commands, option
from qdjunction.cli.values import one_word, output_file, output_folder
from qdjunction.core.limits import Eta, Temperature


def _atoms(word: str) -> list[int]:
    atoms: list[int] = []
    for part in word.split(","):
        ends = [int(end) for end in part.split("-")]
        if len(ends) > 2 or ends[0] > ends[-1]:
            raise ValueError
        atoms += range(ends[0], ends[-1] + 1)
    return atoms


atoms = one_word(_atoms, "no atoms or ranges of atoms; write e.g. 290-299,305")
"""Reads atoms, counted from 0, such as ``0-3,7``; ranges have both ends."""


class JunctionCommand(Command):
    """A command that attaches leads to H and S of a junction."""

    option_names: ClassVar[Mapping[str, str]] = {
        "energies:": "--energies:", "leads:": "--leads:", "eta:": "--eta:", "k points:": "--kpoints:",
        "solver:": "--solver:", "eigenchannels:": "--eigenchannels:",
    }  # fmt: skip

    hamiltonian: str = option(
        ..., "file of `qdjunction hamiltonian`, a SIESTA run's folder, or any Hamiltonian that sisl reads",
        positional=True,
    )  # fmt: skip
    leads: str = option("wide-band:1.0", "wide-band:g or cluster:g (g in eV), wire, or bulk:electrode.TSHS")
    left_atoms: list[int] | None = option(
        None, "left lead atoms, counted from 0, e.g. 290-299,305; default: tagged ones", read=atoms
    )
    right_atoms: list[int] | None = option(None, "right lead atoms, likewise", read=atoms)
    fermi: float | None = option(
        None,
        "Fermi energy in the zero of the file, for files that do not state it; 0 if it is at zero already",
        unit="eV",
    )
    electrode_fermi: float | None = option(None, "the same for the file of a bulk electrode", unit="eV")
    axis: str | None = option(
        None, "lattice vector along which the leads lie (default: found from their atoms)", metavar="a|b|c"
    )
    spin: str | None = option(None, "spin of a spin-polarised file (also 0 or 1)", metavar="up|down")
    kpoints: str = option("1", "transverse k points, e.g. 4x4; 1 is Gamma only", metavar="N1xN2")
    eta: Eta | None = option(None, "imaginary energy inside wire and bulk leads", unit="eV")
    cache: Path | None = output_folder(
        "folder that keeps surface Green's functions of bulk electrodes for later runs", default=None
    )

    def parsed(self) -> dict[str, Any]:
        """Return these options as arguments of `steps.transport`."""
        from qdjunction.transport import parse_axis, parse_kpoints, parse_leads, parse_spin

        spin = parse_spin(self.spin) if self.spin else None
        leads = parse_leads(
            self.leads, self.eta, self.cache, spin=spin, electrode_fermi_ev=self.electrode_fermi
        )
        return {
            "path": self.hamiltonian,
            "leads": leads,
            "left_atoms": self.left_atoms,
            "right_atoms": self.right_atoms,
            "fermi_ev": self.fermi,
            "kpoints": parse_kpoints(self.kpoints),
            "axis": parse_axis(self.axis) if self.axis else None,
            "spin": spin,
        }


class Transmission(JunctionCommand):
    """Compute T(E) of a junction."""

    energies: str = option(
        "-2:2:0.01", "first:last:step or a list, relative to E_F; write --energies=-2:2:0.01", unit="eV"
    )
    solver: str = option("auto", "contact-reduction, direct, layers, or auto, the cheapest of them")
    eigenchannels: int = option(0, "also write the N largest T_n at each energy", metavar="N")
    ldos: str | None = option(
        None, "also write the local density of states at these energies, e.g. --ldos=-1,0", unit="eV"
    )
    linear_response: Path | None = output_file(
        "table of G, d log10 G / dE_F, thermopower, heat conductance and ZT at every E_F",
        default=None, metavar="FILE.csv",
    )  # fmt: skip
    temperature: Temperature = option(300.0, "temperature of that table", unit="K")
    output: Path = output_file("netCDF file to write: .nc for xarray, .TBT.nc for sisl", ".nc")

    def run(self) -> None:
        from qdjunction.steps.transport import compute_transmission
        from qdjunction.transport import parse_energies

        compute_transmission(
            **self.parsed(), energies_ev=parse_energies(self.energies), output=self.output,
            solver=self.solver,  # type: ignore[arg-type]  # refused there if unknown
            channels=self.eigenchannels,
            density_energies_ev=parse_energies(self.ldos, "--ldos") if self.ldos else None,
            response_table=self.linear_response, temperature_k=self.temperature,
        )  # fmt: skip


COMMANDS: Commands = {"transmission": Transmission}
