"""Checks whether a process with a given number still runs."""

import psutil


def is_alive(pid: int) -> bool:
    """Return whether there is such a process. A zombie counts as ended."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


def started_at(pid: int, time_s: float, within_s: float) -> bool:
    """Return whether the process started at a time (s since 1970); True if its start may not be read."""
    try:
        return abs(psutil.Process(pid).create_time() - time_s) < within_s
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True
