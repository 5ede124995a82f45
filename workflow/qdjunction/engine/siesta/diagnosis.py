"""Diagnosis of a failed SIESTA run, in one sentence with a remedy."""

import math
import re
import signal
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from qdjunction.engine.siesta.progress import Progress, trend
from qdjunction.engine.siesta.settings import SiestaSettings


class Failure(StrEnum):
    """Kinds of failure; the values are written to ``status.json``."""

    SCF_STUCK = "scf-stuck"
    SCF_UNFINISHED = "scf-unfinished"
    GEOMETRY_NOT_CONVERGED = "geometry-not-converged"
    OUT_OF_TIME = "out-of-time"
    OUT_OF_MEMORY = "out-of-memory"
    PSEUDOPOTENTIAL_MISSING = "pseudopotential-missing"
    PSEUDOPOTENTIAL_HEADER = "pseudopotential-header"
    GHOST_STATE = "ghost-state"
    BOX_TOO_SMALL = "box-too-small"
    SIESTA_TOO_OLD = "siesta-too-old"
    DISPERSION_MISSING = "dispersion-missing"
    MATRICES_DAMAGED = "matrices-damaged"
    RESTART_DAMAGED = "restart-files-damaged"
    KILLED = "killed"
    NOT_STARTED = "not-started"
    UNKNOWN = "unknown"


OF_THE_MACHINE = frozenset({Failure.OUT_OF_TIME, Failure.OUT_OF_MEMORY, Failure.KILLED, Failure.NOT_STARTED})
"""Failures of the machine, not of the calculation: another try, elsewhere or with more resources, may succeed."""


@dataclass(frozen=True)
class Diagnosis:
    """What went wrong.

    Attributes
    ----------
    failure : Failure
        Its kind.
    reason : str
        One sentence for ``status.json`` and the report.
    """

    failure: Failure
    reason: str


IMAGES_INTERACT = "interaction between periodic images"
"""What SIESTA warns of when the box is too small."""

_STOPPED = {
    signal.SIGHUP,
    signal.SIGINT,
    signal.SIGKILL,
    signal.SIGTERM,
    signal.SIGXCPU,
    signal.SIGUSR1,
    signal.SIGUSR2,
}
_MEMORY = re.compile(
    r"oom[-_ ]?kill|out of memory|cannot allocate memory|allocation would exceed|error allocating|"
    r"insufficient virtual memory|bad_alloc|alloc_err: allocate error",
    re.IGNORECASE,
)
_MISSING = re.compile(r"Pseudopotential file not found:?\s*(?P<file>\S+)", re.IGNORECASE)
_SPECIES = re.compile(r"atom: Called for (\S+)")
_FATAL = re.compile(r"FATAL:\s*(\S.*)")
_GHOST = re.compile(r"GHOST: WARNING: Ghost state for L =\s*(\d+)")
OF_SIESTA_4 = re.compile(r"^Siesta Version\s*:", re.MULTILINE)
"""First line of the output of SIESTA 4."""
_D3_ENERGY = re.compile(r"^siesta:\s+D3 dispersion\s*=\s*(\S+)", re.MULTILINE)
_BUILT_WITHOUT_D3 = "Need to compile with DFTD3 support"
_HEADER = "nsemx too small"
# SIESTA 5 takes n = 0 for a shell without a name, and those from there to the valence shell for semicore.
_UNNAMED_SHELL = re.compile(
    r"^---- Pseudopotential check for (\S+) *\n(?:(?!----).*\n)*?Semicore shell\(s\): 0", re.MULTILINE
)
# By default SIESTA 5 interpolates psf files onto another radial mesh, on which a good one may have ghost states.
_OF_SIESTA_5 = re.compile(r"^Version\s*:", re.MULTILINE)
_MESH_KEPT = re.compile(r"^\s*Reparametrize[-._]?Pseudos\s+\.?(?:f|n)", re.IGNORECASE | re.MULTILINE)
# Every stop of SIESTA 5, whatever its reason, is one by SIGABRT after this line.
_STOPPING = "Stopping Program from Node"


