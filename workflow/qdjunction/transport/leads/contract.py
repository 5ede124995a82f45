"""Interface of a kind of lead: its settings, which attach it to a device, and its form on the command line."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from qdjunction.core.errors import InputError
from qdjunction.core.limits import Coupling, check_value
from qdjunction.core.schema import Section
from qdjunction.transport.device import Device
from qdjunction.transport.leads.base import Lead

K = tuple[float, float, float]
"""A reduced k point."""

GAMMA: K = (0.0, 0.0, 0.0)


class LeadSettings(Section):
    """Settings of the leads of a junction, which attach the leads to a device."""

    kind: str
    """Name of the kind; a literal in each subclass."""

    @abstractmethod
    def attach(
        self, device: Device, left_atoms: ArrayLike, right_atoms: ArrayLike, k: K = GAMMA
    ) -> tuple[Device, Lead, Lead]:
        """Return the device that remains to be solved, and the left and the right lead on it.

        Parameters
        ----------
        device : Device
            H and S, folded to `k`.
        left_atoms, right_atoms : array of int
            Atoms of the lead regions.
        k : 3 floats
            Reduced k point.

        Raises
        ------
        InputError or TransportError
            If leads of this kind cannot be attached to these atoms.
        """

    def prepared(
        self,
        cache: str | Path | None = None,
        spin: int | None = None,
        electrode: str | Path | None = None,
    ) -> Self:
        """Return the same leads with the values that belong to a run and not to the configuration.

        Parameters
        ----------
        cache : path, optional
            Folder that keeps surface Green's functions.
        spin : int, optional
            Spin of a collinear calculation: 0 for up, 1 for down.
        electrode : path, optional
            File of the electrode that a study has computed.
        """
        return self

    @property
    def files(self) -> dict[str, str]:
        """Files that the leads are read from, by their keys."""
        return {}

    @property
    def k_grid(self) -> tuple[int, int]:
        """Numbers of k points across the transport direction in the settings."""
        return 1, 1


@dataclass(frozen=True)
class LeadKind:
    """A kind of lead as the registry knows it.

    Attributes
    ----------
    name : str
        Name in configurations and on the command line.
    Settings : type of LeadSettings
        Model of its keys; those named `eta_ev` and `electrode_fermi_ev` are also options of the command line.
    form : str
        An example of its text on the command line.
    read : callable
        Takes the text after the colon, None without one, and returns keys of `Settings`; it raises ValueError for text
        that cannot be read.
    all_metal : bool
        Whether the lead region of a study's junction is all metal of a side rather than its outermost layers.
    on_surfaces : bool
        Whether a study has the tips of these leads on periodic surfaces and computes their electrode.
    not_in_study : str
        Why the junctions that a study builds cannot have such leads; empty if they can.
    """

    name: str
    Settings: type[LeadSettings]
    form: str
    read: Callable[[str | None], Mapping[str, Any]]
    all_metal: bool = False
    on_surfaces: bool = False
    not_in_study: str = ""


def read_coupling(text: str | None) -> dict[str, float]:
    """Read what follows the colon of ``wide-band:1.0``: the key `coupling_ev` (eV).

    Raises
    ------
    ValueError
        If it is not a number.
    InputError
        If it is out of range.
    """
    return {} if text is None else {"coupling_ev": check_value(Coupling, float(text), "the coupling (eV)")}


def check_apart(left_atoms: ArrayLike, right_atoms: ArrayLike) -> None:
    """Check that no atom is named for both sides.

    Raises
    ------
    InputError
        If one is.
    """
    shared = np.intersect1d(left_atoms, right_atoms)
    if shared.size:
        raise InputError(f"leads: atom {shared[0]} belongs to both sides; give each lead its own atoms")
