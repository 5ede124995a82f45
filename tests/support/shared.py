"""Folders that are made once for all test processes."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest


def shared(tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return a folder of the test run, which the first process that asks for it fills.

    Parameters
    ----------
    tmp_path_factory : pytest.TempPathFactory
        The fixture of that name.
    name : str
        Name of the folder; tests that give the same one share it, and leave it as it is.
    make : callable
        Fills the folder, which is empty. If it fails, the next process tries again.
    """
    top = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        top = top.parent  # of all processes
    folder, done = top / f"shared-{name}", top / f"shared-{name}.done"
    with (top / f"shared-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            folder.mkdir(exist_ok=True)
            make(folder)
            done.touch()
    return folder