def diagnose(
    output: str | Path,
    settings: SiestaSettings,
    exit_status: int | None = None,
    error: str | Path | None = None,
    finite: bool = True,
) -> Diagnosis | None:
    """Return why a run failed, from its output files.

    Parameters
    ----------
    output : str or Path
        Standard output of SIESTA; the file MESSAGES beside it is read too.
    settings : SiestaSettings
        Its settings, with the tolerances and limits to compare with.
    exit_status : int, optional
        Exit status, negative for a signal as in `subprocess`; None if it is not known.
    error : str or Path, optional
        Standard error.
    finite : bool
        Whether the structure is finite, so that its images must not interact.

    Returns
    -------
    Diagnosis or None
        None when the run completed.
    """
    output = Path(output)
    text = _text(output)
    messages = _text(output.parent / "MESSAGES")
    stderr = _text(Path(error)) if error else ""
    written = text + messages
    completed = "Job completed" in text

    if missing := _MISSING.search(text):
        name = missing["file"]
        return Diagnosis(
            Failure.PSEUDOPOTENTIAL_MISSING,
            f"SIESTA found no pseudopotential {name} in {output.parent}: SIESTA 4 reads psf only, SIESTA 5 psml and "
            f"psf; put the file there or set 'pseudopotential_format'.",
        )
    if settings.needs_siesta_5 and OF_SIESTA_4.search(text):
        return Diagnosis(
            Failure.SIESTA_TOO_OLD,
            f"SIESTA 4 lacks {settings.needs_siesta_5} and ignores its keys; run SIESTA 5, or leave it out.",
        )
    if settings.dispersion == "d3" and (_BUILT_WITHOUT_D3 in written or (completed and _without_d3(text))):
        return Diagnosis(
            Failure.DISPERSION_MISSING,
            "This SIESTA was built without DFT-D3; take a build with it, or leave 'dispersion' out.",
        )
    if not completed and _HEADER in written:
        species = ", ".join(dict.fromkeys(_UNNAMED_SHELL.findall(text))) or "a species"
        return Diagnosis(
            Failure.PSEUDOPOTENTIAL_HEADER,
            f"SIESTA 5 cannot use the psf file of {species}: its header names fewer shells than the file has "
            "potentials (nsemx too small); append the missing shells to line 3, e.g. '3d 0.00  r= 1.00/'.",
        )
    if not completed and (ghosts := _GHOST.findall(text)):
        return _ghost_state(text, ghosts)
    if finite and IMAGES_INTERACT in written:
        return Diagnosis(
            Failure.BOX_TOO_SMALL,
            "The box is too small: SIESTA found interaction between periodic images; raise vacuum_ang.",
        )
    if "SCF_NOT_CONV" in written:
        return _unconverged_scf(text, settings)
    if completed:
        return _unconverged_geometry(text, settings)
    if "OUT_OF_TIME" in written:
        return Diagnosis(
            Failure.OUT_OF_TIME,
            "SIESTA stopped in time before the wall-clock limit; run again to resume, or raise the job's runtime.",
        )
    if _MEMORY.search(stderr) or _MEMORY.search(text):
        return Diagnosis(
            Failure.OUT_OF_MEMORY,
            "SIESTA ran out of memory; give the job more memory or spread it over more MPI ranks.",
        )
    if "GEOM_NOT_CONV" in written:
        return _unconverged_geometry(text, settings)
    if exit_status is not None and (number := _signal(exit_status)) in _STOPPED:
        return _killed(number)
    if not text.strip():
        return Diagnosis(
            Failure.NOT_STARTED, f"SIESTA wrote no output (exit status {exit_status}): {_last(stderr)}."
        )
    if exit_status is None:
        return Diagnosis(
            Failure.KILLED,
            f"The output {output.name} is incomplete: the run was interrupted; run again to resume.",
        )
    fatal = _FATAL.findall(messages)
    return Diagnosis(
        Failure.UNKNOWN,
        f"SIESTA ended with exit status {exit_status}; its last line: {_last(fatal[-1] if fatal else text)}.",
    )


def _without_d3(text: str) -> bool:
    """Return whether the energies are without DFT-D3."""
    return not any(float(energy) for energy in _D3_ENERGY.findall(text)[-1:])


def _ghost_state(text: str, channels: list[str]) -> Diagnosis:
    species = _SPECIES.findall(text)[-1]
    remedy = f"use another pseudopotential for {species}"
    if _OF_SIESTA_5.search(text) and not _MESH_KEPT.search(text) and f"{species}.psf" in text:
        remedy = f"set fdf: {{ReparametrizePseudos: false}}, or {remedy}"
    return Diagnosis(
        Failure.GHOST_STATE,
        f"The pseudopotential of {species} has a ghost state for l = {', '.join(channels)}, a spurious level below "
        f"the true one; {remedy}.",
    )


def _unconverged_scf(text: str, settings: SiestaSettings) -> Diagnosis:
    progress = Progress(settings.dm_tolerance, settings.h_tolerance_ev).feed_all(text.splitlines())
    count = len(progress.residuals)
    state = trend(progress.residuals)
    head = f"The SCF is at {state.residual:.0f} times its tolerance after {count} iterations"
    if math.isnan(state.slope):
        return Diagnosis(
            Failure.SCF_UNFINISHED, f"{head}, too few to estimate the trend; raise max_scf_iterations."
        )
    if state.remaining <= settings.max_scf_iterations:
        return Diagnosis(
            Failure.SCF_UNFINISHED,
            f"{head} and falls by {-state.slope:.2f} decades an iteration: about {state.remaining:.0f} more would "
            "suffice; raise max_scf_iterations.",
        )
    how = "does not fall" if state.slope > -1e-4 else f"falls by only {-state.slope:.4f} decades an iteration"
    return Diagnosis(
        Failure.SCF_STUCK,
        f"{head} and {how}: it is stuck; lower mixing_weight, raise mixing_history, or start from a better geometry.",
    )


def _unconverged_geometry(text: str, settings: SiestaSettings) -> Diagnosis | None:
    if "Final (unrelaxed) atomic coordinates" not in text and "GEOM_NOT_CONV" not in text:
        return None
    progress = Progress(settings.dm_tolerance, settings.h_tolerance_ev).feed_all(text.splitlines())
    return Diagnosis(
        Failure.GEOMETRY_NOT_CONVERGED,
        f"The geometry is not converged: fmax is {progress.fmax_ev_per_ang:.3f} eV/Ang after "
        f"{max(progress.forces - 1, 0)} moves of this run; raise max_steps to resume from there.",
    )


def _killed(signal_number: int) -> Diagnosis:
    if signal_number == 9:
        return Diagnosis(
            Failure.KILLED,
            "SIESTA was killed by signal 9, as a queue does at its time limit or a kernel when memory runs out; run "
            "again to resume from the last density matrix and geometry.",
        )
    return Diagnosis(
        Failure.KILLED,
        f"SIESTA was terminated by signal {signal_number}; run again to resume from the last density matrix and "
        "geometry.",
    )


def _signal(exit_status: int) -> int:
    """Return the signal of an exit status of `subprocess` (negative) or of a shell (above 128), else 0."""
    return -exit_status if exit_status < 0 else max(exit_status - 128, 0)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def _last(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip() and _STOPPING not in line]
    return lines[-1].rstrip(".") if lines else "nothing"
