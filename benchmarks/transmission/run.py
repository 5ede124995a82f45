"""Compare the time of T(E) with that of other methods: ``python benchmarks/transmission/run.py``.

All times are processor times of one thread, each measured in a separate process, so that other load has
little effect and peak memory is that of a single solver. If 1,000 energies would take hours, a few are
timed and the total is extrapolated; the table says so. Systems: synthetic LCAO-like matrices, and, if
available (``QDJUNCTION_SIESTA_REFERENCE``), recorded SIESTA matrices. Compared with: LU and the dense inverse (as in
``ase.transport``) written here, ``sisl_toolbox.btd``, kwant (``--kwant-python`` names a Python that has it)
and TBtrans, if its binary is on the PATH. A method that is not available has a row with the reason.
"""

import argparse
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
HERE = Path(__file__).resolve().parent
N_ENERGIES = 1000
COLUMNS = (
    "system", "orbitals", "contact_orbitals", "solver", "once_s", "per_energy_s", "energies_timed", "total_s",
    "times_faster_than_lu", "share_of_matmul_peak", "peak_memory_gib", "predicted_memory_gib", "largest_relative_error",
    "note",
)  # fmt: skip
SOLVERS = ("LU", "contact reduction", "dense inverse", "sisl_toolbox.btd", "kwant")


