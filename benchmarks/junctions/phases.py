"""Operations, bytes and speed of each phase of the contact reduction.

``python benchmarks/junctions/phases.py CASE ...``

Appends to phases.csv. Times are processor times of one thread. The peak is the rate of a matrix product of the same
element type, and the bandwidth that of reading a large array, both measured in the same process before and after; of
each the faster one counts. Operations are those that a phase needs, not those that its routines do.
"""

import argparse
import csv
import os
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import scipy.linalg
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

import qdjunction.transport.solvers.contact_reduction as reduction
from cases import FULL, Built, Case
from measure import processor_s, rate
from peers import bulk_reduction
from qdjunction.transport.leads.bulk import ElectrodeLead
from qdjunction.transport.leads.surface import Stack
from qdjunction.transport.solvers import base
from qdjunction.transport.solvers.arrays import is_complex
from run import HERE, processor

COLUMNS = (
    "case", "orbitals", "contact_orbitals", "energies", "phase", "seconds", "gflop", "gflops", "share_of_peak",
    "gbyte", "gbyte_per_s", "share_of_bandwidth", "machine",
)  # fmt: skip

SURFACES = "surfaces of the electrodes"
COMPLEX = ("Dyson's equation", "trace", SURFACES, "self-energies")
"""Phases in complex arithmetic also where H is real."""


