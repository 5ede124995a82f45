"""Every way in which a cluster lets one down, done to a real Slurm: nothing lost, nothing done twice.

The undisturbed run is a plain local one. After each fault the stated recovery is done and the results are compared
with it byte for byte. The numbers of ``docs/faults.md`` come from here: with QDJUNCTION_FAULTS=FILE each test appends
its row to FILE.
"""

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from itertools import zip_longest
from pathlib import Path

import pytest

from qdjunction.engine.store import read_electronic_structure
from support.paths import ROOT
from support.processes import environment

DOT = "1Pb_MAPbBr3"
PATIENCE_S = 900.0
"""Time until something that has not come counts as missing (s), enough for a busy machine."""

pytestmark = [pytest.mark.slurm, pytest.mark.workflow]

long_fault = pytest.mark.skipif(
    "QDJUNCTION_FAULTS" not in os.environ,
    reason="takes minutes; set QDJUNCTION_FAULTS=FILE to run and to note it",
)

CONFIG = """\
study: faults
dots:
  - {dot: 1Pb, contacts: [long]}
relax: {start: scratch, fmax_ev_per_ang: 0.002}
electrodes: {layers: 2}
"""
TARGET = f"results/{DOT}/relaxed.json"
SCREENING = """\
study: faults
electrodes: {layers: 2}
screen:
  - {dots: [1Pb], halides: [Br], contacts: CONTACTS}
"""


