"""Non-collinear spin and spin-orbit coupling: spinors in place of two separate spins."""

import numpy as np
import pytest
import sisl

from qdjunction.cli import main
from qdjunction.core.errors import InputError, TransportError
from qdjunction.core.matrix_files import read_matrices
from qdjunction.transport import (
    Bulk,
    Device,
    WideBand,
    WideBandLead,
    Wire,
    attach_clusters,
    bond_currents,
    complex_bands,
    conductance,
    density_grid,
    k_averaged_transmission,
    local_density_of_states,
    mulliken_populations,
    read_transmission,
    spin_transmission,
    transmission,
    transverse_k,
    write_transmission,
)
from qdjunction.transport.device import without_spin
from support.known_systems import random_device

SIGMA = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
ENERGIES = np.linspace(-3, 3, 31) + 0.013


def spin_orbit(element):
    """The eight numbers of sisl of a 2 x 2 matrix."""
    (a, b), (c, d) = element
    return a.real, d.real, b.real, b.imag, a.imag, d.imag, c.real, c.imag


def rotated(angle, about=(0, 0, 1)):
    """The rotation of a spinor by an angle about an axis."""
    n = np.asarray(about) / np.linalg.norm(about)
    return np.cos(angle / 2) * np.eye(2) - 1j * np.sin(angle / 2) * np.einsum("i,ijk->jk", n, SIGMA)


def chain_cell(n=1, *, hopping=-1.0, rashba=0.0, field=(0, 0, 0), width=1):
    """Rashba chain along c, or a ribbon periodic along a: H = t c+ c + i alpha c+ sigma_y c + B.sigma."""
    lattice = sisl.Lattice([1.5, 9, 1.5], nsc=[3 if width else 1, 1, 3])
    geometry = sisl.Geometry([[0, 0, 0]], sisl.Atom(79, [2.0]), lattice).tile(n, 2)
    if width > 1:
        geometry = geometry.tile(width, 0)
    hamiltonian = sisl.Hamiltonian(geometry, spin="spin-orbit")
    along = hopping * np.eye(2) + 1j * rashba * SIGMA[1]
    across = hopping * np.eye(2) - 1j * rashba * SIGMA[2] if width else np.zeros((2, 2))
    local = np.einsum("i,ijk->jk", np.asarray(field, dtype=complex), SIGMA)
    for atom in range(geometry.na):
        hamiltonian[atom, atom] = spin_orbit(local)
        for other in geometry.close(atom, 1.6):
            step = geometry.axyz(other) - geometry.xyz[atom]
            for direction, hop in ((2, along), (0, across)):
                if abs(step[direction]) > 1:
                    hamiltonian[atom, other] = spin_orbit(hop if step[direction] > 0 else hop.conj().T)
    return hamiltonian


def collinear_chain(n, kind, values):
    geometry = sisl.Geometry([[0, 0, 0]], sisl.Atom(79, [2.0]), sisl.Lattice([9, 9, 1.5], nsc=[1, 1, 3]))
    hamiltonian = sisl.Hamiltonian(geometry.tile(n, 2), spin=kind, orthogonal=False)
    hamiltonian.construct([[0.1, 1.6], values])
    return hamiltonian


@pytest.mark.parametrize("storage", [float, complex])
@pytest.mark.parametrize(("kind", "numbers"), [("non-collinear", 4), ("spin-orbit", 8)])
def test_pairs_of_orbitals_are_the_matrix_of_sisl(kind, numbers, storage):
    rng = np.random.default_rng(0)
    geometry = sisl.geom.graphene(orthogonal=True, atoms=sisl.Atom(6, [1.5, 1.5]))
    hamiltonian = sisl.Hamiltonian(geometry, spin=kind, orthogonal=False, dtype=storage)
    numbers = numbers if storage is float else {4: 3, 8: 4}[numbers]
    for row, column in np.ndindex(geometry.no, geometry.no_s):
        values = rng.normal(size=numbers) + (0 if storage is float else 1j * rng.normal(size=numbers))
        hamiltonian[row, column] = [*values, float(row == column)]
    found = without_spin(hamiltonian, None, "test")
    for k in ((0, 0, 0), (0.2, -0.3, 0)):
        for name in ("Hk", "Sk"):
            expected = getattr(hamiltonian, name)(k, format="array", dtype=complex)
            np.testing.assert_allclose(getattr(found, name)(k, format="array", dtype=complex), expected)
    assert found.geometry.o2a(np.arange(8)).tolist() == [0, 0, 0, 0, 1, 1, 1, 1]


