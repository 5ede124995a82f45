"""Whether a process that is known by its number still runs."""

import psutil


def is_alive(pid: int) -> bool:
    """Whether there is such a process. A zombie has ended, whether or not its parent has asked."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


def started_at(pid: int, time_s: float, within_s: float) -> bool:
    """Whether the process with this number started at a time (s since 1970), or nobody may say when it did."""
    try:
        return abs(psutil.Process(pid).create_time() - time_s) < within_s
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True
