"""Lock that allows one run at a time in a folder, also across machines and after a crash."""

import json
import logging
import os
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from pydantic import BaseModel, ConfigDict, ValidationError

from qdjunction.core.errors import MachineError
from qdjunction.core.files import atomic_write
from qdjunction.core.processes import is_alive, started_at

log = logging.getLogger(__name__)

HEARTBEAT_S = 10.0
"""Time between two heartbeats of a holder (s)."""

STALE_S = 300.0
"""Age of the last heartbeat after which a holder on another machine counts as gone (s)."""

NAME = "lock.json"
"""File name of the lock of a working folder."""

_WAIT_S = 1.0
_GUARD_WAIT_S = 0.1
_NO_SIGN_S = 3 * HEARTBEAT_S


class Holder(BaseModel):
    """The content of a lock; what a damaged one lacks is empty.

    Attributes
    ----------
    host, pid : str, int
        Computer and process.
    started : float or None
        Start of the process (s since 1970).
    job_id : str
        Batch job; empty outside of one.
    since : float
        When the lock was taken (s since 1970).
    task : str
        Description of the work.
    process_group : int or None
        Of the program that the process has started.
    """

    model_config = ConfigDict(frozen=True)

    host: str = ""
    pid: int = 0
    started: float | None = None
    job_id: str = ""
    since: float = 0.0
    task: str = ""
    process_group: int | None = None

    @property
    def identity(self) -> tuple[str, int, float]:
        """What no two holders share."""
        return self.host, self.pid, self.since


class RunLock:
    """A held lock.

    The lock is a file with the holder's host, process and job, touched every `HEARTBEAT_S` seconds. A holder on this
    machine is gone when its process is; one on another machine when its heartbeat is older than `STALE_S`, by the
    clock of the file system. The file system only has to support exclusive creation of a file.

    Attributes
    ----------
    waited_for : str
        Task of the previous holder that this one waited for; empty if there was none.
    """

    def __init__(self, path: Path, holder: Holder, waited_for: str = ""):
        self._path = path
        self._holder = holder
        self.waited_for = waited_for

    def started(self, process_group: int) -> None:
        """Record the process group of the program that runs here, so that the next run can end it after a crash."""
        holder = self._holder.model_copy(update={"process_group": process_group})
        with atomic_write(self._path) as temporary:
            temporary.write_text(_text(holder))


def job_id() -> str:
    """Return the id of the batch job that this process is part of; empty outside of one."""
    return os.environ.get("SLURM_JOB_ID") or os.environ.get("PBS_JOBID") or os.environ.get("LSB_JOBID") or ""


@contextmanager
def run_lock(run_dir: Path, name: str = NAME, task: str = "", wait: bool = False) -> Iterator[RunLock]:
    """Hold the lock of a run folder.

    A stale lock is taken over. A program that its dead holder left running on this machine is ended first, since two
    of them would damage each other's files.

    Parameters
    ----------
    run_dir : Path
        The folder.
    name : str
        File name of the lock.
    task : str
        Description of the work done under the lock, for processes that wait for it.
    wait : bool
        Wait for another holder to finish instead of raising an error.

    Raises
    ------
    MachineError
        If another process holds the lock; the message names host, process, job and the last sign of life.
    """
    path = run_dir / name
    holder = Holder(
        host=socket.gethostname(),
        pid=os.getpid(),
        started=psutil.Process().create_time(),
        job_id=job_id(),
        since=time.time(),
        task=task,
    )
    before = ""
    while True:
        try:
            _acquire(path, holder)
            break
        except MachineError as held:
            if not wait:
                raise
            with suppress(OSError):
                other = _holder(path).task
                if other and not before:
                    log.warning("waiting: %s", held)
                before = other
            time.sleep(_WAIT_S)
    stop = threading.Event()
    beating = threading.Thread(target=_beat, args=(path, holder, stop), daemon=True)
    beating.start()
    try:
        yield RunLock(path, holder, before)
    finally:
        stop.set()
        beating.join()
        if _is_own(path, holder):
            path.unlink(missing_ok=True)


def _acquire(path: Path, holder: Holder) -> None:
    while not _create(path, _text(holder)):
        _remove_stale(path)


