"""Current at finite bias without a finite-bias calculation, in two approximations.

Linear response: T(E) is that at zero bias, and only the Fermi functions shift. Rigid shift: the metal on either side is
shifted by half of the bias together with its lead, the dot is not, and T(E) is computed at each bias. In neither of
them do charge and potential respond to the bias.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, model_validator

from qdjunction.core.errors import InputError
from qdjunction.core.limits import KERNEL_HALF_WIDTH, Temperature
from qdjunction.core.units import BOLTZMANN_EV_PER_K, G0_SIEMENS
from qdjunction.transport.device import Device, dense
from qdjunction.transport.leads.base import Lead
from qdjunction.transport.leads.registry import LEADS
from qdjunction.transport.observables.conductance import check_temperature, check_window, conductance
from qdjunction.transport.observables.contract import (
    JunctionContext,
    Observable,
    ObservableSettings,
    dataset,
    quantity,
)
from qdjunction.transport.transmission import Transmission, transmission

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes


def linear_response_current(
    result: Transmission, bias_v: ArrayLike, temperature_k: float = 300.0, fermi_ev: float = 0.0
) -> NDArray[np.float64]:
    """Return the current with T(E) at zero bias: ``I = 2e/h integral T (f_L - f_R) dE``.

    The chemical potentials lie at ``fermi_ev +- V / 2``, the left one above for positive V. The current is computed
    as the equivalent integral of the thermal conductance between them, ``G0 integral G(mu) dmu``.

    Parameters
    ----------
    result : Transmission
        T(E) at zero bias.
    bias_v : float or (n,) array
        Bias V (V).
    temperature_k : float
        Temperature (K), larger than zero.
    fermi_ev : float
        Fermi energy, relative to the computed one (eV).

    Returns
    -------
    (n,) array
        Current (A), positive for positive bias.

    Raises
    ------
    InputError
        If the temperature is not positive, or the energies do not cover the window of the largest bias or are too
        coarse.

    See Also
    --------
    rigid_shift_current : with T(E) at each bias
    """
    check_temperature(temperature_k)
    bias = np.atleast_1d(np.asarray(bias_v, dtype=float))
    kt = BOLTZMANN_EV_PER_K * temperature_k
    current = np.empty(len(bias))
    for i, voltage in enumerate(bias):
        # G(mu) is smooth on the scale of kT; eight points per kT are ample.
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
    """Shift the metal on either side, with its lead, by half of the bias.

    ``H_ij + (v_i + v_j) / 2 S_ij`` with v = V / 2 on the left metal, -V / 2 on the right one and 0 on all else.

    Parameters
    ----------
    device, left, right
        The junction at zero bias.
    left_metal, right_metal : array of int
        Device orbitals of the metal on either side, those of the lead among them.
    bias_v : float
        Bias V (V); positive raises the left side.

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
    biased = replace(device, H=H, cell=None)
    return biased, _ShiftedLead(left, 0.5 * bias_v), _ShiftedLead(right, -0.5 * bias_v)


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
    """Return the current with the levels of either side shifted rigidly with its chemical potential.

    Parameters
    ----------
    device, left, right, left_metal, right_metal
        As for `rigid_shift`.
    bias_v : float or (n,) array
        Bias V (V); each one requires a decomposition.
    temperature_k : float
        Temperature (K), larger than zero.
    fermi_ev : float
        Fermi energy, relative to the computed one (eV).
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

    See Also
    --------
    linear_response_current : with T(E) at zero bias
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


class _ShiftedLead:
    """A lead with its energies shifted."""

    def __init__(self, lead: Lead, shift_ev: float) -> None:
        self.orbitals = lead.orbitals
        self.description = f"{lead.description}, shifted by {shift_ev:g} eV"
        self._lead, self._shift = lead, shift_ev

    def self_energy(self, energy_ev: ArrayLike) -> NDArray[np.complex128]:
        """Return the self-energy (eV) at one energy or many."""
        return self._lead.self_energy(np.asarray(energy_ev, dtype=float) - self._shift)


class CurrentVoltageSettings(ObservableSettings):
    """Current against bias, with T(E) at zero bias and with the metal on either side shifted by half of the bias."""

    kind: Literal["current-voltage"] = "current-voltage"
    """Current against bias."""
    bias_max_v: float = Field(default=0.5, gt=0, le=10)
    """Largest bias of either sign (V). T(E) must cover half of it and the thermal window on either side."""
    bias_step_v: float = Field(default=0.05, gt=0, le=1)
    """Step of the bias (V)."""
    temperature_k: Temperature = 300.0
    """Temperature of the electrodes (K). Gold melts at 1337 K."""
    rigid_shift: bool = False
    """Also compute T(E) at each bias, with the metal on either side shifted by half of it; each bias requires a
    decomposition."""
    energy_step_ev: float = Field(default=0.005, gt=0, le=0.1)
    """Step of the energies of these T(E) (eV)."""

    @property
    def bias_v(self) -> NDArray[np.float64]:
        """The bias (V), ascending and symmetric about zero, (n_bias,)."""
        steps = round(self.bias_max_v / self.bias_step_v)
        return np.round(self.bias_step_v * np.arange(-steps, steps + 1), 12)

    @model_validator(mode="after")
    def _check_steps(self) -> Self:
        steps = self.bias_max_v / self.bias_step_v
        if round(steps) < 1 or abs(steps - round(steps)) > 1e-6:
            raise ValueError(
                f"bias_max_v: {self.bias_max_v:g} V is no multiple of bias_step_v, {self.bias_step_v:g} V; change one "
                "of them"
            )
        return self

    def check(self, energies_ev: NDArray[np.float64]) -> None:
        """Check that the energies (eV) cover the window of the largest bias.

        Raises
        ------
        InputError
            If they do not, or are too coarse.
        """
        kt = BOLTZMANN_EV_PER_K * self.temperature_k
        check_window(np.unique(energies_ev), 0.5 * self.bias_v, kt, KERNEL_HALF_WIDTH)


def compute(context: JunctionContext, settings: CurrentVoltageSettings) -> xarray.Dataset:
    """Return the current (A) against bias, averaged over k.

    Raises
    ------
    InputError
        If the metal is to be shifted but belongs to the leads.
    """
    bias, temperature = settings.bias_v, settings.temperature_k
    variables = {}
    if settings.rigid_shift:
        if LEADS[context.leads.kind].all_metal:
            raise InputError(
                f"rigid_shift: {context.leads.kind} leads hold all metal of a side, so that none is left to shift; "
                "take wide-band leads, or leave rigid_shift out"
            )

        def shifted(device: Device, left: Lead, right: Lead) -> NDArray[np.float64]:
            metals = context.metal_orbitals(device)
            return rigid_shift_current(
                device, left, right, *metals, bias, temperature, step_ev=settings.energy_step_ev
            )

        variables["current_rigid_shift"] = quantity(
            "bias",
            context.average(shifted),
            "A",
            "current with the metal on either side shifted by half of the bias",
        )
    linear = linear_response_current(context.transmission, bias, temperature)
    variables["current"] = quantity("bias", linear, "A", "current with T(E) at zero bias")
    return dataset(
        variables,
        {"bias": quantity("bias", bias, "V", "bias, positive if the left side is raised")},
        temperature_k=temperature,
    )


def draw(data: xarray.Dataset, axes: Axes) -> None:
    """Draw the current against bias."""
    labels = {"current": "T(E) at zero bias", "current_rigid_shift": "metal shifted with the bias"}
    for name, label in labels.items():
        if name in data:
            axes.plot(data["bias"], 1e9 * data[name], label=label)
    axes.set_xlabel("bias (V)")
    axes.set_ylabel("current (nA)")
    axes.legend()


KIND = Observable(
    "current-voltage",
    "Current against bias",
    "Current against bias from T(E) at zero bias and, if computed, from T(E) with the metal on either side shifted by "
    "half of the bias; charge and potential do not respond.",
    CurrentVoltageSettings,
    compute,
    draw,
)
