"""Cluster leads: the finite tips serve as electrodes, with all their levels broadened equally."""

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qdjunction.core.errors import InputError
from qdjunction.core.limits import Coupling
from qdjunction.transport.device import Device, solve_eigenproblem
from qdjunction.transport.leads.base import Lead, cut_ends
from qdjunction.transport.leads.contract import GAMMA, K, LeadKind, LeadSettings, read_coupling


class ClusterLead:
    """A finite metal cluster as a lead, on the orbitals that it couples to; returned by `attach_clusters`.

    With the solutions ``H_M X = S_M X e`` of the metal and a broadening g of each level
    ``Sigma = V (E + i g / 2 - e)^-1 V^dagger``, ``V = (E S - H)_DM X``. That is a wide-band lead on all of the
    metal, ``Gamma = g S_M``, folded onto the orbitals that the metal couples to.
    """

    def __init__(
        self,
        orbitals: NDArray[np.int64],
        coupling_H: NDArray[Any],
        coupling_S: NDArray[Any],
        metal: Device,
        coupling_ev: float,
    ) -> None:
        self.orbitals = orbitals
        self.coupling_ev = coupling_ev
        self.levels_ev, states = solve_eigenproblem(
            *(metal.block(name, np.arange(metal.n_orbitals)) for name in ("H", "S"))
        )
        self._H, self._S = coupling_H @ states, coupling_S @ states
        self.description = f"cluster of {metal.n_orbitals} orbitals, each level {coupling_ev:g} eV wide"

    def self_energy(self, energy_ev: ArrayLike) -> NDArray[np.complex128]:
        """Return the self-energy (eV) at one energy or many."""
        energies = np.asarray(energy_ev, dtype=float)
        into = energies[..., None, None] * self._S - self._H
        weight = 1.0 / (energies[..., None] + 0.5j * self.coupling_ev - self.levels_ev)
        return np.asarray((into * weight[..., None, :]) @ into.conj().swapaxes(-1, -2))


def attach_clusters(
    device: Device, left_orbitals: ArrayLike, right_orbitals: ArrayLike, coupling_ev: float
) -> tuple[Device, ClusterLead, ClusterLead]:
    """Replace the metal at both ends of a device by cluster leads.

    Parameters
    ----------
    device : Device
        H and S.
    left_orbitals, right_orbitals : array of int
        All orbitals of the metal on either side.
    coupling_ev : float
        Broadening g of each level of the metal (eV).

    Returns
    -------
    inner : Device
        The device between the clusters, with the same atom numbers.
    left_lead, right_lead : ClusterLead
        Leads on `inner`.

    Raises
    ------
    InputError
        If `coupling_ev` is not positive.
    TransportError
        If the clusters share orbitals, couple to each other, or couple to nothing.

    See Also
    --------
    attach_electrodes : bulk electrodes in place of clusters
    WideBandLead : the same broadening with the metal kept in the device
    """
    if not (np.isfinite(coupling_ev) and coupling_ev > 0):
        raise InputError(f"cluster lead: coupling is {coupling_ev} eV; it must be larger than 0")
    regions = tuple(np.asarray(region, dtype=np.int64) for region in (left_orbitals, right_orbitals))
    inner, contacts = cut_ends(device, *regions)
    leads = []
    for region, (coupled, H, S) in zip(regions, contacts, strict=True):
        metal = Device(device.block("H", region), device.block("S", region))
        leads.append(ClusterLead(coupled, H, S, metal, float(coupling_ev)))
    return inner, leads[0], leads[1]


class Cluster(LeadSettings):
    """Cluster leads: all metal of either side, with all its levels broadened equally."""

    kind: Literal["cluster"] = "cluster"
    """Cluster leads, made of all layers of the tips."""
    coupling_ev: Coupling = 1.0
    """Broadening g of each level (eV). Below 1e-3 eV levels are narrower than any energy step, above 10 eV wider than
    the sp band of gold."""

    def attach(
        self, device: Device, left_atoms: ArrayLike, right_atoms: ArrayLike, k: K = GAMMA
    ) -> tuple[Device, Lead, Lead]:
        """Return the device without the metal, which these atoms are, and the leads on it."""
        left, right = (device.orbitals_of(atoms) for atoms in (left_atoms, right_atoms))
        return attach_clusters(device, left, right, self.coupling_ev)


KIND = LeadKind("cluster", Cluster, "cluster:1.0 (coupling in eV)", read_coupling, all_metal=True)