def _create(path: Path, text: str) -> bool:
    """Create a file if there is none, and return whether it was created.

    Of several processes that try, exactly one succeeds, also on NFS (version 3 and later) and without hard links. For a
    moment the file is empty, which is read as the lock of an unknown holder.
    """
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
    except FileExistsError:
        return False
    try:
        with open(handle, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return True


def _remove_stale(path: Path) -> None:
    """Remove the lock if its holder is gone.

    Raises
    ------
    MachineError
        If the holder is alive.
    """
    _stale_holder(path)
    # Only the holder of the guard removes another's lock, so that nobody removes the lock of the next holder.
    guard = path.with_name(f".{path.name}-guard")
    if not _create(guard, ""):
        with suppress(FileNotFoundError):
            if _age(guard) > STALE_S:
                guard.unlink()
        time.sleep(_GUARD_WAIT_S)
        return
    try:
        other = _stale_holder(path)
        if other is None:
            return
        log.warning(
            "%s: taking over from process %s on %s, which is gone",
            path.parent,
            other.pid,
            other.host,
        )
        if other.host == socket.gethostname() and other.process_group is not None:
            _end_orphans(other.process_group, path.parent)
        path.unlink(missing_ok=True)
    finally:
        guard.unlink(missing_ok=True)


def _stale_holder(path: Path) -> Holder | None:
    """Return the content of a lock whose holder is gone; None if there is no lock.

    Raises
    ------
    MachineError
        If the holder is alive.
    """
    try:
        age = _age(path)
        other = _holder(path)
    except FileNotFoundError:
        return None
    if other.host == socket.gethostname():
        # A process with the holder's number is another one if its start time differs and the heartbeat has stopped. The
        # start time by itself is not enough: it changes when the clock is set.
        gone = not is_alive(other.pid) or (age > _NO_SIGN_S and not _started_then(other))
    else:
        gone = age > STALE_S
    if not gone:
        job = f", job {other.job_id}" if other.job_id else ""
        raise MachineError(
            f"{path.parent}: another run works here (host {other.host or 'unknown'}, process "
            f"{other.pid or 'unknown'}{job}, last sign of life {max(age, 0):.0f} s ago); wait for it or end it. "
            f"A lock without a sign of life for {STALE_S:.0f} s is taken over."
        )
    return other


def _age(path: Path) -> float:
    """Return the time since a file was touched (s), by the clock of its file system."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".lock-") as now:
        return os.stat(now.name).st_mtime - path.stat().st_mtime


def _text(holder: Holder) -> str:
    return json.dumps(holder.model_dump(exclude_none=True))


def _holder(path: Path) -> Holder:
    """Return the content of a lock."""
    try:
        return Holder.model_validate_json(path.read_bytes())
    except ValidationError:
        return Holder()


def _is_own(path: Path, holder: Holder) -> bool:
    """Return whether the lock is still that of `holder`; a process suspended for too long has lost it to another."""
    try:
        return _holder(path).identity == holder.identity
    except FileNotFoundError:
        return False


def _end_orphans(process_group: int, run_dir: Path) -> None:
    """End the processes of a group that work in `run_dir`; a group that reuses the number works elsewhere."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        members = [pid for pid in psutil.pids() if _works_in(pid, process_group, run_dir)]
        if not members:
            return
        log.warning("%s: ending process %d, left running by a job that was killed", run_dir, members[0])
        for pid in members:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        deadline = time.monotonic() + 10
        while any(is_alive(pid) for pid in members) and time.monotonic() < deadline:
            time.sleep(0.1)


def _works_in(pid: int, process_group: int, run_dir: Path) -> bool:
    try:
        return os.getpgid(pid) == process_group and os.path.samefile(psutil.Process(pid).cwd(), run_dir)
    except (OSError, psutil.Error):
        return False


def _started_then(other: Holder) -> bool:
    """Return whether the process with the holder's number started when the holder did, if the lock records that."""
    return other.started is None or started_at(other.pid, other.started, within_s=1.0)


def _beat(path: Path, holder: Holder, stop: threading.Event) -> None:
    while not stop.wait(HEARTBEAT_S):
        if _is_own(path, holder):
            with suppress(FileNotFoundError):
                os.utime(path)