class Study:
    """A study in a folder of its own, run from the repository root as a user types it."""

    def __init__(self, folder: Path, target: str = TARGET, config: str = CONFIG):
        self.folder = folder
        self.target = target
        (folder / "study.yaml").write_text(config)

    def command(self, *words: str, profile: bool = True) -> list[str]:
        where = ["--profile", "slurm", "--slurm-init-seconds-before-status-checks", "1"]
        where += ["--set-threads", "relax=1", "hamiltonian=1"]
        return [
            *("snakemake", *(where if profile else ["--cores", "1"]), "--directory", str(self.folder)),
            *(
                "--latency-wait",
                "5",
                "--configfile",
                str(self.folder / "study.yaml"),
                *words,
                "--",
                self.target,
            ),
        ]

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start Snakemake on Slurm, with the signal handlers of a terminal."""
        with (self.folder / "snakemake.log").open("wb") as log:
            return subprocess.Popen(
                self.command(*words), cwd=ROOT, env=one_thread(), stdout=log, stderr=log, start_new_session=True,
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )  # fmt: skip

    def finish(self, *words: str, profile: bool = True) -> str:
        """Run Snakemake to its end, which must be a good one."""
        run = subprocess.run(
            self.command(*words, profile=profile), cwd=ROOT, env=one_thread(), check=False, timeout=2 * PATIENCE_S,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        assert run.returncode == 0, run.stdout
        return run.stdout

    def unlock(self) -> None:
        subprocess.run(self.command("--unlock", profile=False), cwd=ROOT, env=one_thread(), check=True)

    @property
    def log(self) -> str:
        """Log of the relaxation."""
        path = self.folder / "results" / "logs" / DOT / "relax.log"
        return path.read_text() if path.exists() else ""

    @property
    def pid(self) -> int:
        """Process that relaxes, as its lock says."""
        return json.loads((self.work / "lock.json").read_text())["pid"]

    @property
    def work(self) -> Path:
        return self.folder / "results" / "work" / DOT / "relax"

    def wait_for_step(self, step: int, seconds: float = PATIENCE_S) -> None:
        """Wait until the relaxation proper has done so many steps."""
        deadline = time.monotonic() + seconds
        # The settling of a new dot counts from 0 before the relaxation does.
        while not re.search(rf"step +{step} ", "".join(self.log.split("step    0 ")[2:])):
            assert time.monotonic() < deadline, self.log or (self.folder / "snakemake.log").read_text()
            time.sleep(0.02)


def wait_until(done: Callable[[], bool], seconds: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def one_thread() -> dict[str, str]:
    """Parallel sums round differently from run to run; one thread gives the same bytes."""
    return environment(OMP_NUM_THREADS="1")


def results(folder: Path) -> dict[str, bytes]:
    """The bytes of every result; a record without what is different by its nature: times, hosts, how often resumed."""
    files = {}
    for path in sorted((folder / "results" / DOT).rglob("*")):
        data = path.read_bytes() if path.is_file() else b""
        if path.suffix == ".nc":
            data = bytes_of_matrices(path)
        if path.suffix == ".json":
            record = json.loads(data)
            for key in ("provenance", "wall_time_s", "settling"):
                record.pop(key, None)
            data = json.dumps(record).encode()
        files[path.name] = data
    return files


def bytes_of_matrices(path: Path) -> bytes:
    """H and S of one file."""
    h = read_electronic_structure(path).hamiltonian
    return b"".join(block.tobytes() for block in (h.Hk(format="array"), h.Sk(format="array")))


def matrices(dot: Path, names: Sequence[str]) -> bytes:
    """H and S of junctions of a dot."""
    return b"".join(bytes_of_matrices(dot / name / "hamiltonian.nc") for name in names)


def note(name: str, happened: str, since: float, differing: int) -> None:
    """Add a row to the table of faults, if it is wanted."""
    if path := os.environ.get("QDJUNCTION_FAULTS"):
        with open(path, "a", newline="") as file:
            csv.writer(file).writerow((name, happened, f"{time.monotonic() - since:.0f}", differing))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """Results of a plain local run."""
    study = Study(tmp_path_factory.mktemp("undisturbed"))
    study.finish(profile=False)
    return results(study.folder)


@pytest.fixture
def study(slurm, tmp_path, undisturbed):
    """A fresh study, with nothing of an earlier test in the queue."""
    slurm.wait_for(0, PATIENCE_S)
    return Study(tmp_path)


@pytest.fixture
def same(study, undisturbed, request):
    """Check that results are whole and the undisturbed ones, and note how long the recovery took."""

    def check(since: float, happened: str) -> None:
        found = results(study.folder)
        assert found.keys() == undisturbed.keys()
        differing = sum(
            a != b for name in undisturbed for a, b in zip_longest(undisturbed[name], found[name])
        )
        note(request.node.name[5:], happened, since, differing)
        assert differing == 0
        assert not [path for path in study.folder.rglob(".*-*") if path.suffix in (".json", ".extxyz", ".nc")]

    return check


def test_a_cancelled_job_is_submitted_again_and_goes_on(slurm, study, same):
    run = study.start()
    study.wait_for_step(5)
    began = time.monotonic()
    slurm.cancel()
    assert run.wait(PATIENCE_S) == 0, (study.folder / "snakemake.log").read_text()
    assert "Resuming after step" in study.log
    same(began, "CANCELLED; Snakemake submits again; goes on from the last step")


def test_the_orphan_of_a_killed_snakemake_is_waited_for(slurm, study, same):
    """SIGKILL of Snakemake: its job lives on, and the next run submits it once more. One of the two does the work."""
    run = study.start()
    study.wait_for_step(2)
    orphan = study.pid
    os.kill(orphan, signal.SIGSTOP)  # so that it is still there when the newcomer starts
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    began = time.monotonic()
    study.unlock()
    again = study.start()
    slurm.wait_for(2, PATIENCE_S)
    deadline = time.monotonic() + PATIENCE_S
    while "waiting:" not in study.log:
        assert time.monotonic() < deadline, study.log
        time.sleep(0.1)
    os.kill(orphan, signal.SIGCONT)
    assert again.wait(PATIENCE_S) == 0, (study.folder / "snakemake.log").read_text()
    assert "done by the earlier copy" in study.log
    assert "step" not in study.log, "the newcomer did the work a second time"
    same(began, "the job lives on; the newcomer waits for it and takes its results")


@pytest.mark.slow
@long_fault
@pytest.mark.parametrize("end", [signal.SIGCONT, signal.SIGKILL], ids=["lives", "dies"])
def test_the_orphan_of_a_screening(slurm, tmp_path, end, request):
    """Two contacts are added, and Snakemake is killed after the first of them. If the orphan dies, too, while the
    newcomer waits for it, that does the second one."""
    slurm.wait_for(0, PATIENCE_S)
    names = ["long", "short", "R1-R2"]
    target = f"results/{DOT}/long/hamiltonian.nc"
    extended = SCREENING.replace("CONTACTS", f"[{', '.join(names)}]")
    (tmp_path / "undisturbed").mkdir()
    undisturbed = Study(tmp_path / "undisturbed", target, extended)
    undisturbed.finish(profile=False)
    study = Study(tmp_path, target, SCREENING.replace("CONTACTS", "[long]"))
    study.finish(profile=False)
    (tmp_path / "study.yaml").write_text(extended)
    study.target = f"results/{DOT}/short/hamiltonian.nc"
    run = study.start()
    work = tmp_path / "results" / "work" / DOT / "short" / "hamiltonian"
    wait_until(lambda: any(work.glob("hamiltonian-*.nc")))
    lock = tmp_path / "results" / DOT / "long" / ".hamiltonian-junction.extxyz.lock"
    orphan = json.loads(lock.read_text())["pid"]
    os.kill(orphan, signal.SIGSTOP)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    began = time.monotonic()
    study.unlock()
    again = study.start()
    log = tmp_path / "results" / "logs" / DOT / "hamiltonian.log"
    wait_until(lambda: log.exists() and "waiting:" in log.read_text())
    os.kill(orphan, end)
    assert again.wait(PATIENCE_S) == 0, (tmp_path / "snakemake.log").read_text()
    found, wanted = (
        matrices(folder / "results" / DOT, names) for folder in (tmp_path, tmp_path / "undisturbed")
    )
    assert len(found) == len(wanted)
    differing = sum(a != b for a, b in zip(found, wanted, strict=True))
    note(request.node.name[5:], "the newcomer waits, and does what is left", began, differing)
    assert differing == 0
    computed = [line.split("/")[2] for line in log.read_text().splitlines() if "SCF of" in line]
    assert set(computed) <= (set() if end == signal.SIGCONT else {"R1-R2"})


def test_a_truncated_result_is_named_and_made_again(study, same):
    study.finish(profile=False)
    path = study.folder / "results" / DOT / "relaxed.extxyz"
    path.write_bytes(path.read_bytes()[:1000])
    began = time.monotonic()
    study.target = f"results/{DOT}/long/hamiltonian.nc"
    broken = subprocess.run(
        study.command(profile=False), cwd=ROOT, env=one_thread(), capture_output=True, text=True, check=False
    )
    assert broken.returncode == 1
    assert "relaxed.extxyz cannot be read" in broken.stderr
    assert not (path.parent / "long" / "hamiltonian.nc").exists()
    path.unlink()
    study.target = f"results/{DOT}/relaxed.extxyz"
    study.finish(profile=False)
    same(began, "the next step names the file; delete it and run again")


@pytest.mark.slow
@long_fault
def test_a_job_over_its_memory_gets_more(study, same):
    began = time.monotonic()
    out = study.finish("--set-resources", "relax:mem_mb=300 if attempt == 1 else 1500")
    assert "Trying to restart" in out
    same(began, "killed by Slurm at 300 MB; submitted again with 1500 MB")


@pytest.mark.slow
@long_fault
def test_a_job_that_hangs_ends_at_its_time_limit(study, same):
    run = study.start("--set-resources", "relax:runtime=1 if attempt == 1 else 20")
    study.wait_for_step(3)
    os.kill(study.pid, signal.SIGSTOP)
    began = time.monotonic()
    assert run.wait(PATIENCE_S) == 0, (study.folder / "snakemake.log").read_text()
    assert "TIMEOUT" in (study.folder / "snakemake.log").read_text()
    assert "Resuming after step" in study.log
    same(began, "TIMEOUT after one minute; submitted again with 20; goes on from the last step")


@pytest.mark.slow
@long_fault
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_stopped_snakemake_goes_on(slurm, study, same, number):
    """Ctrl-C cancels the jobs; SIGTERM lets them end. A plain second run is all it takes after either."""
    run = study.start()
    study.wait_for_step(3)
    began = time.monotonic()
    os.kill(run.pid, number)
    assert run.wait(PATIENCE_S) == 1
    slurm.wait_for(0, PATIENCE_S)
    assert ("Resuming after" in study.log) is False
    done = (study.folder / TARGET).exists()
    assert done == (number == signal.SIGTERM)
    out = study.finish()
    assert ("Nothing to be done" in out) == done
    same(
        began,
        "jobs end first; nothing is left to do" if done else "jobs are cancelled; goes on from the last step",
    )


@pytest.mark.slow
@long_fault
def test_a_node_that_goes_away_and_comes_back(slurm, study, same):
    run = study.start()
    study.wait_for_step(3)
    began = time.monotonic()
    slurm.stop_node()
    time.sleep(5)
    slurm.start_node()
    assert run.wait(PATIENCE_S) == 0, (study.folder / "snakemake.log").read_text()
    same(began, "the job lives on; slurmd reports it when it is back")


@pytest.mark.slow
@long_fault
def test_a_full_disk_leaves_nothing_half_written(study, same):
    results_folder = study.folder / "results"
    results_folder.mkdir()
    mount(results_folder, "96k")
    try:
        began = time.monotonic()
        run = study.start("--retries", "0")
        assert run.wait(PATIENCE_S) == 1
        assert "No space left on device" in (study.folder / "snakemake.log").read_text() + study.log
        assert not (study.folder / TARGET).exists()
        mount(results_folder, "64m", "remount,")
        study.finish()
        same(began, "the job fails; with room again it goes on")
    finally:
        subprocess.run(["umount", results_folder], check=True)


def mount(folder: Path, size: str, more: str = "") -> None:
    """Put a small file system in the place of a folder, or give it another size."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"{more}size={size}", "tmpfs", folder], check=True)


