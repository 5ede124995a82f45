"""Leads along any lattice vector: found from their atoms, and T as for the third one and as by hand."""

import itertools

import numpy as np
import pytest
import sisl

from qdjunction.cli import main
from qdjunction.core.errors import InputError
from qdjunction.steps.transport import compute_transmission
from qdjunction.transport import parse_axis, parse_energies, parse_leads, read_transmission, transport_axis

ENERGIES = np.array([-1.0, -0.4, 0.3, 1.1])
GRID = "-1,-0.4,0.3,1.1"
STEP = 2.0
SKEW = np.array([[6.1, 0.4, -0.3], [-2.0, 7.3, 0.8], [0.9, -1.1, 1.0]])
"""Transverse vectors of a skewed cell in its first two rows, the direction of the chain in the third."""


def chain(length, axis, cell=None):
    """Chain along a lattice vector with its images: S = 0.1 and H = -1 to the next atom, one atom lifted."""
    vectors = np.diag([8.0, 9.0, 1.0]) if cell is None else cell.copy()
    vectors[2] *= STEP * length / np.linalg.norm(vectors[2])
    places = np.arange(length)[:, None] * vectors[2] / length
    order = [(2, 0, 1), (0, 2, 1), (0, 1, 2)][axis]  # which of them is a, b and c
    lattice = sisl.Lattice(vectors[list(order)], nsc=[3 if i == axis else 1 for i in range(3)])
    geometry = sisl.Geometry(places, sisl.Atom("Au", [1.5]), lattice)
    hamiltonian = sisl.Hamiltonian(geometry, orthogonal=False)
    hamiltonian.construct([[0.1, STEP + 0.1], [(0.0, 1.0), (-1.0, 0.1)]])
    if length > 2:
        hamiltonian[length // 2, length // 2] = (0.8, 1.0)
    return hamiltonian


def by_hand(length, sigma):
    """T of the open chain in NumPy: the couplings over the end of the cell left out, the atom in the middle lifted."""
    near = np.eye(length, k=1) + np.eye(length, k=-1)
    H, S = -near, np.eye(length) + 0.1 * near
    H[length // 2, length // 2] = 0.8
    found = []
    for energy in ENERGIES:
        system = energy * S - H + 0j
        for end in (0, length - 1):
            system[end, end] -= sigma(energy)
        gamma = -2 * sigma(energy).imag
        found.append(gamma**2 * abs(np.linalg.inv(system)[0, length - 1]) ** 2)
    return np.array(found)


def chain_sigma(energy, eta=1e-9):
    """Self-energy of the semi-infinite chain with overlap, by the fixed point of its recursion's quadratic."""
    coupling = -1.0 - energy * 0.1
    z = energy + 1j * eta
    roots = np.roots([coupling**2, -z, 1.0])
    surface = next(root for root in roots if root.imag < 0)
    return coupling**2 * surface


def found(tmp_path, hamiltonian, leads, left, right, **options):
    hamiltonian.write(tmp_path / "h.nc")
    choice = parse_leads(leads, options.pop("eta_ev", None))
    energies = parse_energies(GRID)
    compute_transmission(tmp_path / "h.nc", energies, choice, tmp_path / "t.nc", left, right, **options)
    return read_transmission(tmp_path / "t.nc").transmission


@pytest.mark.parametrize("cell", [None, SKEW], ids=["right-angled", "skewed"])
@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("leads", ["wide-band:1.0", "wire", "bulk"])
def test_chain_along_any_vector(tmp_path, leads, axis, cell):
    length = 9
    if leads == "bulk":
        chain(1, axis, cell).write(tmp_path / "electrode.nc")
        leads = f"bulk:{tmp_path / 'electrode.nc'}"
    left, right = ([0, 1], [7, 8]) if leads == "wire" else ([0], [8])
    eta = {} if leads.startswith("wide") else {"eta_ev": 1e-9}
    values = found(tmp_path, chain(length, axis, cell), leads, left, right, **eta)
    sigma = (lambda energy: -0.5j) if leads.startswith("wide") else chain_sigma
    np.testing.assert_allclose(values, by_hand(length, sigma), rtol=1e-6)
    if not leads.startswith("bulk"):
        third = found(tmp_path, chain(length, 2), leads, left, right, **eta)
        np.testing.assert_allclose(values, third, rtol=1e-12)
    given = found(tmp_path, chain(length, axis, cell), leads, left, right, axis=axis, **eta)
    np.testing.assert_array_equal(given, values)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_bulk_leads_along_any_vector_to_rounding(tmp_path, axis):
    values = []
    for one in (axis, 2):
        chain(1, one).write(tmp_path / "electrode.nc")
        leads = f"bulk:{tmp_path / 'electrode.nc'}"
        values.append(found(tmp_path, chain(9, one), leads, [0], [8], eta_ev=1e-6))
    np.testing.assert_allclose(*values, rtol=1e-12)


def slab(axis):
    """Gold-like crystal, 2 x 3 atoms across and 6 along `axis`, periodic in all directions."""
    order = [(2, 0, 1), (0, 2, 1), (0, 1, 2)][axis]
    cell = np.diag([2.9, 2.7, 2.5])[:, :]
    vectors = cell[list(order)]
    geometry = sisl.Geometry([[0, 0, 0]], sisl.Atom("Au", [4.0]), sisl.Lattice(vectors, nsc=[3, 3, 3]))
    for vector, count in zip(range(3), [(2, 3, 6)[i] for i in order], strict=True):
        geometry = geometry.tile(count, vector)
    hamiltonian = sisl.Hamiltonian(geometry)
    hamiltonian.construct([[0.1, 2.6, 2.8, 3.0], [0.2, -1.0, -0.9, -0.7]])
    heights = geometry.xyz @ np.eye(3)[2]
    return hamiltonian, np.flatnonzero(heights < 0.1), np.flatnonzero(heights > 12.4)


@pytest.mark.parametrize(("axis", "counts"), [(0, (3, 2)), (1, (3, 2)), (2, (3, 2))])
def test_transverse_k_points_are_those_across_the_axis(tmp_path, axis, counts):
    values = []
    for one in (axis, 2):
        hamiltonian, left, right = slab(one)
        assert transport_axis(hamiltonian, left, right) == one
        values.append(found(tmp_path, hamiltonian, "wide-band:1", left, right, kpoints=counts))
    np.testing.assert_allclose(*values, rtol=1e-10)


def test_leads_that_meet_through_an_image_are_an_error(tmp_path):
    hamiltonian = chain(9, 0)
    with pytest.raises(InputError, match="through the periodic image along a, with 1e\\+03 meV"):
        transport_axis(hamiltonian, [0], [8], given=2)
    crystal, left, right = slab(1)
    with pytest.raises(InputError, match="through the periodic image along b"):
        found(tmp_path, crystal, "wide-band:1", left, right, axis=0)


def test_two_vectors_that_fit_alike_have_to_be_told_apart():
    geometry = sisl.Geometry(
        [[0, 0, 0], [2, 2, 0], [4, 4, 0]], sisl.Atom(1, [3.0]), sisl.Lattice([12, 12, 9], nsc=[3, 3, 1])
    )
    hamiltonian = sisl.Hamiltonian(geometry)
    hamiltonian.construct([[0.1, 3.0], [0.0, -1.0]])
    with pytest.raises(InputError, match="name the one along which they lie with --axis"):
        transport_axis(hamiltonian, [0], [2])
    assert transport_axis(hamiltonian, [0], [2], given=1) == 1


def test_lead_atoms_outside_the_file():
    for left, right in itertools.permutations(([0], [12]), 2):
        with pytest.raises(InputError, match="12 to 12; the file has atoms 0 to 8"):
            transport_axis(chain(9, 2), left, right)


def test_axis_on_the_command_line(tmp_path, capsys):
    assert [parse_axis(text) for text in "abc"] == [0, 1, 2]
    hamiltonian = chain(9, 0)
    hamiltonian.write(tmp_path / "h.nc")
    words = [
        "transmission",
        str(tmp_path / "h.nc"),
        f"--energies={GRID}",
        "--left-atoms",
        "0",
        "--right-atoms",
        "8",
    ]
    output = ["--output", str(tmp_path / "t.nc")]
    for axis in ([], ["--axis", "a"]):
        assert main([*words, *axis, *output]) == 0
        values = read_transmission(tmp_path / "t.nc").transmission
        np.testing.assert_allclose(values, by_hand(9, lambda energy: -0.5j), rtol=1e-9)
    assert main([*words, "--axis", "c", *output]) == 2
    assert "through the periodic image along a" in capsys.readouterr().err
    assert main([*words, "--axis", "z", *output]) == 2
    assert "write a, b or c" in capsys.readouterr().err


@pytest.mark.parametrize(("leads", "count"), [(([0], [8]), 9), (([0, 1], [7, 8]), 9)])
def test_atoms_wrapped_into_the_cell_are_an_error(leads, count):
    """A ring of nine atoms cut elsewhere than behind the leads: T would be 0.01 for 0.40 at -0.4 eV."""
    for roll in range(count):
        hamiltonian = chain(1, 0).tile(count, 0)
        places = (np.arange(count) + roll) % count * STEP
        geometry = sisl.Geometry(
            places[:, None] * [0.0, 0.0, 1.0], sisl.Atom("Au", [1.5]), hamiltonian.geometry.lattice
        )
        rolled = sisl.Hamiltonian(geometry)
        rolled.construct([[0.1, STEP + 0.1], [0.0, -1.0]])
        for given in (None, 0):
            if roll == 0:
                assert transport_axis(rolled, *leads, given=given) == 0
                continue
            with pytest.raises(
                InputError, match="with 1e\\+03 meV through the periodic image along a, which"
            ):
                transport_axis(rolled, *leads, given=given)


def test_a_lead_in_the_middle_of_a_ring_is_an_error_and_of_a_molecule_is_not():
    hamiltonian = chain(9, 0)
    with pytest.raises(InputError, match="6 of the 7 atoms that belong to no lead lie beyond the leads"):
        transport_axis(hamiltonian, [3], [5])
    hamiltonian.set_nsc([1, 1, 1])
    assert transport_axis(hamiltonian, [3], [5]) == 0
