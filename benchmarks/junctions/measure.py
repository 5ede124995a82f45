"""Measure one peer on one system in this process: ``python measure.py PEER SYSTEM.npz`` prints one line of JSON.

Needs NumPy, SciPy and what the peer needs, so it can run in any Python. ``reference`` in the place of the peer returns
T in extended precision.
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import peers
from system import System


def processor_s() -> float:
    """Return the processor time (s) of this process and of the finished ones that it started."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def rate(dtype: Any, n: int) -> float:
    """Return the rate of a matrix product (1e9 floating-point operations per second)."""
    a = np.random.default_rng(0).normal(size=(n, n)).astype(dtype)
    a @ a
    start = processor_s()
    a @ a
    operations = (8 if np.iscomplexobj(a) else 2) * n**3
    return operations / (processor_s() - start) / 1e9


def timed(function: Callable[[], Any]) -> tuple[float, Any]:
    """Return the processor time (s) of a call, and its value."""
    start = processor_s()
    value = function()
    return processor_s() - start, value


def measured(name: str, system: System) -> dict[str, Any]:
    """Return the row of a peer."""
    peer = peers.load(name)
    try:
        row: dict[str, Any] = {"version": peer.version()}
    except peers.MissingError as missing:
        return {"note": f"not run: {missing}"}
    # The first call of each kernel includes the time to load it.
    np.linalg.eigh(np.eye(50) + 0.1)
    np.linalg.inv(np.eye(50) * (1 + 1j))
    row |= {"dgemm_gflops": rate(float, 1500), "zgemm_gflops": rate(complex, 900)}
    row["load"], started = time.monotonic(), processor_s()
    once, solve = timed(lambda: peer.prepare(system))
    seconds, values = timed(solve)
    wall = time.monotonic() - row["load"]
    # Threads that are ready to run for each one that runs, as this process saw it.
    row["load"] = wall / max(processor_s() - started, 1e-3)
    places = system.spots if peer.all_energies else np.arange(len(system.spots))
    n = len(values)
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return row | {
        "once_s": once, "per_energy_s": seconds / n, "energies_timed": n,
        "total_s": once + seconds / n * len(system.energies_ev), "peak_memory_gib": peak / 1024**2,
        "values": [float(values[place]) for place in places],
    }  # fmt: skip


def main() -> None:
    """Print the result."""
    name, path = sys.argv[1:]
    system = System.read(Path(path))
    if name == "reference":
        from extended import reference

        row: dict[str, Any] = {"values": reference(system)}
    else:
        row = measured(name, system)
    print("RESULT" + json.dumps(row))


if __name__ == "__main__":
    main()