@pytest.mark.slow
@long_fault
def test_a_whole_study_comes_to_its_report(slurm, tmp_path):
    """Batches and all: the tasks after the SCFs share one job, and a second run finds nothing to do."""
    study = Study(tmp_path, "all", CONFIG.replace("[long]", "[short, long]"))
    log = study.finish()
    assert (tmp_path / "results" / "report" / "index.html").exists()
    batch = re.search(r"group_dot_local_density_series_transmission/(\d+)\.log", log)
    assert batch is not None
    said = subprocess.run(
        ["scontrol", "show", "job", batch[1]], capture_output=True, text=True, check=True
    ).stdout
    assert "NumCPUs=1 " in said, "a batch reserves for one task at a time"
    assert "Nothing to be done" in study.finish()


def test_a_banner_before_the_job_id_hides_no_job(slurm, tmp_path, monkeypatch):
    """Some sites print news, numbers and all, where the executor expects the id alone."""
    slurm.wait_for(0, PATIENCE_S)
    site = tmp_path / "site"
    site.mkdir()
    news = "Welcome to node 12: 3 days of maintenance from 2026-12-01"
    (site / "sbatch").write_text(f'#!/bin/sh\necho "{news}"\nexec {shutil.which("sbatch")} "$@"\n')
    (site / "sbatch").chmod(0o755)
    monkeypatch.setenv("PATH", f"{site}{os.pathsep}{os.environ['PATH']}")
    log = Study(tmp_path, f"results/{DOT}/dot.json").finish()
    assert log.count("has been submitted with SLURM jobid") == 1
    assert "Trying to restart" not in log