@pytest.mark.parametrize("leads", ["wire", "bulk"])
def test_rashba_chain(leads, tmp_path):
    """E(k) = -2 sqrt(t^2 + alpha^2) cos(k a -+ theta): two open channels everywhere in the band, none beyond."""
    alpha = 0.6
    edge = 2 * np.hypot(1, alpha)
    cell, device = (chain_cell(n, rashba=alpha, width=0) for n in (1, 8))
    theta = np.arctan(alpha)
    folded = Device.from_hamiltonian(cell, (0, 0, 0.2)).spectrum.levels_ev
    exact = sorted(-edge * np.cos(2 * np.pi * 0.2 + np.array([theta, -theta])))
    np.testing.assert_allclose(folded, exact, atol=1e-12)
    cell.write(tmp_path / "cell.nc")
    settings, regions = {
        "wire": (Wire(eta_ev=1e-9), ([0, 1], [6, 7])),
        "bulk": (Bulk(electrode=str(tmp_path / "cell.nc"), eta_ev=1e-9), ([0], [7])),
    }[leads]
    energies = edge * np.array([-1.1, -0.95, -0.5, 0.013, 0.6, 0.97, 1.2])
    found = k_averaged_transmission(
        device, lambda one, k: settings.attach(one, *regions, k), energies, (1, 1), axis=2
    ).result
    np.testing.assert_allclose(found.transmission, [0, 2, 2, 2, 2, 2, 0], atol=1e-6)
    assert found.n_spins == 2
    bands = complex_bands(cell, energies)
    assert bands.propagating.tolist() == [0, 4, 4, 4, 4, 4, 0], "two states to either side"


@pytest.mark.parametrize("solver", ["contact-reduction", "direct", "layers"])
def test_spin_precesses_along_a_rashba_chain(solver):
    """A rotation from site to site removes alpha: T is that of hopping sqrt(t^2 + alpha^2), twice.

    A spin along z turns by 2 theta about y at each bond, tan theta = alpha / t.
    """
    n, alpha, gamma = 9, 0.35, 0.7
    device = Device.from_hamiltonian(chain_cell(n, rashba=alpha, width=0), open_axis=2)
    plain = Device(-np.hypot(1, alpha) * (np.eye(n, k=1) + np.eye(n, k=-1)))
    leads, bare = ([WideBandLead(one, [atom], gamma) for atom in (0, n - 1)] for one in (device, plain))
    once = transmission(plain, *bare, ENERGIES).transmission
    np.testing.assert_allclose(
        transmission(device, *leads, ENERGIES, solver).transmission, 2 * once, rtol=1e-9
    )
    by_spin = spin_transmission(device, *leads, ENERGIES)
    turned = np.sin((n - 1) * np.arctan(alpha)) ** 2
    np.testing.assert_allclose(by_spin[:, 0, 1], turned * once, rtol=1e-8)
    np.testing.assert_allclose(by_spin[:, 1, 1], (1 - turned) * once, rtol=1e-8)
    along_y = spin_transmission(device, *leads, ENERGIES, (0, 2, 0))
    np.testing.assert_allclose(along_y[:, 0, 0], once, rtol=1e-8)
    np.testing.assert_allclose(along_y[:, 0, 1], 0, atol=1e-12)


def test_impurity_that_flips_spins():
    """One level split by a field along x: g = 1 / (E - B sigma_x + i (Gamma_L + Gamma_R) / 2)."""
    field, gammas = 0.4, (0.3, 0.5)
    geometry = sisl.Geometry([[0, 0, 0]], sisl.Atom(1, [1.0]), sisl.Lattice([9, 9, 9], nsc=[1, 1, 1]))
    hamiltonian = sisl.Hamiltonian(geometry, spin="non-collinear")
    hamiltonian[0, 0] = (0.0, 0.0, field, 0.0)
    device = Device.from_hamiltonian(hamiltonian)
    leads = [WideBandLead(device, [0], gamma) for gamma in gammas]
    plus, minus = (1 / (ENERGIES + s * field + 0.5j * sum(gammas)) for s in (-1, 1))
    found = spin_transmission(device, *leads, ENERGIES)
    weight = np.prod(gammas)
    np.testing.assert_allclose(found[:, 0, 0], weight * np.abs(plus + minus) ** 2 / 4, rtol=1e-10)
    np.testing.assert_allclose(found[:, 0, 1], weight * np.abs(plus - minus) ** 2 / 4, rtol=1e-10)
    total = weight * (np.abs(plus) ** 2 + np.abs(minus) ** 2)
    np.testing.assert_allclose(transmission(device, *leads, ENERGIES).transmission, total, rtol=1e-10)
    np.testing.assert_allclose(found.sum(axis=(1, 2)), total, rtol=1e-10)