class Phases:
    """Time of each phase without that of the phases inside it, with its operations and bytes."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.operations: dict[str, float] = defaultdict(float)
        self.bytes: dict[str, float] = defaultdict(float)
        self._open: list[str] = []
        self._since = 0.0

    def _switch(self) -> None:
        now = processor_s()
        if self._open:
            self.seconds[self._open[-1]] += now - self._since
        self._since = now

    def wrap(
        self, owner: Any, name: str, phase: str, work: Callable[..., tuple[float, float]] | None = None
    ) -> None:
        """Time a function of a module or class from now on; `work` returns the operations and bytes of a call."""
        original = getattr(owner, name)

        def timed(*arguments: Any, **keywords: Any) -> Any:
            self._switch()
            self._open.append(phase)
            try:
                return original(*arguments, **keywords)
            finally:
                self._switch()
                self._open.pop()
                if work is not None:
                    operations, moved = work(*arguments, **keywords)
                    self.operations[phase] += operations
                    self.bytes[phase] += moved

        setattr(owner, name, timed)

    def is_open(self, phase: str) -> bool:
        """Return whether a phase is the one that is timed."""
        return bool(self._open) and self._open[-1] == phase

    def add(self, operations: float, moved: float) -> None:
        """Add to the phase that is open."""
        self.operations[self._open[-1]] += operations
        self.bytes[self._open[-1]] += moved


def watch(phases: Phases) -> None:
    """Time every phase of the contact reduction."""
    lapack = scipy.linalg.lapack
    for kind, factor, size in (("d", 1, 8), ("z", 4, 16)):
        names = ("potrf", "sygst", "sytrd") if kind == "d" else ("potrf", "hegst", "hetrd")
        for name, label, thirds, moved in zip(
            names, ("Cholesky factors of S", "reduction to standard form", "tridiagonal form"), (1, 3, 4), (2, 3, 0),
            strict=True,
        ):  # fmt: skip

            def work(
                a: Any, *rest: Any, t: int = thirds, b: int = moved, f: int = factor, s: int = size, **_: Any
            ):
                n = float(len(a))
                # Each column of the tridiagonal form reads half of the rest of the matrix.
                return f * t / 3 * n**3, s * (b * n**2 if b else n**3 / 6)

            phases.wrap(lapack, kind + name, label, work)
    phases.wrap(scipy.linalg, "eigh_tridiagonal", "its levels and states")
    phases.wrap(reduction.ContactReduction, "__init__", "rows of the states", rows)
    sums = reduction.weighted_products

    def counted(xp: Any, rows: Any, weights: Any, split: int) -> Any:
        m, k = rows.shape
        factor = 4 if is_complex(rows) else 1
        size = split * m + (m - split) ** 2
        moved = rows.dtype.itemsize * (rows.size + len(weights) * (rows.size + size))
        phases.add(factor * 2.0 * len(weights) * k * size, moved)
        return sums(xp, rows, weights, split)

    reduction.weighted_products = counted
    phases.wrap(reduction.Window, "green", "near levels")
    phases.wrap(
        reduction.Window,
        "far",
        "far levels",
        lambda window, e: (2.0 * len(e) * 22 * window_size(window), 0.0),
    )
    phases.wrap(reduction.ContactReduction, "_between", "Dyson's equation", dyson)
    phases.wrap(base, "trace_formula", "trace", trace)
    phases.wrap(Stack, "surfaces", SURFACES, ends)
    phases.wrap(ElectrodeLead, "self_energy", "self-energies", self_energies)
    decimated = np.linalg.solve

    def solved(a: Any, b: Any) -> Any:
        if phases.is_open(SURFACES):
            phases.add(*solution(a, b))
        return decimated(a, b)

    np.linalg.solve = solved
    phases.wrap(reduction.ContactReduction, "refined_transmission", "error measurement", check)


def window_size(window: Any) -> int:
    """Return the number of elements of g that are summed."""
    m, left = len(window._all.rows), window._all.n_left
    return left * m + (m - left) ** 2


def solution(a: Any, b: Any) -> tuple[float, float]:
    """Return operations and bytes of a stack of complex solutions.

    In the decimation two couplings are the right side, and their four products with the solutions follow.
    """
    n, width = b.shape[-2:]
    products = 4 * n**3 if width == 2 * n else 0
    return len(b) * 8.0 * (n**3 / 3 + n * n * width + products), 16.0 * (a.size + 2 * b.size)


def ends(stack: Any, z: NDArray[Any]) -> tuple[float, float]:
    """Return operations and bytes of the two inverses and residuals of a layer at each energy."""
    count, n = z.size * (len(stack._H) if stack._H.ndim == 3 else 1), stack._H.shape[-1]
    return count * 8.0 * 2 * (n**3 + 3 * n**3), count * 16.0 * 8 * n * n


def self_energies(lead: Any, energies: NDArray[Any]) -> tuple[float, float]:
    """Return operations and bytes of the sum over the k points."""
    (m, n_k, r), n = lead._H.shape, lead._coupled.shape[1]
    each = 8.0 * n_k * (n * n * r + n * r * r + m * r * r + m * m * r)
    return np.size(energies) * each, np.size(energies) * 16.0 * (6 * m * n_k * r + 3 * m * m)


def rows(solver: Any, device: Any, left: Any, right: Any, *_: Any) -> tuple[float, float]:
    """Return operations and bytes of the rows of X: solutions with L, reflectors, tridiagonal states."""
    n, m = device.n_orbitals, len(left.orbitals) + len(right.orbitals)
    factor, size = (1, 8) if device.is_real else (4, 16)
    return factor * 5.0 * n * n * m, 3.0 * size * n * n


def check(solver: Any, energy: float) -> tuple[float, float]:
    """Return operations and bytes of one refined T: both leads' columns, and the residual of one with H and S."""
    n, a, b = solver.device.n_orbitals, solver._n_left, solver._m - solver._n_left
    factor, size = (2, 8) if solver.device.is_real else (8, 16)
    stored = (
        2 * n * n if isinstance(solver.device.H, np.ndarray) else solver.device.H.nnz + solver.device.S.nnz
    )
    return factor * (5.0 * n * n * (a + b) + 2.0 * stored * b), size * (6.0 * n * n + stored)


