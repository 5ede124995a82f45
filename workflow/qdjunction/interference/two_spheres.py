"""Charges in a dielectric sphere beside another one: shifts of a dot by the polarisation of its neighbour.

A sphere of radius a and permittivity epsilon_1 holds the charges; the neighbour, of radius b and epsilon_2, lies at
the distance R of the centres, in a medium of epsilon_m. About each centre the potential is a sum of solid harmonics,
r^n P_n^m and P_l^m / r^(l+1), with the line of the centres as axis, which keeps m. In units of e / (4 pi epsilon_0), a
multipole Q_l inside the first sphere has the moment s_l Q_l outside; a sphere in a field c_l r^l P_l^m gets the moment
-chi_l c_l, and the field inside is t_l c_l r^l P_l^m, ::

    s_l = (2l + 1) / (l epsilon + (l + 1) epsilon_m),    t_l = epsilon_m s_l,
    chi_l = a^(2l+1) l (epsilon - epsilon_m) / (l epsilon + (l + 1) epsilon_m)

(J. D. Jackson, Classical Electrodynamics, 3rd ed., section 4.4, for l = 1). A multipole of one centre is a field about
the other: the coefficient of r^n P_n^m of a unit P_l^m / r^(l+1) is ::

    (-1)^(l+m or n+m) (l + n)! / ((n + m)! (l - m)! R^(l+n+1)),

with l where the source lies on the side of +z and n where it lies on that of -z (E. W. Hobson, The Theory of Spherical
and Ellipsoidal Harmonics, 1931, section 91). Reflections between the spheres are summed to all orders by a linear
system for each m, so that the first sphere screens its charges and the response of its neighbour.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import integrate, special

from qdjunction.core.errors import InputError
from qdjunction.transport.image_charge import COULOMB_EV_ANG

MULTIPOLES = 40
"""Highest order l of the multipoles: energies converge to 1e-6 for dots an eighth of their diameter apart."""


def induced_potential(
    radii_ang: tuple[float, float],
    distance_ang: float,
    permittivities: tuple[float, float],
    medium: float,
    order: int = MULTIPOLES,
) -> list[NDArray[np.float64]]:
    """Return the potential in the first sphere that the second one induces, by multipoles.

    Parameters
    ----------
    radii_ang : (float, float)
        Radii a, b of the sphere with the charges and of its neighbour (Ang).
    distance_ang : float
        Distance R of the centres (Ang), larger than a + b.
    permittivities : (float, float)
        Relative permittivities of the two spheres.
    medium : float
        Relative permittivity around them.
    order : int
        Highest order of the multipoles.

    Returns
    -------
    list of (order + 1 - m, order + 1 - m) array
        For m = 0, 1, ...: coefficient of (r/a)^n P_n^m (rows n = m, m + 1, ...) for a unit multipole Q_l / a^l
        (columns), in units of e / (4 pi epsilon_0) per Ang. Without a neighbour all are 0.

    Raises
    ------
    InputError
        If the spheres overlap, or a radius or permittivity is not positive.
    """
    (a, b), R = radii_ang, distance_ang
    if not (min(a, b) > 0 and min(*permittivities, medium) > 0):
        raise InputError("two spheres: radii and permittivities must be larger than 0")
    if not a + b < R:
        raise InputError(
            f"two spheres: with radii of {a:g} and {b:g} Ang and their centres {R:g} Ang apart they overlap; enlarge "
            "the distance or reduce the radii"
        )
    return [_of_m(m, radii_ang, R, permittivities, medium, order) for m in range(order + 1)]


def _of_m(
    m: int,
    radii_ang: tuple[float, float],
    distance_ang: float,
    permittivities: tuple[float, float],
    medium: float,
    order: int,
) -> NDArray[np.float64]:
    """Return the part of `induced_potential` with one m."""
    n = np.arange(m, order + 1)
    scaled = [np.log(radius / distance_ang) for radius in radii_ang]
    common = (
        special.gammaln(n[:, None] + n + 1) - special.gammaln(n[:, None] + m + 1)
        - special.gammaln(n - m + 1) - np.log(distance_ang)
    )  # fmt: skip
    # From the second centre (columns) to the first (rows), and back.
    here = (-1.0) ** (n + m) * np.exp(common + n[:, None] * scaled[0] + n * scaled[1])
    there = (-1.0) ** (n[:, None] + m) * np.exp(common + n[:, None] * scaled[1] + n * scaled[0])
    (chi1, s), (chi2, _) = (
        _response(n, radius, permittivity, medium)
        for radius, permittivity in zip(radii_ang, permittivities, strict=True)
    )
    back = -here * chi2 @ there
    total = back @ np.linalg.inv(np.eye(len(n)) + chi1[:, None] * back)
    return np.asarray(medium * s[:, None] * total * s)


def _response(
    n: NDArray[np.int64], radius_ang: float, permittivity: float, medium: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return chi_n / r^(2n) and s_n of a sphere of radius r."""
    below = n * permittivity + (n + 1) * medium
    return radius_ang * n * (permittivity - medium) / below, (2 * n + 1) / below