def made_system(n_orbitals: int):
    """Return a rod of atoms with ten orbitals each, whose overlaps decay exponentially (extended Hueckel)."""
    import numpy as np
    from scipy.sparse.linalg import eigsh
    from scipy.spatial.distance import cdist

    from qdjunction.transport import Device, WideBandLead

    rng = np.random.default_rng(n_orbitals)
    n_atoms = n_orbitals // 10
    side = max(2, round((n_atoms / 4) ** (1 / 3)))
    length = -(-n_atoms // side**2)
    places = np.array(list(np.ndindex(length, side, side)), dtype=float)[:n_atoms] * 3.0
    places += rng.normal(scale=0.15, size=places.shape)
    atoms = np.repeat(np.arange(n_atoms), 10)
    distance = cdist(places, places)[np.ix_(atoms, atoms)]
    # The same pattern of signs and magnitudes for each pair of atoms, as for ten orbitals of one element.
    pattern = rng.uniform(-1, 1, (10, 10))
    kinds = np.tile(np.arange(10), n_atoms)
    S = np.exp(-distance / 0.9) * (pattern + pattern.T)[np.ix_(kinds, kinds)]
    S[(distance < 1e-9) | (distance > 11.0)] = 0.0
    # With a fixed start vector, so that every process makes the same matrix.
    S *= 0.7 / np.abs(eigsh(S, 1, v0=np.ones(len(S)), return_eigenvectors=False, tol=1e-2)[0])
    np.fill_diagonal(S, 1.0)
    levels = np.linspace(-5, 3, 10)[kinds]
    H = 0.875 * S * (levels[:, None] + levels)
    np.fill_diagonal(H, levels)
    device = Device(H, S, atoms)
    n_lead = round(0.0375 * n_atoms)
    leads = (WideBandLead(device, start + np.arange(n_lead)) for start in (0, n_atoms - n_lead))
    return device, *leads, np.linspace(-2, 2, N_ENERGIES)


def recorded_system(reference: Path):
    """12Pb MAPbBr3 between two gold tips, SIESTA, PBE/DZP."""
    import lzma

    import ase.io
    import numpy as np
    import sisl

    from qdjunction.transport import Device, WideBandLead

    source, name = reference / "12Pb" / "L-R4", "L-R4"
    with tempfile.TemporaryDirectory() as folder:
        hsx = Path(folder) / f"{name}.HSX"
        hsx.write_bytes(lzma.decompress((source / f"{name}.HSX.xz").read_bytes()))
        geometry = sisl.get_sile(source / f"{name}.XV").read_geometry()
        hamiltonian = sisl.get_sile(hsx).read_hamiltonian(geometry=geometry)
    fermi = float((source / f"{name}.EIG").read_text().split()[0])
    S = hamiltonian.Sk(dtype=np.float64, format="array")
    H = hamiltonian.Hk(dtype=np.float64, format="array") - fermi * S
    tags = ase.io.read(source / "junction.extxyz").get_tags()
    device = Device(H, S, hamiltonian.geometry.o2a(np.arange(hamiltonian.no)))
    leads = (WideBandLead(device, np.flatnonzero(tags == tag)) for tag in (12, 22))
    return device, *leads, np.linspace(-2.5, 1.0, N_ENERGIES)


def dense_matrix(device, left, right, energy):
    import numpy as np

    system = (energy * device.S - device.H).astype(complex)
    for lead in (left, right):
        system[np.ix_(lead.orbitals, lead.orbitals)] -= lead.self_energy(energy)
    return system


def by_inverse(device, left, right, energy):
    """Return T from the full inverse, as in ``ase.transport``."""
    import numpy as np

    from qdjunction.transport.leads.base import broadening

    green = np.linalg.inv(dense_matrix(device, left, right, energy))[np.ix_(left.orbitals, right.orbitals)]
    gammas = (broadening(lead.self_energy(energy)) for lead in (left, right))
    return np.trace(next(gammas) @ green @ next(gammas) @ green.conj().T).real


def matmul_rate() -> float:
    """Return the floating-point operations per second of a real matrix product, taken as the peak rate."""
    import numpy as np

    a = np.random.default_rng(0).normal(size=(2000, 2000))
    a @ a
    start = time.process_time()
    for _ in range(3):
        a @ a
    return 3 * 2 * 2000**3 / (time.process_time() - start)


def by_btd(device, left, right, energies):
    """Return time and T of ``sisl_toolbox.btd``, with its own partition of the atoms into blocks."""
    import numpy as np
    import scipy.sparse
    import sisl
    from sisl_toolbox.btd import DeviceGreen

    class Fixed(sisl.physics.SelfEnergy):
        """A self-energy that is the same at every energy."""

        eta = 0.0

        def __init__(self, sigma):
            self.sigma = sigma

        def __len__(self):
            return len(self.sigma)

        def self_energy(self, E, k=(0, 0, 0), dtype=np.complex128, **keywords):
            return self.sigma.astype(dtype)

    counts = np.bincount(device.orbital_atoms)
    places = np.column_stack([np.zeros((len(counts), 2)), 3.0 * np.arange(len(counts))])
    geometry = sisl.Geometry(places, [sisl.Atom(1, [-1.0] * count) for count in counts])
    matrices = (scipy.sparse.csr_matrix(np.asarray(M)) for M in (device.H, device.S))
    hamiltonian = sisl.Hamiltonian.fromsp(geometry, next(matrices), S=next(matrices))
    leads = [(Fixed(lead.self_energy(0.0)), {"orbitals": lead.orbitals}) for lead in (left, right)]
    green = DeviceGreen(hamiltonian, leads, "gps", eta=0.0)
    start = time.process_time()
    values = []
    for energy in energies:
        green.clear()
        values.append(green.transmission(energy, 0, 1))
    return time.process_time() - start, values


def by_kwant(device, left, right, energies, python):
    """Return time, T and sparse solver of kwant on the orthogonalised system, since kwant does not support overlap.

    The system is orthogonalised by Cholesky factors with the leads last, not by Loewdin's root, since that confines the
    leads' self-energies to the orbitals of both leads.
    """
    import numpy as np
    import scipy.linalg

    ends = np.concatenate([left.orbitals, right.orbitals])
    atoms = device.orbital_atoms
    last = np.isin(np.arange(atoms.max() + 1), atoms[ends])
    order = np.argsort(2 * atoms + 1e6 * last[atoms], kind="stable")
    H, S = (np.asarray(M)[np.ix_(order, order)] for M in (device.H, device.S))
    L = scipy.linalg.cholesky(S, lower=True)
    H = scipy.linalg.solve_triangular(L, scipy.linalg.solve_triangular(L, H, lower=True).T, lower=True)
    # kwant would take round-off errors, where S was block-diagonal, for couplings.
    H[np.abs(H) < 1e-13] = 0.0
    sizes = np.bincount(atoms)[np.argsort(2 * np.arange(atoms.max() + 1) + 1e6 * last, kind="stable")]
    data = {"H": H, "ends": np.cumsum(sizes), "energies": energies}
    site_of = np.repeat(np.arange(len(sizes)), sizes)
    own = np.flatnonzero(np.isin(order, ends))
    block = L[np.ix_(own, own)]
    for side, lead in (("left", left), ("right", right)):
        place = np.searchsorted(order[own], lead.orbitals)
        sigma = np.zeros((len(own), len(own)), dtype=complex)
        sigma[np.ix_(place, place)] = lead.self_energy(0.0)
        data[f"sigma_{side}"] = np.linalg.solve(block, np.linalg.solve(block, sigma).T).T
        data[f"sites_{side}"] = np.unique(site_of[own])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "system.npz"
        np.savez(path, **data)
        done = subprocess.run(
            [python, str(HERE / "kwant_peer.py"), str(path)],
            capture_output=True, text=True, check=False, env=os.environ | THREADS,
        )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    found = json.loads(done.stdout)
    return found["seconds"], found["values"], found["factors"]


def measure(case: str, solver: str, reference: str, energies_timed: int, kwant_python: str) -> dict:
    """Time one solver on one system, in this process."""
    import numpy as np

    from qdjunction.transport import transmission
    from qdjunction.transport.solvers.contact_reduction import ContactReduction
    from qdjunction.transport.solvers.direct import DirectSolver

    system = recorded_system(Path(reference)) if case == "recorded" else made_system(int(case))
    device, left, right, energies = system
    # The first call of each kernel includes the time to load it.
    np.linalg.eigh(np.eye(50) + 0.1)
    np.linalg.inv(np.eye(50) * (1 + 1j))
    rate = matmul_rate()
    n, m_right = device.n_orbitals, len(right.orbitals)
    m = m_right + len(left.orbitals)
    row = {
        "system": "12Pb junction, SIESTA" if case == "recorded" else "made",
        "orbitals": n,
        "contact_orbitals": m,
        "solver": solver,
        "energies_timed": energies_timed,
    }
    spot = np.array([3 * len(energies) // 8, 3 * len(energies) // 4])[:energies_timed]
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    once, clock = 0.0, time.process_time
    start = clock()
    if solver == "contact reduction":
        predicted = ContactReduction.memory_bytes(device, left, right, len(energies))
        _ = device.spectrum
        once = clock() - start
        start = clock()
        # The time includes the solver's checks.
        values = transmission(device, left, right, energies, "contact-reduction").transmission[spot]
        seconds, row["energies_timed"] = clock() - start, len(energies)
        windows = ContactReduction(device, left, right)._closed.windows(energies)
        terms = sum(window.operations for window in windows)
        # Levels and rows; the sums for g; the Dyson equation and the trace.
        operations = 4 * n**3 + 2 * m**2 * terms + len(energies) * 19 * m**3
        row["predicted_memory_gib"] = (2 * 8 * n**2 + predicted) / 1024**3
    elif solver == "LU":
        direct = DirectSolver(device, left, right)
        values = direct.transmission(energies[spot])
        seconds, operations = clock() - start, len(spot) * (8 * n**3 / 3 + 8 * n**2 * m_right)
    elif solver == "dense inverse":
        values = [by_inverse(device, left, right, energy) for energy in energies[spot]]
        seconds, operations = clock() - start, len(spot) * 8 * n**3
    elif solver == "sisl_toolbox.btd":
        (seconds, values), operations = by_btd(device, left, right, energies[spot]), None
    else:
        try:
            seconds, values, row["note"] = by_kwant(device, left, right, energies[spot], kwant_python)
            operations = None
        except RuntimeError as error:
            return row | {"note": f"not run: {error}"}
    each = seconds / row["energies_timed"]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if solver != "kwant":
        row["peak_memory_gib"] = peak / 1024**2
        if peak == held:
            row["note"] = "peak memory is that of making the system"
    if operations:
        row["share_of_matmul_peak"] = operations / (once + seconds) / rate
    return row | {
        "once_s": once,
        "per_energy_s": each,
        "total_s": once + each * len(energies),
        "values": [float(value) for value in values],
    }


def measure_bulk(reference: str, n_energies: int) -> list[dict]:
    """Time lead and device together on the recorded bulk junction, compared with ``sisl.RecursiveSI``."""
    import lzma

    import numpy as np
    import sisl

    from qdjunction.transport import Device, Electrode, attach_electrodes, transmission

    source = Path(reference) / "bulk-lead"
    read = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in ("long", "electrode"):
            file = Path(folder) / f"{name}.TSHS"
            file.write_bytes(lzma.decompress((source / f"{name}.TSHS.xz").read_bytes()))
            read[name] = sisl.get_sile(file).read_hamiltonian()
    device = Device.from_hamiltonian(read["long"], open_axis=2)
    n, m = device.n_orbitals, read["electrode"].no
    regions = np.arange(m), np.arange(n - m, n)
    energies = np.linspace(-2.0, -1.0, n_energies)
    clock, rows = time.process_time, []

    def row(solver, seconds, timed, values):
        rows.append(
            {
                "solver": solver,
                "per_energy_s": seconds / timed,
                "energies_timed": timed,
                "values": list(values),
            }
        )

    start = clock()
    sides = [sisl.RecursiveSI(read["electrode"], direction, eta=1e-4) for direction in ("-C", "+C")]
    system = device.H.toarray(), device.S.toarray()
    sample, values = energies[[n_energies // 2]], []
    for energy in sample:
        inverse = (energy * system[1] - system[0]).astype(complex)
        gammas = []
        for side, region in zip(sides, regions, strict=True):
            sigma = side.self_energy(energy)
            cell = (side.spgeom0.Sk(format="array") * (energy + 1e-4j)) - side.spgeom0.Hk(format="array")
            inverse[np.ix_(region, region)] = cell - sigma
            gammas.append(side.se2broadening(sigma))
        green = np.linalg.inv(inverse)[np.ix_(*regions)]
        values.append(np.trace(gammas[0] @ green @ gammas[1] @ green.conj().T).real)
    row("sisl.RecursiveSI and dense inverse", clock() - start, 1, values)

    from sisl_toolbox.btd import BlochElectrode, DeviceGreen

    start = clock()
    atoms = read["electrode"].na
    all_atoms = np.arange(read["long"].na)
    parts = [
        (BlochElectrode(side, name=name), places, True)
        for side, name, places in zip(sides, "LR", (all_atoms[:atoms], all_atoms[-atoms:]), strict=True)
    ]
    green = DeviceGreen(read["long"], parts, "gps", eta=0.0)
    values = [green.transmission(energy, 0, 1) for energy in sample]
    row("sisl.RecursiveSI and sisl_toolbox.btd", clock() - start, 1, values)

    tbtrans = shutil.which("tbtrans")
    if tbtrans is None:
        rows.append({"solver": "TBtrans", "note": "not run: no tbtrans on the PATH"})
    else:
        with tempfile.TemporaryDirectory() as folder:
            here = Path(folder)
            for name in ("long", "electrode"):
                packed = (source / f"{name}.TSHS.xz").read_bytes()
                (here / f"{name}.TSHS").write_bytes(lzma.decompress(packed))
            for path in (*source.glob("*.fdf"), *source.glob("*.XV")):
                shutil.copy(path, here)
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            with (source / "tbt.fdf").open() as given:
                subprocess.run([tbtrans], cwd=here, stdin=given, check=True, stdout=subprocess.DEVNULL)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            found = np.loadtxt(next(here.glob("*.TBT.AVTRANS_Left-Right")))
            at = np.interp(sample, found[:, 0], found[:, 1])
            row("TBtrans", after.ru_utime - before.ru_utime, len(found), at)

    with tempfile.TemporaryDirectory() as folder:
        for label, repeats, timed in (
            ("whole cell, decimation", (1, 1, 1), 1),
            ("smallest cell (4 x 4 k points)", None, n_energies),
            ("the same, leads from the cache", None, n_energies),
        ):
            used = energies[[n_energies // 2]] if timed == 1 else energies
            electrode = Electrode.from_hamiltonian(
                read["electrode"], repeats=repeats, cache=None if timed == 1 else folder
            )
            attached = attach_electrodes(device, electrode, regions[0], electrode, regions[1])
            start = clock()
            values = transmission(*attached, used, checks=0).transmission
            row(label, clock() - start, timed, values[[len(values) // 2]])
    return rows


def in_its_own_process(function: str, *arguments) -> dict | list:
    """Call a function of this file in a fresh process with one thread."""
    code = f"import json, run; print('RESULT' + json.dumps(run.{function}(*{arguments!r})))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=HERE,
        env=os.environ | THREADS,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{function}{arguments}:\n{done.stderr}")
    return json.loads(done.stdout.split("RESULT")[-1])


def compare(rows: list[dict]) -> None:
    """Compare every solver with LU: T at the common energies, and time."""
    import numpy as np

    lu = next(row for row in rows if row["solver"] == "LU")
    exact = np.array(lu["values"])
    for row in rows:
        if "values" in row:
            values = np.array(row["values"])
            row["largest_relative_error"] = float(np.max(np.abs(values / exact[: len(values)] - 1)))
            row["times_faster_than_lu"] = lu["total_s"] / row["total_s"]


def markdown(rows: list[dict], columns: tuple[str, ...]) -> str:
    def cell(value):
        if isinstance(value, float):
            return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
        return f"{value:,}" if isinstance(value, int) else str(value)

    lines = [[column.replace("_", " ") for column in columns], ["---"] * len(columns)]
    lines += [[cell(row.get(column, "")) for column in columns] for row in rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def plot(rows: list[dict], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    for solver, mark in zip(SOLVERS, ("s--", "o-", "^:", "v-.", "x-."), strict=True):
        points = [
            (row["orbitals"], row["total_s"]) for row in rows if row["solver"] == solver and "total_s" in row
        ]
        if points:
            axes.loglog(*zip(*points, strict=True), mark, label=solver)
    axes.set(xlabel="orbitals", ylabel=f"processor time for {N_ENERGIES:,} energies (s)")
    axes.legend()
    axes.grid(alpha=0.3, which="both")
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 2000, 4000, 8000])
    parser.add_argument("--reference", default=os.environ.get("QDJUNCTION_SIESTA_REFERENCE", ""))
    parser.add_argument(
        "--solvers",
        nargs="+",
        choices=SOLVERS,
        default=SOLVERS,
        help="solvers to time; LU is required for the comparison",
    )
    parser.add_argument("--kwant-python", default=sys.executable, help="a Python that has kwant")
    parser.add_argument("--output", type=Path, default=HERE / "results")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    rows, bulk = [], []
    cases = (["recorded"] if options.reference else []) + [str(size) for size in options.sizes]
    for case in cases:
        here = []
        for solver in SOLVERS:
            large = case.isdigit() and int(case) > 4000
            if solver not in options.solvers or (large and solver not in ("LU", "contact reduction")):
                continue
            timed = 2 if solver in ("LU", "contact reduction") and not large else 1
            row = in_its_own_process("measure", case, solver, options.reference, timed, options.kwant_python)
            here.append(row)
            print(f"{case}: {solver} {row.get('total_s', row.get('note'))}", flush=True)
        compare(here)
        rows += here
        if case == "recorded":
            bulk = in_its_own_process("measure_bulk", options.reference, 40)
            for row in (row for row in bulk if "values" in row):
                row["T"] = float(row["values"][0])
                row["times_faster_than_sisl"] = bulk[0]["per_energy_s"] / row["per_energy_s"]
        # Written after each case, so that an interrupted run leaves its results so far.
        write(rows, bulk, options.output)
    print((options.output / "transmission.md").read_text())


def write(rows: list[dict], bulk: list[dict], folder: Path) -> None:
    import pandas as pd

    ordered = sorted(rows, key=lambda row: row["orbitals"])
    pd.DataFrame(ordered, columns=COLUMNS).to_csv(folder / "transmission.csv", index=False)
    text = f"Processor: {processor()}; one thread.\n\n" + markdown(ordered, COLUMNS)
    if bulk:
        columns = ("solver", "per_energy_s", "energies_timed", "T", "times_faster_than_sisl", "note")
        pd.DataFrame(bulk, columns=columns).to_csv(folder / "bulk-lead.csv", index=False)
        text += "\nBulk leads (1,899 orbitals, two electrodes of 576), lead and device together:\n\n"
        text += markdown(bulk, columns)
    (folder / "transmission.md").write_text(text)
    plot(ordered, folder / "transmission.svg")


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


if __name__ == "__main__":
    main()
