"""Measure time and memory of a dry run, and of a repeated run of a finished study, by the number of junctions.

``python benchmarks/scale/run.py 100 1000 10000`` appends rows for dry runs to measured.csv beside this file. The word
``second`` among the numbers computes a screening of 200 junctions, which takes half an hour, and adds a row for a
repeated run of it; ``parse`` prints the processor time in which the configuration of 10,000 junctions is imported, read
and checked, which every job on a cluster repeats.
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
HALIDES = ["Br0.9Cl0.1", "Br0.8Cl0.2", "Br0.7Cl0.3", "Br0.6Cl0.4", "Br0.5Cl0.5"]
SYSTEMS = {"12Pb": ["L-R1", "L-R2", "L-R3", "L-R4"], "1Pb": ["short", "long"]}


def config(dot: str, junctions: int) -> str:
    contacts = SYSTEMS[dot]
    seeds = junctions // (len(contacts) * len(HALIDES))
    return (
        f"study: scale\nelectrodes: {{layers: 2}}\nrelax: {{start: scratch}}\n"
        f"screen:\n  - dots: [{dot}]\n    cations: [Cs]\n    halides: {HALIDES}\n"
        f"    seeds: {seeds}\n    contacts: {contacts}\n"
    )


PARSE = """
import resource, sys
from qdjunction.study.build import make_study
from qdjunction.study.config import parse_config, read_values
study = make_study(parse_config(read_values([sys.argv[1]], []), "study.yaml"), "clusters", "study.yaml", tried=False)
junctions = sum(len(dot.junctions) for dot in study.dots)
usage = resource.getrusage(resource.RUSAGE_SELF)
print(junctions, "parse", round(usage.ru_utime + usage.ru_stime, 2), flush=True)
"""


def snakemake(folder: Path, *words: str) -> str:
    run = subprocess.run(
        ["snakemake", "--cores", "2", "--directory", folder, "--configfile", folder / "study.yaml", *words],
        cwd=ROOT, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    if run.returncode:
        raise SystemExit(run.stdout)
    return run.stdout


def measured(folder: Path, *words: str) -> tuple[float, float, float]:
    """Return wall time (s), processor time (s) and the largest memory (MB) of this call and all previous ones."""
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    said = snakemake(folder, *words)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if "-n" not in words and "Nothing to be done" not in said:
        raise SystemExit(f"the study was not finished:\n{said}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - began, cpu, after.ru_maxrss / 1024


def main() -> None:
    path = Path(__file__).with_name("measured.csv")
    new = not path.exists()
    with path.open("a", newline="") as file, tempfile.TemporaryDirectory() as top:
        out = csv.writer(file)
        if new:
            out.writerow(["junctions", "run", "wall_s", "cpu_s", "max_rss_mb", "load_before"])

        def note(junctions: int, run: str, dot: str) -> None:
            folder = Path(top) / f"{junctions}-{run}"
            folder.mkdir()
            (folder / "study.yaml").write_text(config(dot, junctions))
            if run == "second":
                one = [f"{rule}=1" for rule in ("relax", "hamiltonian", "transmission")]
                snakemake(folder, "--quiet", "all", "--set-threads", *one)
            load = os.getloadavg()[0]
            values = measured(folder, *(["-n", "--quiet", "rules"] if run == "dry" else []))
            row = [junctions, run, *(round(value, 1) for value in values), round(load, 1)]
            out.writerow(row)
            print(*row, flush=True)

        for word in sys.argv[1:]:
            if word == "second":
                note(200, "second", "1Pb")
            elif word == "parse":
                study = Path(top, "parse.yaml")
                study.write_text(config("12Pb", 10_000))
                subprocess.run([sys.executable, "-c", PARSE, study], cwd=ROOT, check=True)
            else:
                note(int(word), "dry", "12Pb")


if __name__ == "__main__":
    main()
