"""Lead cells found by positions: any order of atoms, either side, atoms on the far side of the cell."""

import numpy as np
import pytest
import sisl

from qdjunction.core.errors import TransportError
from qdjunction.transport import (
    Device,
    Electrode,
    attach_electrodes,
    k_averaged_transmission,
    parse_leads,
    transmission,
    why_no_wire,
)

ENERGIES = np.array([-1.45, -0.9, 0.7, 1.2])
V, W = -0.6, -1.0
"""Hopping within a cell of two atoms and to the next one (eV)."""


def dimers(cells):
    """Orthogonal chain of cells of two atoms, 1.2 Ang apart and 1.8 Ang to the next cell; one atom lifted."""
    cell = sisl.Geometry(
        [[0, 0, 0], [0, 0, 1.2]], sisl.Atom(79, [2.0]), sisl.Lattice([9, 9, 3], nsc=[1, 1, 3])
    )
    hamiltonian = sisl.Hamiltonian(cell.tile(cells, 2))
    hamiltonian.construct([[0.1, 1.3, 1.9], [0.0, V, W]])
    if cells > 1:
        hamiltonian[cells, cells] = 0.5
    return hamiltonian


def dimers_by_hand(cells):
    H = np.zeros((2 * cells, 2 * cells))
    for i in range(2 * cells - 1):
        H[i, i + 1] = H[i + 1, i] = V if i % 2 == 0 else W
    H[cells, cells] = 0.5
    values = []
    for energy in ENERGIES:
        z = energy + 1e-9j
        # The end of a half-chain: g = 1 / (z - V^2 / (z - W^2 g)).
        roots = np.roots([-z * W**2, z**2 - V**2 + W**2, -z])
        sigma = W**2 * next(root for root in roots if root.imag < 0)
        system = z * np.eye(2 * cells) - H + 0j
        system[0, 0] -= sigma
        system[-1, -1] -= sigma
        values.append(4 * sigma.imag**2 * abs(np.linalg.inv(system)[0, -1]) ** 2)
    return values


def test_swapped_sides_give_the_right_answer():
    hamiltonian, electrode = dimers(7), dimers(1)
    device = Device.from_hamiltonian(hamiltonian, open_axis=2)
    bulk = Electrode.from_hamiltonian(electrode, eta_ev=1e-9)
    first, last = [0, 1], [12, 13]
    for left, right in ((first, last), (last, first)):
        values = transmission(*attach_electrodes(device, bulk, left, bulk, right), ENERGIES).transmission
        np.testing.assert_allclose(values, dimers_by_hand(7), rtol=1e-6)


def test_swapped_sides_without_positions_are_an_error():
    known = Device.from_hamiltonian(dimers(7), open_axis=2)
    device = Device(known.H, known.S, known.orbital_atoms)
    bulk = Electrode.from_hamiltonian(dimers(1), eta_ev=1e-9)
    values = transmission(*attach_electrodes(device, bulk, [0, 1], bulk, [12, 13]), ENERGIES).transmission
    np.testing.assert_allclose(values, dimers_by_hand(7), rtol=1e-6)
    with pytest.raises(TransportError, match="left and right lead atoms are swapped"):
        attach_electrodes(device, bulk, [12, 13], bulk, [0, 1])


def test_both_regions_on_one_side():
    device = Device.from_hamiltonian(dimers(7), open_axis=2)
    bulk = Electrode.from_hamiltonian(dimers(1))
    with pytest.raises(TransportError, match="same side of the device along lattice vector c"):
        attach_electrodes(device, bulk, [0, 1], bulk, [4, 5])


def ribbon(cells, lifted=True):
    """Orthogonal strip of three unlike rows, periodic along c."""
    places = [[1, 1, 0], [1, 3, 0], [1, 5, 0]]
    cell = sisl.Geometry(places, sisl.Atom(79, [2.1]), sisl.Lattice([4, 9, 2], nsc=[1, 1, 3]))
    hamiltonian = sisl.Hamiltonian(cell.tile(cells, 2))
    hamiltonian.construct([[0.1, 2.05], [0.0, -1.0]])
    if lifted:
        for i in range(4, 3 * cells, 7):
            hamiltonian[i, i] = 0.3
    return hamiltonian


@pytest.mark.parametrize("leads", ["wire", "bulk"])
def test_any_order_of_atoms_in_an_orthogonal_basis(tmp_path, leads):
    cells = 8
    hamiltonian = ribbon(cells, lifted=False)
    for atom in (10, 13, 14):
        hamiltonian[atom, atom] = 0.7
    ribbon(1, lifted=False).write(tmp_path / "electrode.nc")
    wide = 6 if leads == "wire" else 3
    choice = parse_leads("wire" if leads == "wire" else f"bulk:{tmp_path / 'electrode.nc'}", 1e-7)
    last = 3 * cells - wide
    order = np.arange(3 * cells)
    values = []
    for shuffled in (False, True):
        if shuffled:
            rng = np.random.default_rng(4)
            for part in (slice(0, wide), slice(last, None)):
                order[part] = rng.permutation(order[part])
        device = Device.from_hamiltonian(hamiltonian.sub(order), open_axis=2)
        solved = choice.attach(device, np.arange(wide), np.arange(last, 3 * cells))
        values.append(transmission(*solved, ENERGIES).transmission)
    assert np.all((values[0] > 0.05) & (values[0] < 2.9))
    np.testing.assert_allclose(values[1], values[0], rtol=1e-9)