def test_current_between_two_magnets_turned_against_each_other():
    """Slonczewski, Phys. Rev. B 39, 6995 (1989): cos^2(theta/2) between half-metals, for weak coupling.

    T = t^2 [cos^2 (A_u A_u' + A_d A_d') + sin^2 (A_u A_d' + A_d A_u')], A = Gamma / ((E - e)^2 + Gamma^2 / 4).
    """
    exchange, gamma, weak, energy = 40.0, 0.5, 1e-5, 40.0
    for theta in np.linspace(0, np.pi, 7):
        turn = rotated(theta, (1, 2, 0))
        magnet = exchange * SIGMA[2]
        H = np.block([[magnet, weak * np.eye(2)], [weak * np.eye(2), turn @ magnet @ turn.conj().T]])
        device = Device(H, None, [0, 0, 1, 1], spinor=True)
        leads = [WideBandLead(device, [atom], gamma) for atom in (0, 1)]
        found = transmission(device, *leads, [energy], "direct").transmission[0]
        up, down = (gamma / ((energy - s * exchange) ** 2 + gamma**2 / 4) for s in (1, -1))
        same, other = np.cos(theta / 2) ** 2, np.sin(theta / 2) ** 2
        exact = weak**2 * (same * (up**2 + down**2) + other * 2 * up * down)
        assert found == pytest.approx(exact, rel=1e-7)
        assert found == pytest.approx(same * weak**2 * up**2, abs=2e-4 * weak**2 * up**2)


def pairs(blocks):
    """H of spinors from (charge, x, y, z) matrices."""
    return np.kron(blocks[0], np.eye(2)) + sum(np.kron(b, s) for b, s in zip(blocks[1:], SIGMA, strict=True))


def spinor_device(magnetic, seed=3):
    """Random H with overlap: symmetric under time reversal, and with a magnetisation on every atom."""
    rng = np.random.default_rng(seed)
    plain = random_device(10, seed)
    antisymmetric = [1j * (a - a.T) for a in rng.normal(size=(3, 10, 10))]
    H = pairs([plain.H, *antisymmetric])
    if magnetic:
        H = H + pairs([np.zeros((10, 10)), *(np.diag(b) for b in rng.normal(size=(3, 10)))])
    return Device(H, np.kron(plain.S, np.eye(2)), np.repeat(plain.orbital_atoms, 2), spinor=True)


@pytest.mark.parametrize("magnetic", [False, True])
def test_reciprocity_and_kramers_pairs(magnetic):
    device = spinor_device(magnetic)
    left, right = WideBandLead(device, [0, 1], 0.6), WideBandLead(device, [3, 4], 0.9)
    there = transmission(device, left, right, ENERGIES, channels=6)
    back = transmission(device, right, left, ENERGIES, channels=6)
    np.testing.assert_allclose(there.transmission, back.transmission, rtol=1e-9)
    levels = device.spectrum.levels_ev
    if magnetic:
        assert np.abs(levels[::2] - levels[1::2]).max() > 0.1
        return
    np.testing.assert_allclose(levels[::2], levels[1::2], atol=1e-12)
    np.testing.assert_allclose(there.channels[:, ::2], there.channels[:, 1::2], atol=1e-10)
    # Onsager: a spin that goes there is the opposite spin that comes back.
    forth = spin_transmission(device, left, right, ENERGIES, (1, 1, 0))
    reverse = spin_transmission(device, right, left, ENERGIES, (1, 1, 0))
    np.testing.assert_allclose(forth, reverse[:, ::-1, ::-1].transpose(0, 2, 1), atol=1e-10)


def test_a_common_rotation_of_all_spins_changes_nothing():
    device = spinor_device(magnetic=True)
    about, angle = (1.0, -2.0, 0.5), 1.1
    turn = np.kron(np.eye(10), rotated(angle, about))
    turned = Device(turn @ device.H @ turn.conj().T, device.S, device.orbital_atoms, spinor=True)
    found = []
    axis = np.array([0.3, 0.1, 1.0])
    n = np.array(about) / np.linalg.norm(about)
    moved = axis * np.cos(angle) + np.cross(n, axis) * np.sin(angle) + n * (n @ axis) * (1 - np.cos(angle))
    for one, along in ((device, axis), (turned, moved)):
        leads = WideBandLead(one, [0, 1], 0.6), WideBandLead(one, [3, 4], 0.9)
        found.append(
            (
                transmission(one, *leads, ENERGIES).transmission,
                spin_transmission(one, *leads, ENERGIES, along),
            )
        )
    np.testing.assert_allclose(found[1][0], found[0][0], rtol=1e-9)
    np.testing.assert_allclose(found[1][1], found[0][1], atol=1e-10)


