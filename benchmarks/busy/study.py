"""Measure how the shipped study slows down beside busy processes.

    python benchmarks/busy/study.py [--busy 0 2 8] [--config config.yaml]

The study runs from nothing, in an empty folder, with as many jobs as there are cores. "with equal parts" is the
slow-down if each of its jobs and each busy process got an equal part of the cores; it is smaller while fewer jobs run.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from tabulate import tabulate

from run import ROOT, busy


def run_study(config: Path, cores: int) -> tuple[float, float]:
    """Return the wall and processor time (s) of a study with its report."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with tempfile.TemporaryDirectory() as folder:
        command = [
            "snakemake",
            "--snakefile",
            ROOT / "Snakefile",
            "--configfile",
            config,
            "--directory",
            folder,
        ]
        began, before = time.perf_counter(), _children_s()
        subprocess.run(
            [*command, "--cores", str(cores)],
            env=os.environ | {"PATH": path},
            check=True,
            stderr=subprocess.DEVNULL,
        )
        return time.perf_counter() - began, _children_s() - before


def _children_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, default=ROOT / "config.yaml")
    parser.add_argument(
        "--busy", type=int, nargs="+", default=[0, 2, 8], help="busy processes; the first is 0"
    )
    given = parser.parse_args()

    cores = len(psutil.Process().cpu_affinity())
    rows = []
    for number in given.busy:
        with busy(number) as processes:
            wall, cpu = run_study(given.config.resolve(), cores)
            taken = sum(sum(process.cpu_times()[:2]) for process in processes) / wall
        print(number, wall, cpu, taken, sep=",", file=sys.stderr, flush=True)
        rows.append([number, wall, cpu, wall / rows[0][1] if rows else 1.0, (cores + number) / cores, taken])
    print(f"{given.config.name} on {cores} cores")
    print(
        tabulate(
            rows,
            ["busy", "wall (s)", "cpu (s)", "slow-down", "with equal parts", "cores of the busy"],
            floatfmt=("", ".0f", ".0f", ".2f", ".2f", ".2f"),
        )
    )


if __name__ == "__main__":
    main()
