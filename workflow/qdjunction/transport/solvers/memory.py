"""Memory that this process can still use."""

import resource
from pathlib import Path

GIB = 1024**3


def available_bytes() -> int | None:
    """Return the memory that the machine, the control groups and the limit of this process all leave to it.

    Returns
    -------
    int or None
        Bytes; None if the system does not state it (not Linux).
    """
    found = [value for value in (_machine(), *_control_groups(), _own_limit()) if value is not None]
    return min(found) if found else None


def _machine() -> int | None:
    for line in _text(Path("/proc/meminfo")).splitlines():
        name, _, value = line.partition(":")
        if name == "MemAvailable":
            return int(value.split()[0]) * 1024
    return None


def _control_groups(root: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> list[int]:
    """Return what the memory limits of batch systems and containers leave, from the own group to the root."""
    left = []
    for line in _text(own).splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers not in ("", "memory"):
            continue
        top = root / "memory" if controllers else root
        limit, used, cached = (
            ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
            if controllers
            else ("memory.max", "memory.current", "inactive_file")
        )
        folder = top / path.lstrip("/")
        for group in (folder, *folder.parents):
            allowed, taken = _text(group / limit).strip(), _text(group / used).strip()
            if allowed.isdecimal() and taken.isdecimal():
                # Cached files are evicted when memory is needed.
                statistics = dict(line.split() for line in _text(group / "memory.stat").splitlines())
                left.append(int(allowed) - int(taken) + int(statistics.get(cached, 0)))
            if group == top:
                break
    return left


def _own_limit() -> int | None:
    """Return what ``ulimit -v`` leaves."""
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    pages = _text(Path("/proc/self/statm")).split()
    if limit == resource.RLIM_INFINITY or not pages:
        return None
    return limit - int(pages[0]) * resource.getpagesize()


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
