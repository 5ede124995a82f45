"""Compare the time of T(E) with that of other methods: ``python benchmarks/junctions/run.py --quick``.

Every pair of a system and a peer runs in a process of its own, with one thread, and becomes a row of a CSV file. Rows
that the file has already are not repeated, so an interrupted run is resumed by the same command. See README.md.
"""

import argparse
import csv
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import peers
from cases import FULL, QUICK, Case

HERE = Path(__file__).resolve().parent
THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
COLUMNS = (
    "case", "kind", "orbitals", "contact_orbitals", "leads", "energies", "peer", "version", "settings", "once_s",
    "per_energy_s", "energies_timed", "total_s", "peak_memory_gib", "largest_relative_error", "reference",
    "dgemm_gflops", "zgemm_gflops", "wall_by_processor_time", "machine", "note",
)  # fmt: skip
EXTENDED = "LU refined in extended precision"
BULK_REFERENCE = "bulk_direct"


def child(python: str, name: str, path: Path) -> dict[str, Any]:
    """Run measure.py in a fresh process with one thread."""
    done = subprocess.run(
        [python, HERE / "measure.py", name, path], env=os.environ | THREADS,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        return {"note": f"failed: {last}"}
    return json.loads(done.stdout.split("RESULT")[-1])


def processor() -> str:
    """Return the name of the processor and the number of its cores."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        name = platform.processor() or platform.machine()
    return f"{name}, {os.cpu_count()} cores"


def rows_of(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file, none if there is no file."""
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def append(path: Path, row: dict[str, Any]) -> None:
    """Add a row to a CSV file."""
    new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        out = csv.DictWriter(file, COLUMNS, lineterminator="\n", extrasaction="ignore")
        if new:
            out.writeheader()
        rounded = {k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()}
        out.writerow(rounded)


def wanted(case: Case, names: list[str]) -> list[str]:
    """Return the peers that solve a case, that of its reference first."""
    chosen = [name for name in names if case.leads in peers.load(name).leads]
    return sorted(chosen, key=lambda name: name != BULK_REFERENCE)


def run_case(case: Case, options: argparse.Namespace, pythons: dict[str, str], machine: str) -> None:
    """Measure every peer that has no row yet."""
    done = {(row["case"], row["peer_file"]) for row in with_files(options.output)}
    todo = [name for name in wanted(case, options.peers) if (case.name, name) not in done]
    if not todo:
        return
    if missing := case.missing(options.reference):
        print(f"{case.name}: left out, {missing}", flush=True)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "system.npz"
        system = case.system(options.reference)
        system.write(path)
        orbitals = len(system.atoms)
        contacts = len(set(system.left) | set(system.right))
        del system
        source = f"peer {BULK_REFERENCE}" if case.leads == "bulk" else EXTENDED
        exact = child(sys.executable, BULK_REFERENCE if case.leads == "bulk" else "reference", path)
        if "values" not in exact:
            raise SystemExit(f"{case.name}: no reference, {exact['note']}")
        for name in todo:
            peer = peers.load(name)
            row = {
                "case": case.name, "kind": case.kind, "leads": case.leads, "energies": case.n_energies,
                "orbitals": orbitals or "", "contact_orbitals": contacts or "", "peer": peer.name,
                "settings": peer.settings, "machine": machine, "peer_file": name,
            }  # fmt: skip
            if orbitals > peer.most_orbitals:
                row["note"] = f"not run: more than {peer.most_orbitals:,} orbitals"
            else:
                row |= child(pythons.get(name, sys.executable), name, path)
            if "values" in row:
                pairs = zip(row["values"], exact["values"], strict=True)
                row["largest_relative_error"] = max(abs(value / right - 1) for value, right in pairs)
                row["reference"] = source
                row["wall_by_processor_time"] = row["load"]
            append(options.output, row)
            print(f"{case.name}: {peer.name} {row.get('total_s', row.get('note'))}", flush=True)


def with_files(path: Path) -> list[dict[str, str]]:
    """Return the rows with the name of the peer's file, found by its name and the leads."""
    files = {
        (peers.load(name).name, leads): name for name in peers.names() for leads in peers.load(name).leads
    }
    return [row | {"peer_file": files.get((row["peer"], row["leads"]), "")} for row in rows_of(path)]


def main() -> None:
    """Run the suite."""
    parser = argparse.ArgumentParser(description=__doc__)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--quick", action="store_true", help="systems up to 2,640 orbitals")
    which.add_argument("--full", action="store_true", help="systems up to 10,000 orbitals: hours")
    which.add_argument("--cases", nargs="+", choices=[case.name for case in FULL], metavar="CASE")
    parser.add_argument("--peers", nargs="+", choices=peers.names(), default=peers.names())
    parser.add_argument(
        "--python",
        nargs="+",
        default=[],
        metavar="PEER=PYTHON",
        help="a Python for some peers, as kwant_mumps=PATH",
    )
    reference = os.environ.get("QDJUNCTION_SIESTA_REFERENCE")
    parser.add_argument("--reference", type=Path, default=reference and Path(reference))
    parser.add_argument("--output", type=Path, default=HERE / "measured.csv")
    parser.add_argument(
        "--machine", default=processor(), help="what the column machine says; name other load"
    )
    options = parser.parse_args()
    cases = QUICK if options.quick else FULL
    if options.cases:
        cases = tuple(case for case in FULL if case.name in options.cases)
    pythons = dict(pair.split("=", 1) for pair in options.python)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    for case in cases:
        run_case(case, options, pythons, options.machine)


if __name__ == "__main__":
    main()
