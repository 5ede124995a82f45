"""Snakemake's lock with a real Snakemake: kept while it lives, removed once it was killed, else left alone."""

import base64
import json
import os
import shutil
import socket
import subprocess
import sys
import time

import pytest

from qdjunction.core.errors import InputError
from qdjunction.study.snakemake_lock import (
    LOCKS,
    RECORDS,
    RUN_MODULE,
    Holder,
    RunRecord,
    find_holder,
    record_run,
    release,
)
from support.paths import ROOT
from support.processes import environment, python
from support.workflow import kill

pytestmark = pytest.mark.workflow

SNAKEFILE = """\
from pathlib import Path
from qdjunction.study.snakemake_lock import forget_run, record_run
onstart:
    record_run(Path.cwd())
onsuccess:
    forget_run(Path.cwd())
rule long:
    output: "done"
    shell: "sleep 600 && touch done"
"""

CONFIG = """\
study: 1Pb
dots:
  - dot: 1Pb
    contacts: [long]
"""


def wait_for(happened, seconds=90):
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.1)


def start(folder, *words, module="snakemake"):
    """A Snakemake that holds the lock of a folder, in a process group of its own."""
    run = subprocess.Popen(
        [sys.executable, "-m", module, "--cores", "1", *words],
        cwd=folder, env=environment(), start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    wait_for(lambda: list(folder.glob(f"{RECORDS}/*.json")))
    return run


def folder_in(path):
    """A folder with a space in its name and a Snakefile."""
    folder = path / "my runs é"
    folder.mkdir()
    (folder / "Snakefile").write_text(SNAKEFILE)
    return folder


@pytest.fixture(scope="module")
def killed_run(tmp_path_factory):
    """A folder in which a Snakemake was killed, and its process number."""
    folder = folder_in(tmp_path_factory.mktemp("killed"))
    run = start(folder)
    kill(run)
    return folder, run.pid


@pytest.fixture
def killed(killed_run, tmp_path):
    """A copy of it, with the times of all files, and the process number."""
    folder, pid = killed_run
    return shutil.copytree(folder, tmp_path / folder.name), pid


def locks(folder):
    return sorted(path.name for path in folder.glob(f"{LOCKS}/*"))


@pytest.mark.parametrize("module", ["snakemake", RUN_MODULE])
def test_lock_of_a_living_snakemake_stays(tmp_path, module):
    folder = folder_in(tmp_path)
    run = start(folder, module=module)
    try:
        before = locks(folder)
        assert before
        with pytest.raises(InputError, match=rf"{run.pid}.*wait for it, or end it with `kill "):
            release(folder)
        assert locks(folder) == before
        # Without its record too: its process tells.
        for record in folder.glob(f"{RECORDS}/*"):
            record.unlink()
        assert find_holder(folder)[0] is Holder.ALIVE
    finally:
        kill(run)


def test_lock_of_a_killed_snakemake_goes(killed):
    folder, pid = killed
    holder, sentence = find_holder(folder)
    assert holder is Holder.DEAD
    assert f"process {pid}" in sentence
    assert (
        "`make report` or `qdjunction run`, or `snakemake --unlock` and then your command again with --rerun-incomplete"
        in sentence
    )
    release(folder)
    assert locks(folder) == []
    assert not (folder / RECORDS).exists()
    kill(start(folder, "--rerun-incomplete"))


def test_run_resumes_after_a_kill(killed):
    """A rule of the real workflow that was killed half-way: its lock and its incomplete output."""
    folder, _ = killed
    (folder / "mine.yaml").write_text(CONFIG)
    incomplete = folder / "results" / "chain.json"
    incomplete.parent.mkdir()
    incomplete.write_text("{")
    name = base64.b64encode(b"results/chain.json").decode()
    (folder / ".snakemake" / "incomplete").mkdir(exist_ok=True)
    (folder / ".snakemake" / "incomplete" / name).touch()
    words = ["run", "mine.yaml", "--cores", "1", "results/chain.json"]
    done = python("-m", "qdjunction", *words, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert json.loads(incomplete.read_text())["model"] is True
    assert locks(folder) == []


def test_jobs_that_outlive_their_snakemake_keep_the_lock(killed):
    folder, _ = killed
    job = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)", "/.snakemake/scripts/job.py"], cwd=folder
    )
    try:
        with pytest.raises(InputError, match=f"{job.pid}"):
            release(folder)
    finally:
        job.kill()
        job.wait()
    release(folder)


def test_holder_on_another_computer_is_not_known(killed):
    folder, pid = killed
    (record,) = folder.glob(f"{RECORDS}/*")
    about = json.loads(record.read_text())
    record.write_text(json.dumps(about | {"host": "node17"}))
    with pytest.raises(InputError, match=rf"process {pid} on node17, .*`snakemake --unlock`"):
        release(folder)
    record.write_text(json.dumps(about | {"pid_namespace": "pid:[1]"}))
    assert find_holder(folder)[0] is Holder.UNKNOWN
    record.write_text("{")
    assert find_holder(folder)[0] is Holder.UNKNOWN
    assert locks(folder)


def test_lock_without_a_record_is_not_known(killed):
    folder, _ = killed
    (record,) = folder.glob(f"{RECORDS}/*")
    # Older than the lock: of an earlier run.
    os.utime(record, (1, 1))
    with pytest.raises(InputError, match="by whom is not recorded"):
        release(folder)
    assert locks(folder)


def test_process_number_given_again(killed):
    """The number of the killed process now belongs to another program, here to this one."""
    folder, _ = killed
    (record,) = folder.glob(f"{RECORDS}/*")
    about = json.loads(record.read_text())
    record.write_text(json.dumps(about | {"pid": os.getpid()}))
    assert find_holder(folder)[0] is Holder.DEAD


def test_one_living_run_beside_a_killed_one(killed):
    folder, _ = killed
    record_run(folder)
    assert RunRecord.of_this_process().host == socket.gethostname()
    with pytest.raises(InputError, match=f"process {os.getpid()}"):
        release(folder)


def test_no_lock(tmp_path):
    release(tmp_path)
    assert find_holder(tmp_path)[0] is Holder.NOBODY
    assert list(tmp_path.iterdir()) == []


def test_study_says_what_to_type(tmp_path):
    """The Snakefile of the project: a second command under a live run, one after a kill, and the one to type."""
    (tmp_path / "study.yaml").write_text(CONFIG)
    words = ("--snakefile", ROOT / "Snakefile", "--configfile", "study.yaml")

    def again(*more):
        return python("-m", "snakemake", "--cores", 1, *words, *more, cwd=tmp_path)

    run = start(tmp_path, *words)
    try:
        second = again()
        assert second.returncode
        assert "a Snakemake or a job of one still works in" in second.stderr
        unlock = again("--unlock")
        assert unlock.returncode
        assert "still works in" in unlock.stderr
        assert locks(tmp_path)
    finally:
        kill(run)
    wait_for(lambda: find_holder(tmp_path)[0] is Holder.DEAD)
    after = again()
    assert after.returncode
    assert f"is still locked by a Snakemake that was killed (process {run.pid})" in after.stderr
    done = python("-m", "qdjunction.study.snakemake_lock", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert locks(tmp_path) == []
    assert again("--dry-run", "--rerun-incomplete").returncode == 0
