"""Corrections that change how a calculation converges, never what it converges to."""

from dataclasses import asdict, dataclass, replace
from typing import Any

from qdjunction.engine.siesta.diagnosis import Failure
from qdjunction.engine.siesta.inputs import Mixing

MOST = 3
"""Largest number of corrections in one job."""


@dataclass(frozen=True)
class Correction:
    """One correction.

    Attributes
    ----------
    failure : Failure
        Failure that it corrects.
    action : str
        Description of the correction.
    mixing : Mixing
        Mixing of the next try.
    delete : tuple of str
        Suffixes of the files to delete first.
    """

    failure: Failure
    action: str
    mixing: Mixing
    delete: tuple[str, ...] = ()

    def record(self, before: Mixing) -> dict[str, Any]:
        """Return the record for ``status.json``: the failure, the action and each changed setting, old and new."""
        old, new = asdict(before), asdict(self.mixing)
        changed = {key: [old[key], new[key]] for key in old if old[key] != new[key]}
        return {"failure": str(self.failure), "action": self.action, "changed": changed}


def correction(failure: Failure, mixing: Mixing, made: int) -> Correction | None:
    """Return the correction for a failure.

    Parameters
    ----------
    failure : Failure
        What went wrong.
    mixing : Mixing
        Mixing of the try that failed.
    made : int
        Corrections that the job has made already.

    Returns
    -------
    Correction or None
        None when no correction of this kind helps, or after `MOST` corrections.
    """
    if made >= MOST:
        return None
    match failure:
        case Failure.SCF_UNFINISHED:
            return Correction(failure, "resume from the density matrix that was reached", mixing)
        case Failure.SCF_STUCK:
            calmer = replace(mixing, weight=mixing.weight / 2, history=min(2 * mixing.history, 20))
            return Correction(
                failure, "mix half as much with twice the history, from neutral atoms", calmer, delete=("DM",)
            )
        case Failure.MATRICES_DAMAGED:
            return Correction(
                failure, "write H and S again from the density matrix", mixing, delete=("HSX", "TSHS", "nc")
            )
    return None
