"""Neutral perovskite quantum dots as ASE atoms."""

import numpy as np
from ase import Atoms
from scipy.spatial import cKDTree

from qdjunction import __version__
from qdjunction.core.errors import InputError
from qdjunction.structure.perovskite.a_sites import choose_a_sites, degenerate_a_sites
from qdjunction.structure.perovskite.catalogue import DotDefinition
from qdjunction.structure.perovskite.cations import cation_axis, place_cation, random_cation_axis
from qdjunction.structure.perovskite.composition import arrange_halides, parse_halide
from qdjunction.structure.perovskite.constants import CATIONS
from qdjunction.structure.perovskite.lattice import halide_sites


def build_dot(
    definition: DotDefinition,
    cation: str = "MA",
    halide: str = "Br",
    seed: int = 0,
    short_range_order: float = 0.0,
    a_site_seed: int | None = None,
    orientation_seed: int | None = None,
) -> Atoms:
    """Build a neutral, unrelaxed dot.

    Pb is on integer lattice points, X half-way between neighbouring Pb and half a lattice constant beyond the outer
    faces; with X halides and P Pb, X - 2 P of the half-integer A sites hold a cation (see `choose_a_sites`). The atoms
    are in the order Pb, X, cations, each in lexicographic order of its site.

    Parameters
    ----------
    definition : DotDefinition
        Block, removed units and contacts.
    cation : str
        ``MA`` or ``Cs``.
    halide : str
        ``Cl``, ``Br``, ``I`` or a mixture such as ``Br0.72Cl0.28``.
    seed : int
        Seed of the halide arrangement.
    short_range_order : float
        Target Warren-Cowley parameter of a mixture; 0 is the random alloy.
    a_site_seed : int, optional
        Seed of a choice among `degenerate_a_sites`; without one, that of `choose_a_sites`.
    orientation_seed : int, optional
        Seed of `random_cation_axis`; without one, the axes are those of `cation_axis`.

    Returns
    -------
    ase.Atoms
        Not periodic, tags 0. ``info`` holds ``dot`` (name, cation, halide, seed, lattice constant, target and achieved
        short-range order, version of qdjunction), ``contacts`` and ``contact_pairs``.

    Raises
    ------
    InputError
        If the cation, halide, seed or short-range order is invalid.
    """
    if cation not in CATIONS:
        raise InputError(f"Cation '{cation}' is unknown; use {' or '.join(CATIONS)}.")
    if seed < 0:
        raise InputError(f"seed is {seed}; it must not be negative.")
    composition = parse_halide(halide)
    lattice_constant = composition.lattice_constant_ang(cation)
    pb_sites = definition.pb_sites
    x_sites = halide_sites(pb_sites)
    pb, x = np.array(pb_sites, dtype=float), np.array(x_sites)

    # Neighbouring halides share an octahedron edge: 1/sqrt(2) lattice constants apart.
    pairs = cKDTree(x).query_pairs(0.75, output_type="ndarray")
    pairs = pairs[np.lexsort(pairs.T[::-1])]
    arrangement = arrange_halides(composition, pairs, len(x), seed, short_range_order)

    atoms = Atoms(["Pb"] * len(pb), positions=lattice_constant * pb)
    atoms += Atoms(list(arrangement.symbols), positions=lattice_constant * x)
    sites = choose_a_sites(pb_sites)
    if a_site_seed is not None:
        choices = degenerate_a_sites(pb_sites)
        sites = choices[int(np.random.default_rng(a_site_seed).integers(len(choices)))]
    rng = None if orientation_seed is None else np.random.default_rng(orientation_seed)
    for site in np.array(sites):
        axis = cation_axis(site, pb) if rng is None else random_cation_axis(site, pb, rng)
        atoms += place_cation(cation, lattice_constant * site, axis, lattice_constant * x)
    atoms.set_tags(0)

    atoms.info["dot"] = {
        "name": definition.name,
        "cation": cation,
        "halide": halide,
        "seed": seed,
        "block": list(definition.block),
        "removed": [list(site) for site in definition.removed],
        "lattice_constant_ang": lattice_constant,
        "short_range_order": short_range_order,
        "short_range_order_achieved": arrangement.short_range_order,
        "reference": definition.reference,
        **({} if a_site_seed is None else {"a_site_seed": a_site_seed}),
        **({} if orientation_seed is None else {"orientation_seed": orientation_seed}),
        "built_by": f"qdjunction {__version__}",
    }
    index = {site: len(pb) + i for i, site in enumerate(x_sites)}
    atoms.info["contacts"] = {
        name: {"atom": index[site.halide], "direction": [float(d) for d in site.direction]}
        for name, site in definition.contact_sites.items()
    }
    atoms.info["contact_pairs"] = {name: list(ends) for name, ends in definition.pairs.items()}
    return atoms