def polarisation_shifts(
    radius_ang: float, distance_ang: float, permittivity: float, medium: float, order: int = MULTIPOLES
) -> tuple[float, float]:
    """Return the shifts of the optical and of the charged gap of a dot by one equal neighbour (eV), negative.

    Electron and hole are each in the lowest state of a sphere with infinite walls, sin(pi r / a) / r. A charge with the
    position r has the energy k/2 G(r, r), electron and hole together -k G(r_e, r_h), where G is the potential that the
    neighbour induces (`induced_potential`) and k = e^2 / (4 pi epsilon_0) (L. E. Brus, J. Chem. Phys. 80, 4403 (1984),
    for the surface of one sphere). In first order::

        charged gap:  k <G(r, r)> = k sum_l <(r/a)^(2l)> / (2l + 1) sum_m (2 - delta_m0) G^m_ll,
        optical gap:  k (<G(r, r)> - <G(r_e, r_h)>),  the same sum without l = 0.

    The charged gap, that of adding an electron and a hole far from each other, falls as R^-4: a charge polarises the
    neighbour. An exciton is neutral, and monopoles cancel: its shift falls as R^-6, ::

        -2 k <r^2> alpha t_1^2 / (epsilon_m R^6),    alpha = b^3 (epsilon - epsilon_m) / (epsilon + 2 epsilon_m),

    the energy of the dipole e (r_e - r_h) in the field that it induces. Electron and hole that move independently have
    the largest such dipole, and a neighbour that follows them at once responds most, so that the optical shift is an
    upper limit.

    Parameters
    ----------
    radius_ang, distance_ang : float
        Radius of both dots and distance of their centres (Ang).
    permittivity, medium : float
        Relative permittivities of the dots, and around them.
    order : int
        Highest order of the multipoles.

    Returns
    -------
    optical, charged : float
        The shifts (eV), negative for a permittivity above that of the medium.

    Raises
    ------
    InputError
        As `induced_potential`.

    See Also
    --------
    point_image_energy : a charge between metal planes
    """
    parts = induced_potential(
        (radius_ang, radius_ang), distance_ang, (permittivity, permittivity), medium, order
    )
    by_order = np.zeros(order + 1)
    for m, part in enumerate(parts):
        # The source has (2 - delta_m0) (l - m)! / (l + m)! P_l^m; the mean of (P_l^m)^2 is
        # (l + m)! / (l - m)! / (2l + 1).
        by_order[m:] += (1 if m == 0 else 2) * np.diag(part)
    radial = ground_state_moments(order)
    terms = COULOMB_EV_ANG * by_order * radial / (2 * np.arange(order + 1) + 1)
    return float(terms[1:].sum()), float(terms.sum())


@cache
def ground_state_moments(order: int) -> NDArray[np.float64]:
    """Return <(r/a)^(2l)> of the lowest state of a sphere with infinite walls for l = 0 .. order.

    ``2 int_0^1 x^(2l) sin^2(pi x) dx``: 1, then ``1/3 - 1/(2 pi^2)``, ...
    """
    return np.array(
        [
            integrate.quad(lambda x, power=power: 2 * x**power * np.sin(np.pi * x) ** 2, 0, 1)[0]
            for power in range(0, 2 * order + 1, 2)
        ]
    )
