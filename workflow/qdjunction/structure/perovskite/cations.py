"""The A-site cations: a Cs atom, or methylammonium with a given orientation."""

import numpy as np
from ase import Atoms
from ase.constraints import Hookean
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from scipy.spatial.transform import Rotation

C_N_ANG = 1.49
C_H_ANG = 1.09
N_H_ANG = 1.03
"""Bond lengths of CH3NH3+ (Ang)."""

_N_H_BONDED_ANG = 1.25
"""Longest N-H distance that counts as a bond (Ang)."""

CONE_DEG = 45.0
"""Largest angle (degrees) of a random axis with the inward direction at the surface. Farther out NH3 leaves the halides
that bind it, and a relaxation may transfer protons."""

_TETRAHEDRAL = np.arccos(-1 / 3)


def methylammonium() -> Atoms:
    """Return CH3NH3+ in its staggered C3v form: C-N along z, N up, middle of the C-N bond at the origin.

    Every angle is the tetrahedral one. Order of the atoms: C, N, three H of C, three H of N.
    """
    carbon, nitrogen = np.array([0, 0, -C_N_ANG / 2]), np.array([0, 0, C_N_ANG / 2])
    radial, axial = np.sin(_TETRAHEDRAL), np.cos(_TETRAHEDRAL)
    azimuths = np.deg2rad([0.0, 120.0, 240.0])
    ring = np.column_stack([np.cos(azimuths), np.sin(azimuths), np.zeros(3)])
    # The bond C->N leaves along +z, hence the methyl hydrogens lean to -z; staggered: the other ring is
    # rotated by 180 degrees.
    methyl = carbon + C_H_ANG * (radial * ring + [0, 0, axial])
    ammonium = nitrogen + N_H_ANG * (-radial * ring - [0, 0, axial])
    return Atoms("CNH3H3", positions=np.vstack([carbon, nitrogen, methyl, ammonium]))


def ammonium_springs(atoms: Atoms) -> list[Hookean]:
    """Return springs that keep the protons of ammonium groups in place while the rest of a new dot relaxes.

    On the ideal lattice the dot is so far from its minimum that a free relaxation can transfer protons to terminal
    halides and end with methylamine and HX. A spring (30 eV/Ang^2) pulls only when an N-H bond is longer than 1.05 Ang.

    Returns
    -------
    list of ase.constraints.Hookean
        One for each N-H bond; none in a dot without ammonium.
    """
    nitrogen = np.flatnonzero(atoms.symbols == "N")
    hydrogen = np.flatnonzero(atoms.symbols == "H")
    distances = cdist(atoms.positions[nitrogen], atoms.positions[hydrogen])
    bonds = np.argwhere(distances < _N_H_BONDED_ANG)
    return [Hookean(a1=int(nitrogen[n]), a2=int(hydrogen[h]), rt=1.05, k=30.0) for n, h in bonds]


def cation_axis(site: NDArray[np.float64], pb: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the unit vector from C to N of a cation on an A site, in lattice coordinates.

    At the surface NH3+ points inwards, to the centroid of the Pb next to the site, among the halides that bind it. In
    the bulk, where that centroid is the site itself, it points along [110] to the halide in the middle of a cage edge,
    and in the opposite direction on every second site, so that the dipoles cancel.

    Parameters
    ----------
    site : (3,) array
        Half-integer coordinates of the A site.
    pb : (n, 3) array
        Coordinates of the Pb.
    """
    axis = _inwards(site, pb)
    if np.linalg.norm(axis) <= 1e-9:
        parity = int(np.floor(site).sum()) % 2
        axis = np.array([1.0, 1.0, 0.0]) * (1 - 2 * parity)
    return axis / np.linalg.norm(axis)


def random_cation_axis(
    site: NDArray[np.float64], pb: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return an axis as `cation_axis` does, drawn at random among those at which ammonium finds its halides.

    In the bulk it is one of the twelve [110] directions, to the halides in the middles of the cage edges. At the
    surface it is spread evenly over a cone of `CONE_DEG` about the inward direction.
    """
    inwards = _inwards(site, pb)
    if np.linalg.norm(inwards) <= 1e-9:
        edges = [v for v in np.ndindex(3, 3, 3) if sum(c != 1 for c in v) == 2]
        axis = np.array(edges[int(rng.integers(len(edges)))], dtype=float) - 1
        chosen: NDArray[np.float64] = axis / np.linalg.norm(axis)
        return chosen
    # Even over the solid angle: the cosine is uniform.
    cosine, azimuth = rng.uniform(np.cos(np.deg2rad(CONE_DEG)), 1), rng.uniform(0, 2 * np.pi)
    sine = np.sqrt(1 - cosine**2)
    local = np.array([sine * np.cos(azimuth), sine * np.sin(azimuth), cosine])
    turned: NDArray[np.float64] = _rotation_onto(inwards / np.linalg.norm(inwards)).apply(local)
    return turned


def _inwards(site: NDArray[np.float64], pb: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sum of the vectors from an A site to the Pb next to it; zero in the bulk."""
    inwards: NDArray[np.float64] = (pb[np.abs(pb - site).max(axis=1) < 0.75] - site).sum(axis=0)
    return inwards


def place_cation(
    cation: str, site_ang: NDArray[np.float64], axis: NDArray[np.float64], halides_ang: NDArray[np.float64]
) -> Atoms:
    """Return a cation placed on an A site.

    Methylammonium is rotated about its axis, in steps of 1 degree, to the angle at which its three N-H point at the
    nearest halides: the first that minimises the sum over H of the distance to the nearest halide.

    Parameters
    ----------
    cation : str
        ``MA`` or ``Cs``.
    site_ang : (3,) array
        Position of the site (Ang).
    axis : (3,) array
        Unit vector from C to N; not used for Cs.
    halides_ang : (n, 3) array
        Positions of the halides (Ang).
    """
    if cation == "Cs":
        return Atoms("Cs", positions=[site_ang])
    molecule = methylammonium()
    upright = _rotation_onto(axis)
    # C3v: a rotation by 120 degrees changes nothing.
    rotations = upright * Rotation.from_rotvec(np.outer(np.arange(120), [0, 0, 1]), degrees=True)
    ammonium = site_ang + np.einsum("nij,hj->nhi", rotations.as_matrix(), molecule.positions[-3:])
    near = halides_ang[np.linalg.norm(halides_ang - site_ang, axis=1).argsort(kind="stable")[:12]]
    costs = cdist(ammonium.reshape(-1, 3), near).min(axis=1).reshape(-1, 3).sum(axis=1)
    best = int(np.argmin(np.round(costs, 9)))
    molecule.positions = site_ang + rotations[best].apply(molecule.positions)
    return molecule


def _rotation_onto(axis: NDArray[np.float64]) -> Rotation:
    """Return a rotation that takes z to `axis`, with a fixed choice of the angle about it."""
    helper = np.eye(3)[np.argmin(np.round(np.abs(axis), 9))]
    x = np.cross(helper, axis)
    x /= np.linalg.norm(x)
    return Rotation.from_matrix(np.column_stack([x, np.cross(axis, x), axis]))
