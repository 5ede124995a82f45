"""One run at a time in a folder, also across machines and after a crash."""

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
from typing import Any

from qdjunction.core.errors import MachineError
from qdjunction.core.files import whole

log = logging.getLogger(__name__)

HEARTBEAT_S = 10.0
"""Time between two signs of life of a holder (s)."""

STALE_S = 300.0
"""Age of the last sign of life from which a holder on another machine counts as gone (s)."""

NAME = "lock.json"
"""File name of the lock of a working folder."""

_WAIT_S = 1.0


class RunLock:
    """A held lock.

    The lock is a file with the holder's host, process and job, touched every `HEARTBEAT_S` seconds. A holder on this
    machine is gone when its process is; one on another machine when its heartbeat is older than `STALE_S`, by the
    clock of the file system.

    Attributes
    ----------
    waited_for : str
        Task of the holder that was waited for; empty if there was none.
    """

    def __init__(self, path: Path, holder: dict[str, Any], waited_for: str = ""):
        self._path = path
        self._holder = holder
        self.waited_for = waited_for

    def started(self, process_group: int) -> None:
        """Note the process group of the program that works here, so that whoever comes after a crash can end it."""
        self._holder["process_group"] = process_group
        with whole(self._path) as temporary:
            temporary.write_text(json.dumps(self._holder))


def job_id() -> str:
    """Give the id of the batch job this process is part of, empty outside of one."""
    return os.environ.get("SLURM_JOB_ID") or os.environ.get("PBS_JOBID") or os.environ.get("LSB_JOBID") or ""


@contextmanager
def run_lock(run_dir: Path, name: str = NAME, task: str = "", wait: bool = False) -> Iterator[RunLock]:
    """Hold the lock of a run folder.

    A stale lock is taken over, and a program that its dead holder left behind on this machine is ended first: two of
    them would spoil each other's files.

    Parameters
    ----------
    run_dir : Path
        The folder.
    name : str
        File name of the lock.
    task : str
        What is done under it, for whoever waits.
    wait : bool
        Wait for another holder to end instead of refusing.

    Raises
    ------
    MachineError
        When another process holds it; names host, process, job and the last sign of life.
    """
    path = run_dir / name
    holder = {
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "job_id": job_id(),
        "since": time.time(),
        "task": task,
    }
    before = ""
    while True:
        try:
            _acquire(path, holder)
            break
        except MachineError as held:
            if not wait:
                raise
            with suppress(OSError):
                other = _holder(path.read_text()).get("task", "")
                if other and not before:
                    log.warning("waiting: %s", held)
                before = other
            time.sleep(_WAIT_S)
    stop = threading.Event()
    beating = threading.Thread(target=_beat, args=(path, stop), daemon=True)
    beating.start()
    try:
        yield RunLock(path, holder, before)
    finally:
        stop.set()
        beating.join()
        path.unlink(missing_ok=True)


def _acquire(path: Path, holder: dict[str, Any]) -> None:
    while True:
        # A link appears whole, and fails where there is one: two newcomers cannot both succeed.
        with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=".lock-", suffix=".json") as file:
            json.dump(holder, file)
            file.flush()
            try:
                os.link(file.name, path)
            except FileExistsError:
                now = os.stat(file.name).st_mtime
            else:
                return
        _remove_stale(path, now)


def _remove_stale(path: Path, now: float) -> None:
    """Remove the lock if its holder is gone.

    Raises
    ------
    MachineError
        When it is not.
    """
    try:
        age = now - path.stat().st_mtime
        text = path.read_text()
    except FileNotFoundError:
        return
    other = _holder(text)
    here = other.get("host") == socket.gethostname()
    gone = not _alive(other["pid"]) if here else age > STALE_S
    if not gone:
        job = f", job {other['job_id']}" if other.get("job_id") else ""
        raise MachineError(
            f"{path.parent}: another run works here (host {other.get('host', 'unknown')}, process "
            f"{other.get('pid', 'unknown')}{job}, last sign of life {max(age, 0):.0f} s ago); wait for it or end it. "
            f"A lock without a sign of life for {STALE_S:.0f} s is taken over."
        )
    # The rename decides who takes over; the others find nothing and try again.
    taken = path.with_name(f".{path.name}-{os.getpid()}-{threading.get_ident()}")
    with suppress(FileNotFoundError):
        path.rename(taken)
        if taken.read_text() != text:
            # Someone else took over in between, and this is already their lock.
            with suppress(FileExistsError):
                os.link(taken, path)
            taken.unlink()
            return
        log.warning(
            "%s: taking over from process %s on %s, which is gone",
            path.parent,
            other.get("pid"),
            other.get("host"),
        )
        if here and "process_group" in other:
            _end_orphans(other["process_group"], path.parent)
        taken.unlink()


def _holder(text: str) -> dict[str, Any]:
    """Give what a lock says; nothing if it was damaged."""
    try:
        return dict(json.loads(text))
    except ValueError:
        return {}


def _end_orphans(process_group: int, run_dir: Path) -> None:
    """End the processes of a group that work in `run_dir`; a group whose number was given anew works elsewhere."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        members = [pid for pid in _members(process_group) if _works_in(pid, run_dir)]
        if not members:
            return
        log.warning("%s: ending process %d, which its dead runner left behind", run_dir, members[0])
        for pid in members:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        deadline = time.monotonic() + 10
        while any(_alive(pid) for pid in members) and time.monotonic() < deadline:
            time.sleep(0.1)


def _members(process_group: int) -> list[int]:
    members = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(ProcessLookupError):
            if os.getpgid(int(entry.name)) == process_group:
                members.append(int(entry.name))
    return members


def _works_in(pid: int, run_dir: Path) -> bool:
    try:
        return os.path.samefile(f"/proc/{pid}/cwd", run_dir)
    except OSError:
        return False


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    # A zombie has ended, whether or not its parent has asked.
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return True


def _beat(path: Path, stop: threading.Event) -> None:
    while not stop.wait(HEARTBEAT_S):
        with suppress(FileNotFoundError):
            os.utime(path)