def test_without_positions_another_order_is_an_error():
    order = [0, 1, 2, 4, 3, 5, *range(6, 24)]
    known = Device.from_hamiltonian(ribbon(8, lifted=False).sub(order), open_axis=2)
    device = Device(known.H, known.S, known.orbital_atoms)
    with pytest.raises(TransportError, match="H of its two cells differs by up to 1 eV, on atoms"):
        parse_leads("wire").attach(device, np.arange(6), np.arange(18, 24))
    bulk = Electrode.from_hamiltonian(ribbon(1, lifted=False))
    with pytest.raises(
        TransportError, match=r"left electrode: H differs from the device's by \d+ %, most at atom"
    ):
        attach_electrodes(device, bulk, [1, 0, 2], bulk, [21, 22, 23])


def crystal(layers, moved=()):
    """Crystal of 2 x 3 atoms a layer; some atoms are named by their image a lattice vector away, and one is lifted."""
    cell = sisl.Geometry([[0, 0, 0]], sisl.Atom(79, [4.0]), sisl.Lattice([2.9, 2.7, 2.5], nsc=[3, 3, 3]))
    geometry = cell.tile(2, 0).tile(3, 1).tile(layers, 2)
    if moved:
        geometry.set_nsc([5, 5, 3])
    for atom, vectors in moved:
        geometry.xyz[atom] += np.array(vectors) @ geometry.cell
    hamiltonian = sisl.Hamiltonian(geometry, orthogonal=False)
    hamiltonian.construct([[0.1, 2.6, 2.8, 3.0], [(0.2, 1.0), (-1.0, 0.1), (-0.9, 0.08), (-0.7, 0.07)]])
    if layers > 1:
        hamiltonian[20, 20] = (1.0, 1.0)
    return hamiltonian


@pytest.mark.parametrize("leads", ["wire", "bulk"])
def test_atoms_a_lattice_vector_away_at_k(tmp_path, leads):
    """The same crystal with some lead atoms named by another image: the Bloch sums differ, T does not."""
    layers = 7
    crystal(1).write(tmp_path / "electrode.nc")
    wide = 12 if leads == "wire" else 6
    choice = parse_leads("wire" if leads == "wire" else f"bulk:{tmp_path / 'electrode.nc'}", 1e-7)
    moved = crystal(layers, [(1, (1, 0, 0)), (4, (-1, 1, 0)), (33, (0, 1, 0)), (38, (0, -1, 0))])
    rng = np.random.default_rng(0)
    order = np.arange(6 * layers)
    order[:6] = rng.permutation(6)
    order[-6:] = rng.permutation(order[-6:])

    def attach(device, k):
        return choice.attach(device, np.arange(wide), np.arange(6 * layers - wide, 6 * layers), k)

    found = [
        k_averaged_transmission(one, attach, ENERGIES, (3, 3), axis=2)
        for one in (crystal(layers), moved.sub(order))
    ]
    for one, other in zip(found[0].at_k, found[1].at_k, strict=True):
        np.testing.assert_allclose(other.transmission, one.transmission, rtol=1e-8)


def test_atoms_without_partner_are_named():
    hamiltonian = ribbon(8)
    hamiltonian.geometry.xyz[4] += [0, 0.1, 0]
    device = Device.from_hamiltonian(hamiltonian, open_axis=2)
    with pytest.raises(
        TransportError, match=r"atom 4 of the cell 3, 4, 5 has no partner in the cell 0, 1, 2"
    ):
        parse_leads("wire").attach(device, np.arange(6), np.arange(18, 24))
    bulk = Electrode.from_hamiltonian(ribbon(1, lifted=False))
    with pytest.raises(TransportError, match="left electrode: atom 4 of the device has no partner"):
        attach_electrodes(device, bulk, [3, 4, 5], bulk, [21, 22, 23])


def test_electrode_of_another_cell():
    device = Device.from_hamiltonian(crystal(5), open_axis=2)
    squeezed = crystal(1)
    squeezed.geometry.lattice.cell[0, 0] = 5.7
    bulk = Electrode.from_hamiltonian(squeezed)
    with pytest.raises(TransportError, match=r"its lattice vector a is \[5.7 0.  0. \] Ang, the device's"):
        attach_electrodes(device, bulk, np.arange(6), bulk, np.arange(24, 30))
    along_a = Electrode.from_hamiltonian(crystal(1), axis=0)
    with pytest.raises(
        TransportError, match="semi-infinite along lattice vector a, the device's leads lie along c"
    ):
        attach_electrodes(device, along_a, np.arange(6), along_a, np.arange(24, 30))


def test_layers_that_make_no_wire():
    assert why_no_wire([10, 10]) is None
    assert why_no_wire([6, 10, 6, 10]) is None
    assert "2 layers of 10, 6 atoms" in why_no_wire([10, 6])
    assert "1 layer of 10 atoms; take wide-band or cluster" in why_no_wire([10])
