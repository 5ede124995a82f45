"""A real Slurm of one node, from Debian's packages, for the time of the tests."""

import os
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

CONF = Path("/etc/slurm/slurm.conf")
MARK = "# made by the tests of qdjunction"
SLURMCTLD_PORT = 6817
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "srun")

# The place is fixed: the executor's job step takes SLURM_CONF out of the environment.
# OverMemoryKill is what ends a job over its memory where there are no cgroups.
TEMPLATE = """\
{mark}
ClusterName=test
SlurmctldHost=localhost
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
StateSaveLocation={folder}/controller
SlurmdSpoolDir={folder}/node
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
ReturnToService=2
SchedulerParameters=batch_sched_delay=0,bf_interval=1,sched_interval=2
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
MinJobAge=300
KillWait=2
SlurmdTimeout=10
SlurmdParameters=config_overrides
NodeName=localhost CPUs=4 RealMemory={memory_mb} State=UNKNOWN
PartitionName=debug Nodes=ALL Default=YES MaxTime=INFINITE State=UP DefMemPerCPU=500
"""


@dataclass(frozen=True)
class Slurm:
    """The running Slurm.

    Attributes
    ----------
    folder : Path
        Where its state and logs lie.
    """

    folder: Path

    def jobs(self, states: str = "PENDING,RUNNING,COMPLETING") -> list[str]:
        """Ids of the jobs in these states."""
        return self._say("squeue", "--noheader", "--format=%i", f"--states={states}").split()

    def wait_for(self, number: int, seconds: float) -> None:
        """Wait until so many jobs are in the queue."""
        deadline = time.monotonic() + seconds
        while len(self.jobs()) != number:
            assert time.monotonic() < deadline, f"{self.jobs()} are in the queue, not {number} jobs"
            time.sleep(0.2)

    def cancel(self) -> None:
        """Cancel all jobs, as a user does."""
        subprocess.run(["scancel", *self.jobs()], check=True)

    def stop_node(self) -> None:
        """End slurmd; its jobs live on."""
        os.kill(int((self.folder / "slurmd.pid").read_text()), signal.SIGTERM)

    def start_node(self) -> None:
        """Start slurmd."""
        subprocess.run(["slurmd"], check=True)

    def start(self) -> None:
        """Start controller and node, and wait for both."""
        subprocess.run(["slurmctld"], check=True)
        self.start_node()
        deadline = time.monotonic() + 30
        while self._say("sinfo", "--noheader", "--format=%t", check=False).strip() != "idle":
            assert time.monotonic() < deadline, (self.folder / "slurmctld.log").read_text()[-2000:]
            time.sleep(0.2)

    def end(self) -> None:
        """Cancel all jobs and end both daemons."""
        subprocess.run(["scancel", "--user=root"], check=False)
        for name in ("slurmd", "slurmctld"):
            try:
                os.kill(int((self.folder / f"{name}.pid").read_text()), signal.SIGTERM)
            except (OSError, ValueError):
                continue

    @staticmethod
    def _say(*words: str, check: bool = True) -> str:
        return subprocess.run(words, capture_output=True, text=True, check=check).stdout


@pytest.fixture(scope="session")
def slurm(tmp_path_factory):
    """Slurm with one node of four processors."""
    if reason := _why_not():
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("slurm")
    for name in ("controller", "node"):
        (folder / name).mkdir()
    memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    CONF.parent.mkdir(exist_ok=True)
    CONF.write_text(TEMPLATE.format(mark=MARK, folder=folder, memory_mb=min(memory_mb, 16000)))
    munge = _start_munge(folder)
    one = Slurm(folder)
    try:
        one.start()
        yield one
    finally:
        one.end()
        if munge:
            munge.terminate()
            munge.wait()
        CONF.unlink(missing_ok=True)


def _why_not() -> str:
    if os.geteuid() != 0:
        return "a Slurm of one's own needs root"
    if missing := [name for name in PROGRAMS if not shutil.which(name)]:
        return f"not installed: {', '.join(missing)} (Debian: apt-get install slurmctld slurmd slurm-client munge)"
    if CONF.exists() and MARK not in CONF.read_text():
        return f"{CONF} belongs to another Slurm"
    with socket.socket() as port:
        if port.connect_ex(("localhost", SLURMCTLD_PORT)) == 0:
            return "another Slurm runs on this machine"
    return ""


def _start_munge(folder: Path) -> subprocess.Popen[bytes] | None:
    """Start munged where none runs."""
    if subprocess.run(["munge", "-n"], capture_output=True, check=False).returncode == 0:
        return None
    run = Path("/run/munge")
    run.mkdir(exist_ok=True)
    shutil.chown(run, "munge", "munge")
    run.chmod(0o755)
    log = (folder / "munged.log").open("wb")
    process = subprocess.Popen(
        ["runuser", "-u", "munge", "--", "munged", "--foreground"], stdout=log, stderr=log
    )
    deadline = time.monotonic() + 20
    while subprocess.run(["munge", "-n"], capture_output=True, check=False).returncode:
        assert time.monotonic() < deadline, (folder / "munged.log").read_text()
        time.sleep(0.1)
    return process