VALUES = [(0.2, 0.0, 1.0), (-1.0, -0.9, 0.1)]


@pytest.fixture(scope="module")
def both_kinds():
    """A magnetic chain as a collinear H and as a non-collinear one along z."""
    collinear = collinear_chain(6, "polarized", VALUES)
    turned = collinear_chain(6, "non-collinear", [(u, d, 0, 0, s) for u, d, s in VALUES])
    return collinear, turned


def test_collinear_limit_is_the_sum_of_both_spins(both_kinds, tmp_path):
    """Also with an electrode without spin, which fits any device."""
    collinear, turned = both_kinds
    one = collinear_chain(1, "unpolarized", [(0.1, 1.0), (-0.9, 0.1)])
    one.write(tmp_path / "cell.nc")
    energies = np.array([-1.2, -0.3, 0.4, 0.9])
    for settings, regions in (
        (WideBand(coupling_ev=0.4), ([0], [5])),
        (Bulk(electrode=str(tmp_path / "cell.nc"), eta_ev=1e-6), ([0], [5])),
    ):

        def attach(device, k, settings=settings, regions=regions):
            return settings.attach(device, *regions, k)

        each = [
            k_averaged_transmission(collinear, attach, energies, (1, 1), axis=2, spin=s).result
            for s in (0, 1)
        ]
        total = k_averaged_transmission(turned, attach, energies, (1, 1), axis=2).result
        np.testing.assert_allclose(total.transmission, sum(e.transmission for e in each), rtol=1e-12)
        np.testing.assert_allclose(
            total.conductance_g0, np.mean([e.conductance_g0 for e in each], axis=0), rtol=1e-12
        )


def test_populations_and_densities_count_both_spins(both_kinds):
    collinear, turned = both_kinds
    up, down = (Device.from_hamiltonian(collinear, open_axis=2, spin=s) for s in (0, 1))
    both = Device.from_hamiltonian(turned, open_axis=2)
    electrons = [mulliken_populations(one, 500.0) for one in (up, down, both)]
    np.testing.assert_allclose(electrons[2], electrons[0] + electrons[1], rtol=1e-12)
    leads = [[WideBandLead(one, [atom], 0.4) for atom in (0, 5)] for one in (up, down, both)]
    for quantity in (
        local_density_of_states,
        lambda d, left, right, e: bond_currents(d, left, right, e).toarray(),
    ):
        values = [quantity(one, *pair, 0.3) for one, pair in zip((up, down, both), leads, strict=True)]
        np.testing.assert_allclose(values[2], values[0] + values[1], atol=1e-12)
    s_wave = sisl.SphericalOrbital(0, (np.linspace(0, 3, 50), np.exp(-np.linspace(0, 3, 50))), R=3.0)
    lattice = sisl.Lattice([6, 6, 12])
    geometry = sisl.Geometry(collinear.geometry.xyz + 3, sisl.Atom(79, s_wave), lattice)
    grids = [
        density_grid(geometry, one, *pair, 0.3, spacing_ang=1.0).grid
        for one, pair in zip((up, down, both), leads, strict=True)
    ]
    np.testing.assert_allclose(grids[2], grids[0] + grids[1], atol=1e-12)


def test_cluster_leads_of_spinors():
    device = Device.from_hamiltonian(chain_cell(8, rashba=0.4, width=0), open_axis=2)
    ends = [device.orbitals_of(atoms) for atoms in ([0, 1], [6, 7])]
    inner, *clusters = attach_clusters(device, *ends, 0.5)
    assert inner.spinor
    wide = [WideBandLead(device, atoms, 0.5) for atoms in ([0, 1], [6, 7])]
    expected = transmission(device, *wide, ENERGIES).transmission
    np.testing.assert_allclose(transmission(inner, *clusters, ENERGIES).transmission, expected, rtol=1e-9)


