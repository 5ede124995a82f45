"""One method to solve a system a file; each defines ``KIND``, a `Peer`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from system import System

Solve = Callable[[System], Sequence[float]]


class MissingError(Exception):
    """A program or package that a peer needs is not there; the message says which."""


@dataclass(frozen=True)
class Peer:
    """A method or another program behind one interface.

    Attributes
    ----------
    name : str
        Its name in tables.
    settings : str
        How it is run, for tables.
    leads : tuple of str
        Kinds of leads that it solves.
    version : callable
        Returns the version of what does the work; raises `MissingError`.
    prepare : callable
        Takes a `System`, does what is done once, and returns a function without arguments that returns T.
    all_energies : bool
        Whether the function solves at all energies of the system, or at its spots.
    most_orbitals : int
        Largest system that it is run on, so that a run ends.
    """

    name: str
    settings: str
    leads: tuple[str, ...]
    version: Callable[[], str]
    prepare: Callable[[System], Callable[[], Sequence[float]]]
    all_energies: bool = False
    most_orbitals: int = 4000


def names() -> list[str]:
    """Return the names of the files, each of which holds one peer."""
    return sorted(path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_"))


def load(name: str) -> Peer:
    """Return the peer of a file."""
    return import_module(f"peers.{name}").KIND


def numpy_version() -> str:
    """Return the versions of NumPy and SciPy."""
    import numpy
    import scipy

    return f"NumPy {numpy.__version__}, SciPy {scipy.__version__}"


def dense(system: System, spot: int) -> Any:
    """Return ``E S - H - Sigma`` at a spot, (n, n)."""
    import numpy as np

    energy = system.energies_ev[system.spots[spot]]
    matrix = (energy * system.S - system.H).toarray(order="F").astype(complex)
    for orbitals, sigma in zip((system.left, system.right), system.sigma(spot), strict=True):
        matrix[np.ix_(orbitals, orbitals)] -= sigma
    return matrix
