"""Measure the processor time of a study by step, and the junctions an hour that follow for two cores.

    python benchmarks/throughput/run.py 1Pb 8Pb 12Pb          # MAPbBr3 with two contacts each, from dot to report
    python benchmarks/throughput/run.py --config config.yaml  # a study of your own

Each study runs from nothing in an empty folder, one job at a time. Every Python process writes its own processor time
(user and system) as it exits, so that nothing is sampled. Rows are added to measured.csv beside this file; --label
names what was measured. "Junctions an hour" is two hours of processor time divided by that of one junction.
"""

import argparse
import csv
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
CONTACTS = {"1Pb": ["short", "long"], "8Pb": ["L-R1", "L-R2"], "12Pb": ["L-R1", "L-R3"]}
LOG = "PROCESSOR_TIME_LOG"
HOOK = f"""
import atexit, os, resource, sys

def note():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    with open(os.environ["{LOG}"], "a") as log:
        log.write(f"{{usage.ru_utime + usage.ru_stime}}\\t{{sys.argv[0]}}\\n")

if "{LOG}" in os.environ:
    atexit.register(note)
"""


def config(dot: str) -> str:
    return f"study: {dot}\ndots: [{{dot: {dot}, cation: MA, halide: Br, contacts: [{', '.join(CONTACTS[dot])}]}}]\n"


def times(file: Path) -> dict[str, tuple[int, float]]:
    """Run a study; return the number of processes and their processor time (s) by step."""
    with tempfile.TemporaryDirectory() as top:
        folder, hook, log = (Path(top, name) for name in ("study", "hook", "log.tsv"))
        hook.mkdir()
        (hook / "sitecustomize.py").write_text(HOOK)
        environment = os.environ | {
            LOG: str(log),
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": os.pathsep.join(
                [str(hook), str(ROOT / "workflow"), os.environ.get("PYTHONPATH", "")]
            ),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }
        words = ["--snakefile", ROOT / "Snakefile", "--configfile", file.resolve(), "--directory", folder]
        subprocess.run(
            ["snakemake", *words, "--cores", "1"], env=environment, check=True, stderr=subprocess.DEVNULL
        )
        found: dict[str, tuple[int, float]] = defaultdict(lambda: (0, 0.0))
        for line in log.read_text().splitlines():
            seconds, program = line.split("\t")
            # Snakemake copies the script of a rule to a name like tmp1234.relax.py.
            step = Path(program).stem.partition(".")[2] or Path(program).stem
            found[step] = (found[step][0] + 1, found[step][1] + float(seconds))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dots", nargs="*", choices=[*CONTACTS, []], help="dots to measure")
    parser.add_argument("--config", type=Path, nargs="*", default=[])
    parser.add_argument("--label", default="", help="what was measured, such as a commit")
    given = parser.parse_args()
    path = Path(__file__).with_name("measured.csv")
    is_new = not path.exists()
    with path.open("a", newline="") as file, tempfile.TemporaryDirectory() as top:
        out = csv.writer(file, lineterminator="\n")
        if is_new:
            out.writerow(["label", "study", "step", "processes", "cpu_s"])
        files = list(given.config)
        for dot in given.dots:
            files.append(Path(top, f"{dot}.yaml"))
            files[-1].write_text(config(dot))
        for one in files:
            junctions = sum(
                len(dot["contacts"]) + len(dot.get("controls", []))
                for dot in yaml.safe_load(one.read_text())["dots"]
            )
            found = times(one)
            for step, (processes, seconds) in sorted(found.items(), key=lambda item: -item[1][1]):
                out.writerow([given.label, one.stem, step, processes, round(seconds, 1)])
                print(f"{one.stem:8} {step:16} {processes:3} {seconds:8.1f} s")
            total = sum(seconds for _, seconds in found.values())
            print(
                f"{one.stem}: {junctions} junctions, {total:.0f} s, {7200 * junctions / total:.0f} an hour",
                flush=True,
            )


if __name__ == "__main__":
    main()
