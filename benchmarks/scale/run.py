"""Time and memory of a dry run against the number of junctions; appends rows to measured.csv beside this file.

``python benchmarks/scale/run.py 100 1000 10000``
"""

import csv
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
CONTACTS = ["L-R1", "L-R2", "L-R3", "L-R4"]
HALIDES = ["Br0.9Cl0.1", "Br0.8Cl0.2", "Br0.7Cl0.3", "Br0.6Cl0.4", "Br0.5Cl0.5"]


def config(junctions: int) -> str:
    seeds = junctions // (len(CONTACTS) * len(HALIDES))
    return (
        f"study: scale\nrelax: {{start: scratch}}\nscreen:\n  - dots: [12Pb]\n    halides: {HALIDES}\n"
        f"    seeds: {seeds}\n    contacts: {CONTACTS}\n"
    )


def measure(junctions: int) -> tuple[float, float, float]:
    """Wall time (s), processor time (s) and largest memory (MB) of one dry run."""
    with tempfile.TemporaryDirectory() as folder:
        study = Path(folder) / "study.yaml"
        study.write_text(config(junctions))
        words = ["snakemake", "-n", "--quiet", "rules", "--cores", "2", "--directory", folder]
        began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([*words, "--configfile", str(study)], cwd=ROOT, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - began, cpu, after.ru_maxrss / 1024


def main() -> None:
    path = Path(__file__).with_name("measured.csv")
    new = not path.exists()
    with path.open("a", newline="") as file:
        out = csv.writer(file)
        if new:
            out.writerow(["junctions", "wall_s", "cpu_s", "max_rss_mb", "load_before"])
        for junctions in map(int, sys.argv[1:]):
            load = os.getloadavg()[0]
            row = [junctions, *(round(value, 1) for value in measure(junctions)), round(load, 1)]
            out.writerow(row)
            print(*row)


if __name__ == "__main__":
    main()
