"""Time T(E) against other ways to compute it: ``python benchmarks/transmission/run.py``.

Every figure is processor time of one thread, each measured in a process of its own, so that a busy machine
adds little and peak memory belongs to one solver alone. Where 1,000 energies would take hours, a few are
timed and the rest is counted, which the table says. Systems: LCAO-like matrices made here, and, where they
are found (``QDJUNCTION_SIESTA_REFERENCE``), recorded SIESTA matrices.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
HERE = Path(__file__).resolve().parent
N_ENERGIES = 1000
COLUMNS = ("system", "orbitals", "contact_orbitals", "solver", "once_s", "per_energy_s", "energies_timed",
           "total_s", "peak_memory_gib", "largest_relative_error")  # fmt: skip


def made_system(n_orbitals: int):
    """Make a rod of atoms, ten orbitals each, whose overlaps fall off exponentially (extended Hueckel)."""
    import numpy as np
    from qdjunction.transport import Device, WideBandLead
    from scipy.sparse.linalg import eigsh
    from scipy.spatial.distance import cdist

    rng = np.random.default_rng(n_orbitals)
    n_atoms = n_orbitals // 10
    side = max(2, round((n_atoms / 4) ** (1 / 3)))
    length = -(-n_atoms // side**2)
    places = np.array(list(np.ndindex(length, side, side)), dtype=float)[:n_atoms] * 3.0
    places += rng.normal(scale=0.15, size=places.shape)
    atoms = np.repeat(np.arange(n_atoms), 10)
    distance = cdist(places, places)[np.ix_(atoms, atoms)]
    # One fixed pattern of signs and sizes for each pair of atoms, as ten orbitals of one element have it.
    pattern = rng.uniform(-1, 1, (10, 10))
    kinds = np.tile(np.arange(10), n_atoms)
    S = np.exp(-distance / 0.9) * (pattern + pattern.T)[np.ix_(kinds, kinds)]
    S[(distance < 1e-9) | (distance > 11.0)] = 0.0
    S *= 0.7 / np.abs(eigsh(S, 1, return_eigenvectors=False, tol=1e-2)[0])
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
    """Whole inverse, as ``ase.transport`` takes it."""
    import numpy as np
    from qdjunction.transport.leads import broadening

    green = np.linalg.inv(dense_matrix(device, left, right, energy))[np.ix_(left.orbitals, right.orbitals)]
    gammas = (broadening(lead.self_energy(energy)) for lead in (left, right))
    return np.trace(next(gammas) @ green @ next(gammas) @ green.conj().T).real


def measure(case: str, solver: str, reference: str, energies_timed: int) -> dict:
    """Time one solver on one system, in this process."""
    import numpy as np
    from qdjunction.transport import transmission
    from qdjunction.transport.direct import DirectSolver

    system = recorded_system(Path(reference)) if case == "recorded" else made_system(int(case))
    device, left, right, energies = system
    # The first call of each kernel pays for loading it.
    np.linalg.eigh(np.eye(50) + 0.1)
    np.linalg.inv(np.eye(50) * (1 + 1j))
    once = 0.0
    clock = time.process_time
    if solver == "contact reduction":
        start = clock()
        _ = device.eigenstates
        once = clock() - start
        start = clock()
        values = transmission(device, left, right, energies, "contact-reduction", checks=0).transmission
        each, timed = (clock() - start) / len(energies), len(energies)
        spot = np.linspace(0, len(energies) - 1, energies_timed).astype(int)
        values = values[spot]
    else:
        spot = np.linspace(0, len(energies) - 1, energies_timed).astype(int)
        direct = DirectSolver(device, left, right)
        start = clock()
        if solver == "LU":
            values = direct.transmission(energies[spot])
        else:
            values = np.array([by_inverse(device, left, right, energy) for energy in energies[spot]])
        each, timed = (clock() - start) / len(spot), len(spot)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    return {
        "system": "12Pb junction, SIESTA" if case == "recorded" else "made",
        "orbitals": device.n_orbitals,
        "contact_orbitals": len(left.orbitals) + len(right.orbitals),
        "solver": solver,
        "once_s": once,
        "per_energy_s": each,
        "energies_timed": timed,
        "total_s": once + each * len(energies),
        "peak_memory_gib": peak,
        "values": values.tolist(),
    }


def measure_bulk(reference: str, n_energies: int) -> list[dict]:
    """Time lead and device together on the recorded bulk junction against ``sisl.RecursiveSI``."""
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
    """Hold every solver's T against that of LU at the energies that both have."""
    import numpy as np

    exact = next(np.array(row["values"]) for row in rows if row["solver"] == "LU")
    for row in rows:
        values = np.array(row["values"])
        row["largest_relative_error"] = float(np.max(np.abs(values / exact[: len(values)] - 1)))


def markdown(rows: list[dict], columns: tuple[str, ...]) -> str:
    def cell(value):
        if isinstance(value, float):
            return f"{value:.3g}"
        return f"{value:,}" if isinstance(value, int) else str(value)

    lines = [[column.replace("_", " ") for column in columns], ["---"] * len(columns)]
    lines += [[cell(row[column]) for column in columns] for row in rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def plot(rows: list[dict], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    for solver, mark in (("contact reduction", "o-"), ("LU", "s--"), ("dense inverse", "^:")):
        points = [(row["orbitals"], row["total_s"]) for row in rows if row["solver"] == solver]
        axes.loglog(*zip(*points, strict=True), mark, label=solver)
    axes.set(xlabel="orbitals", ylabel=f"processor time for {N_ENERGIES:,} energies (s)")
    axes.legend()
    axes.grid(alpha=0.3, which="both")
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 2000, 4000, 8000])
    parser.add_argument("--reference", default=os.environ.get("QDJUNCTION_SIESTA_REFERENCE", ""))
    parser.add_argument("--output", type=Path, default=HERE / "results")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    rows, bulk = [], []
    cases = (["recorded"] if options.reference else []) + [str(size) for size in options.sizes]
    for case in cases:
        here = []
        for solver, timed in (("LU", 2), ("contact reduction", 2), ("dense inverse", 1)):
            if solver == "dense inverse" and case.isdigit() and int(case) > 4000:
                continue
            here.append(in_its_own_process("measure", case, solver, options.reference, timed))
            seconds = here[-1]["per_energy_s"], here[-1]["once_s"]
            print(f"{case}: {solver} {seconds[0]:.4f} s per energy, {seconds[1]:.1f} s once", flush=True)
        compare(here)
        rows += here
        if case == "recorded":
            bulk = in_its_own_process("measure_bulk", options.reference, 40)
            for row in bulk:
                row["T"] = float(row["values"][0])
                row["times_faster_than_sisl"] = bulk[0]["per_energy_s"] / row["per_energy_s"]
        # After each case, so that a long run that is stopped leaves what it has.
        write(rows, bulk, options.output)
    print((options.output / "transmission.md").read_text())


def write(rows: list[dict], bulk: list[dict], folder: Path) -> None:
    import pandas as pd

    ordered = sorted(rows, key=lambda row: row["orbitals"])
    pd.DataFrame(ordered)[list(COLUMNS)].to_csv(folder / "transmission.csv", index=False)
    text = f"Processor: {processor()}; one thread.\n\n" + markdown(ordered, COLUMNS)
    if bulk:
        columns = ("solver", "per_energy_s", "energies_timed", "T", "times_faster_than_sisl")
        pd.DataFrame(bulk)[list(columns)].to_csv(folder / "bulk-lead.csv", index=False)
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
