"""Current at finite bias without a finite-bias calculation, in two senses that are named apart.

Linear response: T(E) is that of zero bias, and only the Fermi functions move. Rigid shift: the metal on either
side is moved by half of the bias together with its lead, the dot stays, and T(E) is computed anew. Neither lets
charge and potential answer to the bias.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qdjunction.core.errors import InputError
from qdjunction.core.units import BOLTZMANN_EV_PER_K, G0_SIEMENS
from qdjunction.transport.device import Device, dense
from qdjunction.transport.leads.base import Lead
from qdjunction.transport.observables.conductance import KERNEL_HALF_WIDTH, check_temperature, conductance
from qdjunction.transport.transmission import Transmission, transmission


def linear_response_current(
    result: Transmission, bias_v: ArrayLike, temperature_k: float = 300.0, fermi_ev: float = 0.0
) -> NDArray[np.float64]:
    """Return the current when T(E) stays that of zero bias: ``I = 2e/h integral T (f_L - f_R) dE``.

    The chemical potentials lie at ``fermi_ev +- V / 2``, the left one above for positive V. Computed as
    ``G0 integral G(mu) dmu`` over that stretch, G the thermal conductance, which is the same.

    Parameters
    ----------
    result : Transmission
        T(E) at zero bias.
    bias_v : float or (n,) array
        Bias V (V).
    temperature_k : float
        Temperature (K), larger than zero.
    fermi_ev : float
        Where the Fermi energy is put (eV).

    Returns
    -------
    (n,) array
        Current (A), positive for positive bias.

    Raises
    ------
    InputError
        If the temperature is not positive, or the energies do not hold the window of the largest bias or are
        too coarse.
    """
    check_temperature(temperature_k)
    bias = np.atleast_1d(np.asarray(bias_v, dtype=float))
    kt = BOLTZMANN_EV_PER_K * temperature_k
    current = np.empty(len(bias))
    for i, voltage in enumerate(bias):
        # G(mu) is smooth on the scale of kT; eight points for each are many.
        x, weight = np.polynomial.legendre.leggauss(16 + int(8 * abs(voltage) / kt))
        current[i] = (
            G0_SIEMENS
            * 0.5
            * voltage
            * weight
            @ np.asarray(conductance(result, temperature_k, fermi_ev + 0.5 * voltage * x))
        )
    return current


def rigid_shift(
    device: Device,
    left: Lead,
    right: Lead,
    left_metal: ArrayLike,
    right_metal: ArrayLike,
    bias_v: float,
) -> tuple[Device, Lead, Lead]:
    """Move the metal on either side, with its lead, by half of the bias.

    ``H_ij + (v_i + v_j) / 2 S_ij`` with v = V / 2 on the left metal, -V / 2 on the right one and 0 on all else.

    Parameters
    ----------
    device, left, right
        The junction at zero bias.
    left_metal, right_metal : array of int
        Device orbitals of the metal on either side, those of the lead among them.
    bias_v : float
        Bias V (V); positive lifts the left side.

    Returns
    -------
    device, left, right
        The junction under bias.

    Raises
    ------
    InputError
        If a lead is not inside its metal, or the metals share orbitals.
    """
    shift = np.zeros(device.n_orbitals)
    for side, lead, metal, half in (
        ("left", left, left_metal, 0.5 * bias_v),
        ("right", right, right_metal, -0.5 * bias_v),
    ):
        orbitals = np.asarray(metal, dtype=np.int64)
        if not np.isin(lead.orbitals, orbitals).all():
            raise InputError(f"{side} metal: the lead's orbitals are not all part of it")
        shift[orbitals] += half
    shared = np.intersect1d(left_metal, right_metal)
    if shared.size:
        raise InputError(f"metals: orbital {shared[0]} belongs to both sides")
    S = dense(device.S)
    H = dense(device.H) + 0.5 * (shift[:, None] + shift) * S
    moved = (_MovedLead(lead, half) for lead, half in ((left, 0.5 * bias_v), (right, -0.5 * bias_v)))
    return Device(H, device.S, device.orbital_atoms), *moved


def rigid_shift_current(
    device: Device,
    left: Lead,
    right: Lead,
    left_metal: ArrayLike,
    right_metal: ArrayLike,
    bias_v: ArrayLike,
    temperature_k: float = 300.0,
    fermi_ev: float = 0.0,
    step_ev: float = 0.005,
) -> NDArray[np.float64]:
    """Return the current when the levels of either side move rigidly with its chemical potential.

    Parameters
    ----------
    device, left, right, left_metal, right_metal
        As for `rigid_shift`.
    bias_v : float or (n,) array
        Bias V (V); each takes a decomposition of its own.
    temperature_k : float
        Temperature (K), larger than zero.
    fermi_ev : float
        Where the Fermi energy is put (eV).
    step_ev : float
        Step of the energies (eV).

    Returns
    -------
    (n,) array
        Current (A), positive for positive bias.

    Raises
    ------
    InputError
        As for `rigid_shift`, and if the temperature or the step is not positive.
    """
    check_temperature(temperature_k)
    if not step_ev > 0:
        raise InputError(f"energy step: {step_ev} eV; it must be larger than 0")
    bias = np.atleast_1d(np.asarray(bias_v, dtype=float))
    margin = (KERNEL_HALF_WIDTH + 1) * BOLTZMANN_EV_PER_K * temperature_k
    current = np.empty(len(bias))
    for i, voltage in enumerate(bias):
        half = 0.5 * abs(voltage) + margin
        energies = fermi_ev + np.linspace(-half, half, max(3, 2 * round(half / step_ev) + 1))
        biased = rigid_shift(device, left, right, left_metal, right_metal, float(voltage))
        result = transmission(*biased, energies)
        current[i] = linear_response_current(result, voltage, temperature_k, fermi_ev)[0]
    return current


class _MovedLead:
    """A lead with its zero of energy moved."""

    def __init__(self, lead: Lead, shift_ev: float) -> None:
        self.orbitals = lead.orbitals
        self.description = f"{lead.description}, moved by {shift_ev:g} eV"
        self._lead, self._shift = lead, shift_ev

    def self_energy(self, energy_ev: ArrayLike) -> NDArray[np.complex128]:
        """Return the self-energy (eV) at one energy or many."""
        return self._lead.self_energy(np.asarray(energy_ev, dtype=float) - self._shift)
