"""The lock that Snakemake puts on its working folder, and whether the Snakemake that took it still runs.

The lock itself does not record its holder. Every run therefore writes a record with host and process beside it
(`record_run`), and a lock is removed (`release`, which `make report` and `qdjunction run` call) only if all records and
the process table of this computer show that no holder is left. On a shared file system the holder may run on another
computer, whose processes cannot be inspected from here; the lock is then not touched.
"""

import fcntl
import json
import os
import shutil
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path

import psutil

from qdjunction.core.errors import InputError, QdjunctionError
from qdjunction.core.processes import is_alive, started_at

LOCKS = Path(".snakemake", "locks")
RECORDS = Path(".snakemake", "qdjunction_runs")

RUN_MODULE = "qdjunction.study.snakemake_run"
"""Module by which `qdjunction run` and `make report` start Snakemake."""


class Holder(Enum):
    """Holder of the lock of a folder."""

    NOBODY = "there is no lock"
    DEAD = "a Snakemake that was killed left it behind"
    ALIVE = "a Snakemake runs on this computer"
    UNKNOWN = "whether its Snakemake still runs cannot be determined from here"


@dataclass(frozen=True)
class RunRecord:
    """A run of Snakemake: host, PID namespace (of a container), process, and its start time in s since 1970."""

    host: str
    pid_namespace: str
    pid: int
    began: float

    @classmethod
    def of_this_process(cls) -> "RunRecord":
        """Return the record of the calling process."""
        return cls(socket.gethostname(), _pid_namespace(), os.getpid(), psutil.Process().create_time())

    @property
    def is_local(self) -> bool:
        """Whether the process can be inspected from here."""
        return (self.host, self.pid_namespace) == (socket.gethostname(), _pid_namespace())

    @property
    def is_alive(self) -> bool:
        """Whether the process of a local record still runs, and is not a later one with the same number."""
        return is_alive(self.pid) and started_at(self.pid, self.began, within_s=2.0)


def record_run(folder: Path) -> None:
    """Record that this process runs Snakemake in `folder`; call it after the lock has been taken."""
    record = RunRecord.of_this_process()
    path = _record_path(folder, record)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(record)), encoding="utf-8")


def forget_run(folder: Path) -> None:
    """Remove the record of this process at the end of its run."""
    _record_path(folder, RunRecord.of_this_process()).unlink(missing_ok=True)


def find_holder(folder: Path, jobs: bool = True) -> tuple[Holder, str]:
    """Return the holder of Snakemake's lock of `folder`, and a sentence that names it and the commands to type.

    With `jobs`, a job that outlives its Snakemake counts as a holder.
    """
    locked = [path.stat().st_mtime_ns for path in _files(folder / LOCKS)]
    if not locked:
        return Holder.NOBODY, f"{folder} is not locked"
    if processes := _snakemake_processes(folder, jobs):
        pids = " ".join(map(str, processes))
        return Holder.ALIVE, (
            f"a Snakemake or a job of one still works in {folder} (process {pids}): wait for it, or end it with"
            f" `kill {pids}` and try again"
        )
    # A run records itself after taking the lock: a record older than every lock belongs to an earlier run.
    records = [(path.stat().st_mtime_ns, _read(path)) for path in _files(folder / RECORDS)]
    records = [(written, record) for written, record in records if written >= min(locked)]
    by_hand = "`snakemake --unlock` and then your command again with --rerun-incomplete"
    for _, record in records:
        if record is None or not record.is_local:
            who = (
                f"process {record.pid} on {record.host}"
                if record
                else "a Snakemake whose record cannot be read"
            )
            return Holder.UNKNOWN, (
                f"{folder} is locked by {who}, and whether that still runs cannot be determined from here: check there,"
                f" and if it does not, type {by_hand}"
            )
        if record.is_alive:
            return Holder.ALIVE, (
                f"a Snakemake works in {folder} (process {record.pid}): wait for it, or end it with"
                f" `kill {record.pid}` and try again"
            )
    if not records or max(written for written, _ in records) < max(locked):
        return Holder.UNKNOWN, (
            f"{folder} is locked, and by whom is not recorded; it may be a Snakemake on another computer: if none runs"
            f" in this folder, type {by_hand}"
        )
    pids = ", ".join(str(record.pid) for _, record in records if record)
    return Holder.DEAD, (
        f"{folder} is still locked by a Snakemake that was killed (process {pids}): type `make report` or "
        f"`qdjunction run`, or {by_hand}"
    )


def release(folder: Path) -> None:
    """Remove the lock that a killed Snakemake left in `folder`, if there is one.

    Raises
    ------
    InputError
        If the Snakemake that holds the lock still runs, or may still run.
    """
    if not _files(folder / LOCKS):
        return
    with _one_at_a_time(folder):
        holder, sentence = find_holder(folder)
        if holder is Holder.NOBODY:
            return
        if holder is not Holder.DEAD:
            raise InputError(sentence)
        for path in _files(folder / LOCKS):
            path.unlink(missing_ok=True)
        shutil.rmtree(folder / RECORDS, ignore_errors=True)


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    # Two processes at once would both see the dead holder, and the slower one would remove the lock of the faster one.
    with (folder / ".snakemake" / "qdjunction_release").open("w") as file:
        with suppress(OSError):  # a file system without flock
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _record_path(folder: Path, record: RunRecord) -> Path:
    return folder / RECORDS / f"{record.host}-{record.pid}.json"


def _read(path: Path) -> RunRecord | None:
    try:
        return RunRecord(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _pid_namespace() -> str:
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def _snakemake_processes(folder: Path, jobs: bool) -> list[int]:
    """Return the processes of this computer, except the caller's, that run Snakemake or one of its jobs in `folder`."""
    own = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    found = []
    for process in psutil.process_iter(["pid", "cmdline", "cwd", "status"]):
        about = process.info
        words = about["cmdline"] or []
        is_job = "--mode" in words or any(
            f"{os.sep}.snakemake{os.sep}scripts{os.sep}" in word for word in words
        )
        is_snakemake = any(Path(word).name in ("snakemake", RUN_MODULE) for word in words[:4])
        if (
            (jobs if is_job else is_snakemake)
            and about["pid"] not in own
            and about["status"] != psutil.STATUS_ZOMBIE
        ):
            with suppress(OSError, TypeError):
                if os.path.samefile(about["cwd"], folder):
                    found.append(about["pid"])
    return sorted(found)


if __name__ == "__main__":
    try:
        release(Path.cwd())
    except QdjunctionError as error:
        sys.exit(str(error))
