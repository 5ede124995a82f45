"""The embedded engine, GFN-xTB through tblite."""

from collections.abc import Mapping
from typing import Any

from qdjunction.core.errors import InputError
from qdjunction.engine.contract import Engine, EngineKind
from qdjunction.engine.xtb.settings import XtbSettings


class Xtb(EngineKind[XtbSettings]):
    """GFN-xTB. The estimates are fitted to the benchmark files of finished studies: docs/cluster.md has the numbers."""

    name = "xtb"
    description = "the embedded GFN1-xTB model"
    Settings = XtbSettings
    embedded = True
    environment = "xtb.yaml"
    has_dynamics = True
    has_vibrations = True
    extras = ("xtb",)

    def make(self, settings: XtbSettings, threads: int | None, resources: Mapping[str, Any]) -> Engine:
        """Return the engine."""
        from qdjunction.engine.xtb.engine import XtbEngine

        return XtbEngine(settings, threads=threads)

    def slab(self, settings: XtbSettings, kpoints: tuple[int, int]) -> XtbSettings:
        """Return the settings unchanged: tblite computes a slab at its Gamma point, with GFN1-xTB.

        Raises
        ------
        InputError
            With more k points, or another method.
        """
        if kpoints != (1, 1):
            raise InputError(
                f"kpoints = {list(kpoints)}: {self.description} uses only the Gamma point of a slab; set kpoints to "
                "[1, 1], or take siesta"
            )
        if settings.method != "GFN1-xTB":
            raise InputError(
                f"xtb.method = '{settings.method}': slabs are computed with GFN1-xTB; leave method out"
            )
        return settings

    def mem_mb(self, n: int) -> float:
        """Return the memory of a job (MB)."""
        return 1000 + 0.008 * n**2

    def scf_min(self, n: int) -> float:
        """Return the run time of an SCF (min)."""
        return 10 + 2e-7 * n**3

    def scf_s(self, n: int) -> float:
        """Return the processor time of an SCF with the start of its job (s): 19 s for 308 atoms."""
        return 2 + 6e-7 * n**3

    def step_s(self, n: int) -> float:
        """Return the processor time of a step of dynamics (s): 3 s for 288 atoms."""
        return 0.05 + 1.3e-7 * n**3

    def relax_min(self, n: int) -> float:
        """Return the run time of a relaxation (min)."""
        return 20 + 1e-5 * n**3


KIND = Xtb()
