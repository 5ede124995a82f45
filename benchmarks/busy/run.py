"""Measure how an SCF slows down beside busy processes, by the wait policy and number of OpenMP threads.

    python benchmarks/busy/run.py [--dot 12Pb] [--cation Cs] [--neighbours 0 2 8] [--rounds 3] [--limit 120]

For each number of threads and wait policy, one process computes the same SCF repeatedly. The rounds are interleaved
(all cases once, then all cases again), so that other load on the machine affects all cases alike. The table has the
median of the rounds. "share" is the part of the cores left by other programs that each SCF should get if its threads
and the busy processes get equal parts. "lost" is the wall time divided by the time of the same work on that share,
where work is the processor time on one thread: 1 is ideal.
"""

import argparse
import os
import select
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from statistics import median
from typing import NamedTuple

import psutil
from tabulate import tabulate

ROOT = Path(__file__).parents[2]

# libgomp's value if neither variable is set is 300000; it is given explicitly, since the library sets a variable that
# is unset.
WAYS = {
    "libgomp's default": {"GOMP_SPINCOUNT": "300000"},
    "GOMP_SPINCOUNT=1000": {"GOMP_SPINCOUNT": "1000"},
    "OMP_WAIT_POLICY=passive": {"OMP_WAIT_POLICY": "passive"},
}

SCF = """
import sys, tempfile, time
from pathlib import Path
from qdjunction.engine.registry import make_engine
from qdjunction.structure.perovskite.catalogue import load_dot
from qdjunction.structure.perovskite.dot import build_dot
clusters, dot, cation, threads = sys.argv[1:]
atoms = build_dot(load_dot(dot, clusters), cation, "Br")
engine = make_engine("xtb", threads=int(threads))

def scf():
    wall, cpu = time.perf_counter(), time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        engine.hamiltonian(atoms, Path(folder))
    return time.perf_counter() - wall, time.process_time() - cpu

scf()  # loads libraries
print("ready", flush=True)
for _ in sys.stdin:
    print(*scf(), flush=True)
"""

# Ends when its parent ends, for whatever reason.
BUSY = "import os; parent = os.getppid()\nwhile os.getppid() == parent: sum(range(10000))"


class Run(NamedTuple):
    """Wall and processor time of an SCF (s), both infinite if it was given up, and the cores other programs took."""

    wall_s: float
    cpu_s: float
    others: float


class Worker:
    """A process that computes the SCF on demand.

    Parameters
    ----------
    dot, cation : str
        The dot.
    threads : int
        OpenMP threads.
    way : str
        One of `WAYS`.
    limit_s : float
        Time (s) after which an SCF is given up.
    """

    def __init__(self, dot: str, cation: str, threads: int, way: str, limit_s: float) -> None:
        unset = {key: value for key, value in os.environ.items() if not key.startswith(("OMP_", "GOMP_"))}
        self._environment = {**unset, **WAYS[way], "OMP_NUM_THREADS": str(threads)}
        self._command = [sys.executable, "-c", SCF, str(ROOT / "clusters"), dot, cation, str(threads)]
        self._limit_s = limit_s
        self._start()

    def _start(self) -> None:
        self._process = psutil.Popen(
            self._command, env=self._environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._process.stdout.readline()

    def scf(self, neighbours: int) -> Run:
        """Time one SCF beside `neighbours` busy processes."""
        with busy(neighbours) as processes:
            own = [self._process, *processes]
            began, before = time.perf_counter(), _processor_time(own)
            self._process.stdin.write("\n")
            self._process.stdin.flush()
            deadline = began + self._limit_s
            while not (answer := _line(self._process.stdout)) and time.perf_counter() < deadline:
                pass
            passed, after = time.perf_counter() - began, _processor_time(own)
        machine, ours = (new - old for new, old in zip(after, before, strict=True))
        if not answer:
            self.stop()
            self._start()
        wall, cpu = map(float, (answer or "inf inf").split())
        return Run(wall, cpu, max(machine - ours, 0.0) / passed)

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()


def _line(stream) -> str:
    """Return a line if one arrives within half a second, otherwise an empty text."""
    return stream.readline() if select.select([stream], [], [], 0.5)[0] else ""


@contextmanager
def busy(number: int) -> Iterator[list[psutil.Process]]:
    """Keep `number` processes busy."""
    processes = [psutil.Popen([sys.executable, "-c", BUSY]) for _ in range(number)]
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.wait()


def _processor_time(processes: list[psutil.Process]) -> tuple[float, float]:
    """Return the processor time (s) used by the machine and by `processes`."""
    machine = psutil.cpu_times()
    own = sum(sum(process.cpu_times()[:2]) for process in processes)
    return machine.user + machine.nice + machine.system, own


def share(threads: int, neighbours: int, cores: float) -> float:
    """Return the cores that the threads of an SCF get if they and the busy processes share equally."""
    return min(threads, threads * cores / (threads + neighbours))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dot", default="12Pb", help="a dot of clusters/, unrelaxed")
    parser.add_argument("--cation", default="Cs")
    parser.add_argument(
        "--neighbours", type=int, nargs="+", default=[0, 2, 8], help="busy processes beside it"
    )
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit", type=float, default=120, help="seconds after which an SCF is given up")
    given = parser.parse_args()

    cores = len(psutil.Process().cpu_affinity())
    runs: dict[tuple[int, str, int], list[Run]] = defaultdict(list)
    cases = list(product(given.threads, WAYS, given.neighbours))
    workers = {
        (threads, way): Worker(given.dot, given.cation, threads, way, given.limit)
        for threads, way in product(given.threads, WAYS)
    }
    try:
        for number in range(given.rounds):
            for threads, way, neighbours in cases:
                run = workers[threads, way].scf(neighbours)
                runs[threads, way, neighbours].append(run)
                print(number, threads, way, neighbours, *run, sep=",", file=sys.stderr, flush=True)
    finally:
        for worker in workers.values():
            worker.stop()

    work = min(
        run.cpu_s for (threads, *_), found in runs.items() for run in found if threads == min(given.threads)
    )
    rows = []
    for threads, way, neighbours in cases:
        wall, cpu, others = (median(values) for values in zip(*runs[threads, way, neighbours], strict=True))
        left = share(threads, neighbours, cores - others)
        rows.append([threads, way, neighbours, wall, cpu, others, left, wall * left / work])
    headers = ["threads", "waiting", "busy", "wall (s)", "cpu (s)", "others (cores)", "share (cores)", "lost"]
    print(f"SCF of {given.dot} {given.cation}PbBr3 on {cores} cores, median of {given.rounds}")
    print(f"inf: given up after {given.limit:g} s")
    print(tabulate(rows, headers, floatfmt=("", "", "", ".2f", ".2f", ".2f", ".2f", ".2f")))


if __name__ == "__main__":
    main()
