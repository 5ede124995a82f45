"""Tight-binding chain as a model of the sliding experiment: one lead stays on site 1, the other moves along.

Zheng et al., Nat. Commun. 10, 5458 (2019) use an 8-site diatomic chain with lead L on site 1 and lead R on each of
sites 2 to 8 in turn. The defaults here are this project's choice, not values from that paper.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qdjunction.core.errors import InputError
from qdjunction.interference.decay_spectrum import DecaySpectrum, decay_spectrum


@dataclass(frozen=True)
class DiatomicChain:
    """A finite chain of two alternating kinds of sites, with an orthogonal basis and nearest-neighbour hopping.

    Attributes
    ----------
    sites : int
        Number of sites, at least 2.
    onsite_ev : float
        Site energies are +onsite on odd sites (1, 3, ...) and -onsite on even sites (eV); the gap of the infinite
        chain is then between ``-|onsite|`` and ``+|onsite|``.
    hopping_ev : float
        Hopping between neighbours (eV); its sign does not affect the transmission.
    gamma_ev : float
        Wide-band coupling of each lead to its one site (eV): Sigma = -i gamma / 2.
    """

    sites: int = 8
    onsite_ev: float = 0.5
    hopping_ev: float = -1.0
    gamma_ev: float = 1.0

    def __post_init__(self) -> None:
        if self.sites < 2:
            raise InputError(f"the chain has {self.sites} sites; it needs at least 2")
        if self.hopping_ev == 0:
            raise InputError("the chain's hopping is 0 eV; nothing would be transmitted")
        if not self.gamma_ev > 0:
            raise InputError(f"the chain's lead coupling gamma is {self.gamma_ev} eV; it must be positive")

    @property
    def gap_ev(self) -> tuple[float, float]:
        """Band edges of the infinite chain (eV)."""
        return -abs(self.onsite_ev), abs(self.onsite_ev)

    def gap_energies(self, count: int = 401) -> NDArray[np.float64]:
        """Return the midpoints of `count` equal cells of the gap (eV), shape (count,).

        None lies on a band edge, where E equals a site energy and contacts with an odd stub behind them transmit
        exactly nothing.
        """
        low, high = self.gap_ev
        return low + (high - low) * (np.arange(count) + 0.5) / count

    def hamiltonian(self) -> NDArray[np.float64]:
        """Return H as a (sites, sites) array (eV)."""
        kinds = self.onsite_ev * (-1.0) ** np.arange(self.sites)
        bonds = np.full(self.sites - 1, self.hopping_ev)
        return np.diag(kinds) + np.diag(bonds, 1) + np.diag(bonds, -1)

    def transmissions(self, energies_ev: ArrayLike) -> NDArray[np.float64]:
        """Return T(E) between site 1 and each of the sites 2 .. `sites`, as a (sites - 1, n_e) array.

        ``T = gamma^2 |G_1j|^2`` with G = (E - H - Sigma_1 - Sigma_j)^-1. The closed form is
        G_1j = h^(j-1) det(E - H of sites j+1 .. N) / det(E - H - Sigma_1 - Sigma_j): for a contact in the middle
        the rest of the chain is a stub; the end contact has none.
        """
        energies = np.asarray(energies_ev, dtype=float)
        n = self.sites
        bare = energies[:, None, None] * np.eye(n) - self.hamiltonian()
        contacts = np.arange(1, n)
        inverse_g = np.broadcast_to(bare, (n - 1, *bare.shape)).astype(complex)
        inverse_g[:, :, 0, 0] += 0.5j * self.gamma_ev
        inverse_g[contacts - 1, :, contacts, contacts] += 0.5j * self.gamma_ev
        unit = np.eye(n)[:, :1]
        column = np.linalg.solve(inverse_g, np.broadcast_to(unit, (*inverse_g.shape[:2], n, 1)))[..., 0]
        return self.gamma_ev**2 * np.abs(column[contacts - 1, :, contacts]) ** 2

    def spectrum(
        self,
        energies_ev: ArrayLike,
        *,
        spacing_ang: float = 3.0,
        threshold_decades: float = 0.4,
        confidence: float = 0.95,
    ) -> DecaySpectrum:
        """Return the decay over sites 2 .. N-1 and the verdict on site N at every energy, with shares over the gap.

        Parameters
        ----------
        energies_ev : (n_e,) array
            Energies (eV), zero in the middle of the gap; `gap_energies` returns a suitable grid.
        spacing_ang : float
            Distance between neighbouring sites (Ang); it only scales beta.
        threshold_decades, confidence : float
            As in `find_jump`.

        Returns
        -------
        DecaySpectrum

        Raises
        ------
        InputError
            If the chain has fewer than 4 sites.

        See Also
        --------
        decay_spectrum : the same for any series of contacts
        """
        if self.sites < 4:
            raise InputError(
                f"a chain of {self.sites} sites has no decay and last site to compare; it needs at least 4"
            )
        return decay_spectrum(
            energies_ev,
            spacing_ang * np.arange(1, self.sites),
            self.transmissions(energies_ev),
            window_ev=self.gap_ev,
            contacts=[f"site {j}" for j in range(2, self.sites + 1)],
            threshold_decades=threshold_decades,
            confidence=confidence,
        )
