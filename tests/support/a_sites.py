"""Energy of filled A sites."""

import numpy as np
from scipy.spatial.distance import cdist, pdist

from qdjunction.structure.perovskite.lattice import LatticeVector, Site, halide_sites


def a_site_energy(pb_sites: tuple[LatticeVector, ...], filled: tuple[Site, ...]) -> float:
    """Return the energy of point charges at the filled A sites, among themselves and with all Pb and X."""
    sites = np.array(filled)
    with_pb = (2 / cdist(sites, np.array(pb_sites))).sum()
    with_halides = -(1 / cdist(sites, np.array(halide_sites(pb_sites)))).sum()
    return float(with_pb + with_halides + (1 / pdist(sites)).sum())
