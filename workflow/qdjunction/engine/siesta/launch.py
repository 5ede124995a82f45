"""How SIESTA is started, which depends on the machine and affects no result."""

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from qdjunction.core.errors import InputError
from qdjunction.core.lock import job_id

LAUNCHERS = ("serial", "mpirun", "srun")
"""`serial` starts the program itself, the others start MPI ranks of it."""


@dataclass(frozen=True)
class Launch:
    """Launch line and wall time.

    Attributes
    ----------
    command : str
        The program, with options if it needs any; empty means the environment variable SIESTA_COMMAND, else
        ``siesta``.
    launcher : str
        One of `LAUNCHERS`.
    tasks : int
        MPI ranks.
    threads : int
        OpenMP threads of each rank.
    wall_time_min : float or None
        Wall time of the job (min). SIESTA is stopped early enough for a later run to resume.

    Raises
    ------
    InputError
        When the launcher is unknown or does not fit the number of ranks.
    """

    command: str = ""
    launcher: str = "serial"
    tasks: int = 1
    threads: int = 1
    wall_time_min: float | None = None

    def __post_init__(self) -> None:
        if self.launcher not in LAUNCHERS:
            raise InputError(
                f"mpi = {self.launcher!r}: SIESTA is started by {', '.join(LAUNCHERS)}; name one of them"
            )
        if self.launcher == "serial" and self.tasks > 1:
            raise InputError(f"tasks = {self.tasks} needs an MPI launcher; set mpi to srun or mpirun")

    @classmethod
    def of_job(cls, threads: int, resources: Mapping[str, Any]) -> "Launch":
        """Return the launch line for the resources of a Snakemake job.

        Parameters
        ----------
        threads : int
            Cores of the job on this machine.
        resources : mapping
            Resources of the job. Those used are ``mpi`` (the launcher; absent for one process), ``tasks`` (ranks),
            ``cpus_per_task`` (threads of a rank) and, inside a batch job, ``runtime`` (min).
        """
        launcher = str(resources.get("mpi") or "serial")
        tasks = 1 if launcher == "serial" else int(resources.get("tasks") or 1)
        if launcher == "mpirun":
            # Ranks started by mpirun share the cores that the job has on this machine.
            tasks = min(tasks, threads)
        each = resources.get("cpus_per_task") or (1 if launcher == "srun" else max(threads // tasks, 1))
        limit = float(resources["runtime"]) if job_id() and resources.get("runtime") else None
        return cls(launcher=launcher, tasks=tasks, threads=int(each), wall_time_min=limit)

    def line(self) -> list[str]:
        """Return the words of the launch line; SIESTA reads its input from standard input."""
        command = self.command or os.environ.get("SIESTA_COMMAND") or "siesta"
        try:
            program = shlex.split(command)
        except ValueError as error:
            raise InputError(f"SIESTA_COMMAND = {command!r}: {error}; write it as in a shell") from None
        match self.launcher:
            case "mpirun":
                return ["mpirun", "-np", str(self.tasks), *program]
            case "srun":
                return ["srun", f"--ntasks={self.tasks}", f"--cpus-per-task={self.threads}", *program]
        return program