def test_k_points_of_spinors_are_not_halved(tmp_path):
    """Three k points of a ribbon in a field are the Gamma point of one three times as wide, and k is not -k."""
    field, energies = (0.0, 0.0, 0.5), [-1.1, 0.37]
    results = []
    for width, counts in ((1, (3, 1)), (3, (1, 1))):
        cell, device = (chain_cell(n, rashba=0.5, field=field, width=width) for n in (1, 4))
        cell.write(tmp_path / f"{width}.nc")
        settings = Bulk(electrode=str(tmp_path / f"{width}.nc"), eta_ev=1e-5)
        n = device.geometry.na
        ends = np.argsort(device.geometry.xyz[:, 2], kind="stable")
        device[int(ends[width]), int(ends[width])] = spin_orbit(0.7 * SIGMA[0])
        if width == 3:
            for atom in ends[width : 2 * width]:
                device[int(atom), int(atom)] = spin_orbit(0.7 * SIGMA[0])

        def attach(one, k, settings=settings, ends=ends, width=width, n=n):
            return settings.attach(one, np.sort(ends[:width]), np.sort(ends[n - width :]), k)

        results.append(k_averaged_transmission(device, attach, energies, counts, axis=2))
    ribbon, wide = results
    assert len(ribbon.k_points) == 3
    np.testing.assert_allclose(wide.result.transmission, 3 * ribbon.result.transmission, rtol=1e-7)
    plus, minus = ribbon.at_k[1].transmission, ribbon.at_k[2].transmission
    assert np.abs(plus - minus).max() > 1e-3
    scalar = sisl.Hamiltonian(chain_cell(1).geometry)
    assert len(transverse_k(scalar, (3, 1), 2)[0]) == 2


def test_files_and_command_line(both_kinds, tmp_path, capsys):
    _, turned = both_kinds
    turned.write(tmp_path / "nc.nc")
    words = ["--left-atoms", "0", "--right-atoms", "5", "--leads", "wide-band:0.4", "--output"]
    grid = "--energies=-0.6:0.6:0.02"
    assert main(["transmission", str(tmp_path / "nc.nc"), grid, *words, str(tmp_path / "t.nc")]) == 0
    result = read_transmission(tmp_path / "t.nc")
    assert result.n_spins == 2
    assert conductance(result, 0, 0.1) == pytest.approx(
        np.interp(0.1, result.energies_ev, result.transmission) / 2
    )
    write_transmission(result, tmp_path / "again.nc")
    assert read_transmission(tmp_path / "again.nc").n_spins == 2
    assert (
        main(["transmission", str(tmp_path / "nc.nc"), *words, str(tmp_path / "t.nc"), "--spin", "up"]) == 2
    )
    assert "leave --spin out" in capsys.readouterr().err
    observe = ["observe", "orbital-interference", str(tmp_path / "nc.nc"), *words, str(tmp_path / "o.nc")]
    assert main(observe) == 2
    assert "orbital interference: the Hamiltonian is non-collinear" in capsys.readouterr().err
    read = read_matrices(tmp_path / "nc.nc")
    np.testing.assert_allclose(
        Device.from_hamiltonian(read).H.toarray(), Device.from_hamiltonian(turned).H.toarray()
    )


def test_what_does_not_fit_spinors_is_refused(tmp_path):
    chain, cell = (chain_cell(n, rashba=0.3, field=(0, 0.3, 0), width=0) for n in (6, 1))
    device = Device.from_hamiltonian(chain, open_axis=2)
    cell.write(tmp_path / "cell.nc")
    bulk = Bulk(electrode=str(tmp_path / "cell.nc"))
    _, *leads = bulk.attach(device, [0], [5])
    with pytest.raises(TransportError, match="the right lead mixes spin up and down"):
        spin_transmission(*bulk.attach(device, [0], [5]), [0.1])
    # Along y this chain mixes nothing.
    np.testing.assert_allclose(
        spin_transmission(*bulk.attach(device, [0], [5]), [0.1], (0, 1, 0))[0], np.eye(2), atol=1e-3
    )
    plain = Device(np.diag([0.0, 1.0, 2.0]) + np.eye(3, k=1) + np.eye(3, k=-1))
    wide = [WideBandLead(plain, [atom], 0.4) for atom in (0, 2)]
    with pytest.raises(InputError, match="with --spin"):
        spin_transmission(plain, *wide, [0.1])
    with pytest.raises(InputError, match="is no direction"):
        spin_transmission(device, *leads, [0.1], (0, 0, 0))
    collinear = Device.from_hamiltonian(collinear_chain(6, "unpolarized", [(0, 1.0), (-1, 0.1)]), open_axis=2)
    with pytest.raises(InputError, match="electrode: its Hamiltonian is non-collinear"):
        bulk.attach(collinear, [0], [5])
    with pytest.raises(TransportError, match="must be pairs"):
        Device(np.eye(2), None, [0, 1], spinor=True)