def dyson(
    solver: Any, window: Any, energies: Any, left: Any, right: Any, carried: bool
) -> tuple[float, float]:
    """Return operations and bytes of a batch: two LU factors with solutions, and the products of g and Sigma."""
    a, b = solver._n_left, solver._m - solver._n_left
    g = 8 if is_complex(window._all.rows) else 4
    each = 8 / 3 * (a**3 + b**3) + 8 * (a * a * b + b * b * a) + g * a * b * b
    if np.ndim(left):
        each += g * a**3 + 8 * a * a * b
    if np.ndim(right):
        each += 8 * b**3
    if carried:
        # The inverse and a product replace the solution for all columns.
        each += 16 / 3 * b**3
    return len(energies) * each, len(energies) * 16.0 * 3 * (a + b) ** 2


def trace(left: Any, green: Any, right: Any) -> tuple[float, float]:
    """Return operations and bytes of the trace formula."""
    count, a, b = green.shape
    each = 8 * (a * a * b * bool(np.ndim(left)) + a * b * b * bool(np.ndim(right)) + a * b)
    return count * each, count * 16.0 * 3 * a * b


def built(case: Case, reference: Path | None) -> Built:
    """Return the device between its leads, and the energies."""
    if case.build is not None:
        return case.build(reference)
    system = case.system(reference)
    return *bulk_reduction.attached(system), system.energies_ev


def bandwidth() -> float:
    """Return the fastest of some reads of a large array (1e9 bytes per second)."""
    array = np.ones(30_000_000)
    seconds = []
    for _ in range(8):
        start = processor_s()
        array @ array
        seconds.append(processor_s() - start)
    return array.nbytes / min(seconds) / 1e9


def main() -> None:
    """Measure the cases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", nargs="+", choices=[case.name for case in FULL])
    parser.add_argument("--reference", type=Path, default=os.environ.get("QDJUNCTION_SIESTA_REFERENCE"))
    parser.add_argument("--machine", default=processor())
    parser.add_argument("--output", type=Path, default=HERE / "phases.csv")
    options = parser.parse_args()
    from qdjunction.transport import transmission

    threadpool_limits(1)
    phases = Phases()
    watch(phases)
    for name in options.case:
        case = next(case for case in FULL if case.name == name)
        device, left, right, energies = built(case, options.reference and Path(options.reference))
        dtype = float if device.is_real else complex
        peak, speed = rate(dtype, 1500), bandwidth()
        zpeak = rate(complex, 1000)
        for record in (phases.seconds, phases.operations, phases.bytes):
            record.clear()
        transmission(device, left, right, energies, "contact-reduction")
        peak, zpeak = max(peak, rate(dtype, 1500)), max(zpeak, rate(complex, 1000))
        speed = max(speed, bandwidth())
        rows = []
        for phase, seconds in phases.seconds.items():
            operations, moved = phases.operations[phase] / 1e9, phases.bytes[phase] / 1e9
            limit = zpeak if phase in COMPLEX else peak
            row = {"phase": phase, "seconds": seconds}
            if operations:
                row |= {
                    "gflop": operations, "gflops": operations / seconds,
                    "share_of_peak": operations / seconds / limit,
                }  # fmt: skip
            if moved:
                row |= {
                    "gbyte": moved,
                    "gbyte_per_s": moved / seconds,
                    "share_of_bandwidth": moved / seconds / speed,
                }
            rows.append(row)
        rows.append({"phase": "all", "seconds": sum(phases.seconds.values())})
        rows.append({"phase": "peak of a matrix product", "gflops": peak, "gbyte_per_s": speed})
        shared = {
            "case": name, "orbitals": device.n_orbitals, "energies": len(energies),
            "contact_orbitals": len(np.union1d(left.orbitals, right.orbitals)), "machine": options.machine,
        }  # fmt: skip
        new = not options.output.exists()
        with options.output.open("a", newline="", encoding="utf-8") as file:
            out = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            if new:
                out.writeheader()
            for row in rows:
                out.writerow(
                    {k: f"{v:.4g}" if isinstance(v, float) else v for k, v in (shared | row).items()}
                )
                print({k: f"{v:.3g}" if isinstance(v, float) else v for k, v in row.items()})


if __name__ == "__main__":
    main()
