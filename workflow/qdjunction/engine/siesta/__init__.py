"""SIESTA, the production engine: inputs, runs, restarts, corrections, and extraction of H and S.

Everything except the settings is imported on first use, so that reading a configuration needs no sisl.
"""

import os
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from qdjunction.core.errors import InputError
from qdjunction.engine.contract import ElectronicStructure, Engine, EngineKind
from qdjunction.engine.siesta.settings import SiestaSettings


class Siesta(EngineKind[SiestaSettings]):
    """SIESTA. The estimates are for a serial run with the default basis: docs/cluster.md has the numbers."""

    name = "siesta"
    description = "DFT with SIESTA"
    Settings = SiestaSettings
    embedded = False
    environment = "siesta.yaml"
    # The number of MPI ranks follows from the threads of the job.
    threads = 2

    def make(self, settings: SiestaSettings, threads: int | None, resources: Mapping[str, Any]) -> Engine:
        """Return the engine, started with the resources of the job; see `Launch.of_job`."""
        from qdjunction.engine.siesta.engine import SiestaEngine
        from qdjunction.engine.siesta.launch import Launch

        if threads is None:
            threads = int(os.environ.get("OMP_NUM_THREADS", 1))
        return SiestaEngine(settings, Launch.of_job(threads, resources))

    def mem_mb(self, n: int) -> float:
        """Return the memory of a job (MB)."""
        return 1500 + 12 * n

    def scf_min(self, n: int) -> float:
        """Return the run time of an SCF (min)."""
        return 30 + 1e-5 * n**3

    def relax_min(self, n: int) -> float:
        """Return the run time of a relaxation (min)."""
        return 120 + 2e-4 * n**3

    def input_files(self, elements: Iterable[str], settings: SiestaSettings) -> list[Path]:
        """Return the pseudopotential files.

        Raises
        ------
        InputError
            When one is missing, damaged or of another functional.
        """
        from qdjunction.engine.siesta.pseudopotentials import find_pseudopotentials

        try:
            found = find_pseudopotentials(
                elements,
                settings.pseudopotentials,
                settings.functional,
                settings.pseudopotential_format,
                settings.spin,
            )
        except InputError as error:
            raise InputError(f"pseudopotentials: {error}") from None
        return [pseudopotential.path for pseudopotential in found.values()]

    def periodic(self, settings: SiestaSettings, kpoints: tuple[int, int, int]) -> SiestaSettings:
        """Return the settings with k points, and with H and S written with their images, to a TSHS file."""
        return settings.periodic(kpoints)

    def slab(self, settings: SiestaSettings, kpoints: tuple[int, int]) -> SiestaSettings:
        """Return the settings with k points, and with the dipole of the slab corrected for."""
        return settings.slab(kpoints)

    def check_study(self, settings: SiestaSettings) -> None:
        """Check that the calculation is closed-shell and of a finite system.

        Raises
        ------
        InputError
            When it is not.
        """
        if settings.spin != "non-polarized":
            raise InputError(
                f"spin = {settings.spin}: a study is closed-shell; leave spin out, or run SIESTA by hand with "
                "`qdjunction siesta-input` and give its HSX file to `qdjunction transmission`"
            )
        if settings.kpoints != (1, 1, 1):
            raise InputError(
                f"kpoints = {list(settings.kpoints)}: a dot is finite; leave kpoints out. Electrodes and "
                "junctions with bulk leads have those of electrodes.surface.kpoints"
            )

    def read_run(self, folder: Path) -> ElectronicStructure:
        """Return H and S of a finished run; see `electronic_structure_from_run`."""
        from qdjunction.engine.siesta.extraction import electronic_structure_from_run

        return electronic_structure_from_run(folder)


KIND = Siesta()

_HOME = {
    "Launch": "launch",
    "SiestaEngine": "engine",
    "electronic_structure_from_run": "extraction",
    "read_hamiltonian": "extraction",
    "write_siesta_input": "inputs",
}

__all__ = ["KIND", "SiestaSettings", *sorted(_HOME)]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
