"""Energies, leads, k points and spins in the form of the command line."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qdjunction.core.errors import InputError
from qdjunction.core.limits import Eta, check_value, checked_energies, energy_grid
from qdjunction.core.schema import validate
from qdjunction.transport.leads.contract import LeadSettings
from qdjunction.transport.leads.registry import LEADS


def parse_energies(text: str, where: str = "energies") -> NDArray[np.float64]:
    """Read energies in eV: ``start:stop:step`` with both ends, or a list ``-1,0,0.5``; errors begin with `where`.

    Returns
    -------
    (n_energies,) array
        Energies (eV).

    Raises
    ------
    InputError
        If the text has another form, the range is empty, the step does not lead from start to stop, or an energy is too
        far from E_F.
    """
    form = "write start:stop:step, as in -2:2:0.01, or a list, as in -1,0,0.5"
    pieces = text.split(":")
    try:
        if len(pieces) == 1:
            values = np.array([float(piece) for piece in text.split(",")])
        elif len(pieces) == 3:
            first, last, step = (float(piece) for piece in pieces)
            return energy_grid(first, last, step, where)
        else:
            raise ValueError
    except ValueError as error:
        raise InputError(f"{where}: {text!r} cannot be read; {form}") from error
    if not np.isfinite(values).all():
        raise InputError(f"{where}: {text!r} holds a value that is not finite; {form}")
    return checked_energies(values + 0.0, where)


def parse_leads(
    text: str,
    eta_ev: float | None = None,
    cache: Path | None = None,
    *,
    spin: int | None = None,
    electrode_fermi_ev: float | None = None,
) -> LeadSettings:
    """Read the choice of leads: ``wide-band:1.0``, ``cluster:1.0``, ``wire`` or ``bulk:electrode.TSHS``.

    Parameters
    ----------
    text : str
        The name of a kind and, after a colon, its value; couplings in eV.
    eta_ev : float, optional
        Imaginary part of the energy inside wires and bulk electrodes (eV), in place of their defaults.
    cache : Path, optional
        Folder that keeps the surface Green's functions of bulk electrodes.
    spin : int, optional
        Spin of a collinear bulk electrode: 0 for up, 1 for down.
    electrode_fermi_ev : float, optional
        Fermi energy in the zero of the bulk electrode's file (eV), for files that do not state it.

    Returns
    -------
    LeadSettings
        Settings whose ``attach(device, left_atoms, right_atoms, k)`` returns the device to solve and its two
        leads. Clusters and bulk electrodes are removed from the device; the other kinds return it unchanged.

    Raises
    ------
    InputError
        If the kind is unknown, its value or eta cannot be read or is out of range, or the kind has no such option.
    """
    name, colon, value = text.partition(":")
    forms = ", ".join(kind.form for kind in LEADS.values())
    if name not in LEADS:
        raise InputError(f"leads: {text!r} cannot be read; write one of {forms}")
    kind = LEADS[name]
    try:
        given = dict(kind.read(value if colon else None))
    except ValueError as error:
        raise InputError(f"leads: {text!r} cannot be read; write one of {forms}") from error
    except InputError as error:
        raise InputError(f"leads: {text!r}: {error}") from error
    own = kind.Settings.model_fields
    if eta_ev is not None:
        if "eta_ev" not in own:
            others = " or ".join(other for other in LEADS if "eta_ev" in LEADS[other].Settings.model_fields)
            raise InputError(f"eta: {name} leads have none; leave it out, or take {others} leads")
        given["eta_ev"] = check_value(Eta, eta_ev, "eta (eV)")
    if electrode_fermi_ev is not None:
        if "electrode_fermi_ev" not in own:
            raise InputError(f"--electrode-fermi: {name} leads are not read from a file; leave it out")
        given["electrode_fermi_ev"] = electrode_fermi_ev
    return validate(kind.Settings, given, f"leads: {text!r}").prepared(cache, spin)


def parse_kpoints(text: str) -> tuple[int, int]:
    """Read numbers of transverse k points: ``4x4``, or ``4`` for the same along both directions.

    Raises
    ------
    InputError
        If the text has another form or a number is below 1.
    """
    parts = text.lower().split("x")
    if len(parts) > 2 or not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise InputError(f"k points: {text!r} cannot be read; write 4x4, or 1 for the Gamma point")
    return int(parts[0]), int(parts[-1])


def parse_spin(text: str) -> int:
    """Read a spin direction: ``up`` or ``0``, ``down`` or ``1``.

    Raises
    ------
    InputError
        If the text has another form.
    """
    spins = {"up": 0, "0": 0, "down": 1, "1": 1}
    if text not in spins:
        raise InputError(f"--spin = {text!r}: is not a spin direction; write up or down")
    return spins[text]
