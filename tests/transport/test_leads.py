"""Wires and bulk electrodes: channels to count, the same result by other ways, and what does not fit."""

import numpy as np
import pytest
import scipy
import sisl

from qdjunction.core.errors import InputError, TransportError
from qdjunction.transport import (
    Device,
    Electrode,
    WireLead,
    alignment_ev,
    attach_electrodes,
    parse_leads,
    shifted,
    surface_green,
    transmission,
)
from qdjunction.transport.leads.surface import row_space
from support.known_systems import ChainLead


def strip(width, length, hopping=-1.0, overlap=0.0):
    """Square-lattice strip, cells one after another, `width` orbitals each."""
    rung = np.eye(width, k=1) + np.eye(width, k=-1)
    along = np.eye(length, k=1) + np.eye(length, k=-1)
    near = np.kron(np.eye(length), rung) + np.kron(along, np.eye(width))
    return Device(hopping * near, np.eye(width * length) + overlap * near)


def open_channels(width, energies):
    """Modes of the strip: E = -2 cos(n pi / (w + 1)) - 2 cos k."""
    rungs = -2 * np.cos(np.arange(1, width + 1) * np.pi / (width + 1))
    return (np.abs(energies[:, None] - rungs) < 2).sum(axis=1)


def test_decimation_against_the_chain_in_closed_form():
    energies = np.array([-2.5, -1.9, 0.0, 0.3, 1.99, 2.2])
    ends, begins = surface_green(energies + 1e-9j, [[0.0]], [[1.0]], [[-1.0]], [[0.1]])
    exact = (
        ChainLead(np.array([0]), -1.0, 0.1).self_energy(energies)
        / ((-1 - energies * 0.1) ** 2)[:, None, None]
    )
    # Zero is the level of one isolated site, 1 that of a pair without overlap.
    np.testing.assert_allclose(ends, exact, rtol=1e-5)
    np.testing.assert_allclose(begins, exact, rtol=1e-5)


def test_surface_green_solves_its_own_dyson_equation():
    rng = np.random.default_rng(0)
    H00, H01 = rng.normal(size=(2, 5, 5))
    H00 = H00 + H00.T
    S00, S01 = np.eye(5), 0.02 * rng.normal(size=(5, 5))
    z = np.array([0.2 + 1e-5j, -1.3 + 1e-5j])
    ends, begins = surface_green(z, H00, S00, H01, S01)
    for energy, end, begin in zip(z, ends, begins, strict=True):
        forward, backward = energy * S01 - H01, energy * S01.T - H01.T
        bulk = energy * S00 - H00
        np.testing.assert_allclose(begin, np.linalg.inv(bulk - forward @ begin @ backward), rtol=1e-7)
        np.testing.assert_allclose(end, np.linalg.inv(bulk - backward @ end @ forward), rtol=1e-7)


def test_a_coupling_of_low_rank_gives_the_same_surfaces():
    """Layers of six sites of a chain couple by one orbital of each; a tiny coupling of the others changes nothing."""
    rng = np.random.default_rng(1)
    along = -np.eye(6, k=1) - np.eye(6, k=-1)
    H00, S00 = along + np.diag(rng.normal(size=6)), np.eye(6) - 0.1 * along
    H01, S01 = np.zeros((2, 6, 6))
    H01[-1, 0], S01[-1, 0] = -1.0, 0.1
    # In another basis, so that the coupling has low rank and no zeros.
    mixed = np.linalg.qr(rng.normal(size=(6, 6)) + 1j * rng.normal(size=(6, 6)))[0]
    H00, S00, H01, S01 = (mixed.conj().T @ matrix @ mixed for matrix in (H00, S00, H01, S01))
    assert row_space(H01, S01).shape == (6, 1)
    # An energy at a level of the single layer is among them.
    level = scipy.linalg.eigh(H00, S00, eigvals_only=True)[2]
    for energy in (-2.7, -0.4, 0.3, level):
        z = np.array([energy + 1e-6j])
        ends, begins = surface_green(z, H00, S00, H01, S01)
        forward, backward = (z * S01 - H01), (z * S01.conj().T - H01.conj().T)
        bulk = z * S00 - H00
        for found, out, back in ((ends[0], backward, forward), (begins[0], forward, backward)):
            unit = found @ (bulk - out @ found @ back)
            np.testing.assert_allclose(unit, np.eye(6), atol=1e-8)
        # A full coupling takes the other way: the same orbitals, with one that is weak enough to change nothing.
        weak = 1e-12 * rng.normal(size=(6, 6))
        others = surface_green(z, H00, S00, H01 + weak, S01)
        for found, other in zip((ends, begins), others, strict=True):
            np.testing.assert_allclose(found, other, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("overlap", [0.0, 0.1])
def test_wire_of_a_strip_has_integer_transmission(overlap):
    width, length = 3, 6
    device = strip(width, length, overlap=overlap)
    left = WireLead(device, [0, 1, 2], [3, 4, 5])
    right = WireLead(device, [15, 16, 17], [12, 13, 14])
    energies = np.array([-3.2, -2.1, -1.7, -0.3, 0.2, 1.1, 2.2])
    # For H = -A and S = 1 + s A the strip's E follows from that without overlap, e: E = e / (1 - s e).
    expected = open_channels(width, energies / (1 + overlap * energies))
    for solver in ("contact-reduction", "direct"):
        found = transmission(device, left, right, energies, solver).transmission
        np.testing.assert_allclose(found, expected, atol=1e-4)
    assert left.mismatch_ev == 0.0
    assert left.self_energy(0.1).shape == (3, 3)


def test_wire_from_a_tagged_region():
    device = strip(2, 8)
    solved, left, right = parse_leads("wire").attach(device, [0, 1, 2, 3], [12, 13, 14, 15])
    assert solved is device
    np.testing.assert_array_equal(left.orbitals, [0, 1])
    np.testing.assert_array_equal(right.orbitals, [14, 15])
    assert transmission(solved, left, right, [0.1]).transmission[0] == pytest.approx(2, abs=1e-4)


def test_singular_transfer_matrix_is_no_obstacle():
    """Two sites a cell, of which one couples on: H01 has no inverse (SSH chain)."""
    v, w = 0.6, 1.0
    H = np.zeros((8, 8))
    for i in range(7):
        H[i, i + 1] = H[i + 1, i] = v if i % 2 == 0 else w
    device = Device(H)
    left, right = WireLead(device, [0, 1], [2, 3]), WireLead(device, [6, 7], [4, 5])
    found = transmission(device, left, right, [0.2, 0.5, 1.0, 1.55, 1.7]).transmission
    # The bands lie between |v - w| and v + w.
    np.testing.assert_allclose(found, [0, 1, 1, 1, 0], atol=1e-4)


def test_wires_that_are_none():
    device = strip(2, 6)
    with pytest.raises(InputError, match="outer cell has 2 orbitals, the inner one 3"):
        WireLead(device, [0, 1], [2, 3, 4])
    with pytest.raises(InputError, match="share atoms"):
        WireLead(device, [0, 1], [1, 2])
    with pytest.raises(InputError, match="larger than 0"):
        WireLead(device, [0, 1], [2, 3], eta_ev=0.0)
    with pytest.raises(TransportError, match="not coupled"):
        WireLead(device, [0, 1], [6, 7])
    with pytest.raises(TransportError, match="swap outer and inner"):
        WireLead(device, [2, 3], [0, 1])
    with pytest.raises(TransportError, match="two like cells"):
        WireLead(Device(device.H, device.S + np.diag([0.5] + [0.0] * 11)), [0, 1], [2, 3])
    with pytest.raises(InputError, match="even number"):
        parse_leads("wire").attach(device, [0, 1, 2], [9, 10, 11])


def gold(tiles, overlap=True):
    """A square lattice of one orbital an atom, `tiles` cells, hopping along all three axes and a diagonal."""
    cell = sisl.Geometry([[0, 0, 0]], sisl.Atom("Au", [5.0]), sisl.Lattice([2.9, 2.9, 2.5], nsc=[3, 3, 3]))
    geometry = cell
    for axis, n in enumerate(tiles):
        geometry = geometry.tile(n, axis)
    hamiltonian = sisl.Hamiltonian(geometry, orthogonal=not overlap)
    shells = [0.1, 2.6, 3.0, 3.9]
    values = [(-0.2, 1.0), (-1.0, 0.1), (-0.8, 0.08), (-0.15, 0.01)]
    hamiltonian.construct([shells, values if overlap else [v[0] for v in values]])
    return hamiltonian


def device_and_regions(width, layers, k=(0, 0, 0)):
    device = Device.from_hamiltonian(gold((width, width, layers)), k, open_axis=2)
    per_layer = width * width
    return device, np.arange(per_layer), np.arange(device.n_orbitals - per_layer, device.n_orbitals)


@pytest.mark.parametrize("k", [(0.0, 0.0, 0.0), (0.13, 0.31, 0.0)])
def test_perfect_bulk_carries_every_open_channel(k):
    width = 3
    electrode = Electrode.from_hamiltonian(gold((width, width, 1)), k=k, eta_ev=1e-7)
    assert electrode.repeats == (3, 3, 1)
    assert electrode.H00.shape == (9, 1, 1)
    assert electrode.asymmetry_ev < 1e-12
    device, left, right = device_and_regions(width, 6, k)
    inner, *leads = attach_electrodes(device, electrode, left, electrode, right)
    energies = np.array([-3.1, -1.05, 0.33, 1.7])
    found = transmission(inner, *leads, energies, "direct").transmission
    assert np.all(found > 0.5)
    np.testing.assert_allclose(found, np.round(found), atol=2e-4)
    # Counted by the bands of the primitive cell, at the k points that fold to this one.
    primitive = gold((1, 1, 1))
    kz = np.linspace(-0.5, 0.5, 65)[:-1]
    counted = np.zeros(len(energies))
    for i, j in np.ndindex(width, width):
        point = ((k[0] + i) / width, (k[1] + j) / width)
        band = np.array([primitive.eigh((*point, z))[0] for z in kz])
        crossings = (band[:, None] - energies) * (np.roll(band, -1)[:, None] - energies) < 0
        counted += crossings.sum(axis=0) / 2
    np.testing.assert_allclose(found, counted, atol=2e-4)


@pytest.mark.parametrize("k", [(0.0, 0.0, 0.0), (0.2, -0.1, 0.0)])
def test_taking_a_cell_apart_changes_nothing(k):
    hamiltonian = gold((2, 3, 1))
    apart = Electrode.from_hamiltonian(hamiltonian, k=k, eta_ev=1e-3)
    whole = Electrode.from_hamiltonian(hamiltonian, k=k, eta_ev=1e-3, repeats=(1, 1, 1))
    assert apart.H00.shape == (6, 1, 1)
    assert whole.H00.shape == (1, 6, 6)
    energies = np.array([-1.0, 0.7])
    for side in ("left", "right"):
        small, large = apart.surface(energies, side), whole.surface(energies, side)[:, 0]
        expanded = np.einsum("kai,ekij,kbj->eab", apart.unfold, small, apart.unfold.conj())
        np.testing.assert_allclose(expanded, large, rtol=1e-9, atol=1e-12)


def test_a_pair_of_k_points_gives_one_term_and_its_transpose():
    """Among nine k points four pairs; the self-energy is the sum over all nine."""
    electrode = Electrode.from_hamiltonian(gold((3, 3, 1)), eta_ev=1e-3)
    assert len(electrode.conjugate_pairs) == 4
    device, left, right = device_and_regions(3, 5)
    _, lead, _ = attach_electrodes(device, electrode, left, electrode, right)
    assert device.cell is not None, "the electrodes are matched by position"
    assert len(lead._kept) == 5
    inner = np.setdiff1d(np.arange(device.n_orbitals), np.concatenate([left, right]))
    energies = np.array([-1.0, 0.7])
    H, S = (device.block(name, inner[lead.orbitals], left) for name in ("H", "S"))
    green = np.einsum(
        "kai,ekij,kbj->eab", electrode.unfold, electrode.surface(energies, "left"), electrode.unfold.conj()
    )
    for energy, surface, found in zip(energies, green, lead.self_energy(energies), strict=True):
        into = energy * S - H
        np.testing.assert_allclose(found, into @ surface @ into.conj().T, atol=1e-12)


def test_disorder_in_the_cell_switches_the_symmetry_off(caplog):
    hamiltonian = gold((2, 2, 1))
    hamiltonian[0, 0] = (0.4, 1.0)
    electrode = Electrode.from_hamiltonian(hamiltonian)
    assert electrode.repeats == (1, 1, 1)
    assert "symmetry broken" in caplog.text
    with pytest.raises(InputError, match="break the symmetry"):
        Electrode.from_hamiltonian(hamiltonian, repeats=(2, 2, 1))
    with pytest.raises(InputError, match="do not repeat"):
        Electrode.from_hamiltonian(gold((2, 2, 1)), repeats=(3, 2, 1))


def test_zero_of_energy_is_found_and_moved():
    electrode = Electrode.from_hamiltonian(gold((2, 2, 1)), eta_ev=1e-5)
    device, left, right = device_and_regions(2, 5)
    lifted = Device(device.H + 0.37 * device.S, device.S, device.orbital_atoms)
    shift, spread = alignment_ev(lifted, electrode, left)
    assert shift == pytest.approx(0.37)
    assert spread < 1e-12
    moved = shifted(electrode, shift)
    energies = np.array([-0.5, 0.4])
    expected = transmission(*attach_electrodes(device, electrode, left, electrode, right), energies)
    found = transmission(*attach_electrodes(lifted, moved, left, moved, right), energies + 0.37)
    np.testing.assert_allclose(found.transmission, expected.transmission, rtol=1e-7)


@pytest.mark.parametrize(("shift_ev", "words"), [(2.0, "2.00 eV above"), (-4.5, "4.50 eV below")])
def test_an_electrode_on_another_energy_scale_is_refused(shift_ev, words):
    electrode = shifted(Electrode.from_hamiltonian(gold((2, 2, 1))), shift_ev)
    device, left, right = device_and_regions(2, 5)
    with pytest.raises(TransportError, match=f"{words} the device's.*--electrode-fermi and --fermi"):
        attach_electrodes(device, electrode, left, electrode, right)


def test_electrodes_that_do_not_fit():
    electrode = Electrode.from_hamiltonian(gold((2, 2, 1)))
    device, left, right = device_and_regions(2, 5)
    with pytest.raises(TransportError, match="3 device orbitals for an electrode of 4"):
        attach_electrodes(device, electrode, left[:3], electrode, right)
    with pytest.raises(TransportError, match="atom 7 of the device has no partner"):
        attach_electrodes(device, electrode, [0, 1, 2, 7], electrode, right)
    with pytest.raises(TransportError, match="share orbitals"):
        attach_electrodes(device, electrode, left, electrode, left)
    with pytest.raises(TransportError, match="make the device longer"):
        attach_electrodes(device, electrode, left, electrode, left + 4)
    with pytest.raises(InputError, match="larger than 0"):
        Electrode.from_hamiltonian(gold((1, 1, 1)), eta_ev=0.0)
    flat = gold((1, 1, 1))
    flat.set_nsc([3, 3, 1])
    with pytest.raises(TransportError, match="several k points"):
        Electrode.from_hamiltonian(flat)
    far = sisl.Hamiltonian(
        sisl.Geometry([[0, 0, 0]], sisl.Atom(1, [6.0]), sisl.Lattice([9, 9, 2], nsc=[1, 1, 5]))
    )
    far.construct([[0.1, 2.1, 4.1], [0.0, -1.0, -0.4]])
    with pytest.raises(TransportError, match="beyond the next one with 400 meV; use a thicker layer"):
        Electrode.from_hamiltonian(far)
    apart = sisl.Hamiltonian(
        sisl.Geometry([[0, 0, 0]], sisl.Atom(1, [6.0]), sisl.Lattice([9, 9, 2], nsc=[1, 1, 3]))
    )
    apart[0, 0] = 0.1
    with pytest.raises(TransportError, match="transfer matrix is zero"):
        Electrode.from_hamiltonian(apart).surface(np.array([0.0]), "left")


def test_bulk_choice_reads_a_file(tmp_path):
    hamiltonian = gold((2, 2, 1))
    path = tmp_path / "electrode.nc"
    hamiltonian.write(path)
    device, *_ = device_and_regions(2, 5)
    solved = parse_leads(f"bulk:{path}").attach(device, range(4), range(16, 20))
    assert solved[0].n_orbitals == 12
    made = Electrode.from_hamiltonian(hamiltonian)
    expected = transmission(*attach_electrodes(device, made, range(4), made, range(16, 20)), [0.3])
    assert transmission(*solved, [0.3]).transmission[0] == pytest.approx(expected.transmission[0], rel=1e-6)
    with pytest.raises(InputError, match="the electrode cannot be read"):
        parse_leads(f"bulk:{tmp_path}/none.TSHS").attach(device, range(4), range(16, 20))


@pytest.mark.parametrize("eta_ev", [1e-6, 1e-2])
def test_a_wire_never_gives_back_more_than_it_takes(eta_ev):
    """Gamma is positive, inside and outside the band, with overlapping orbitals and whatever the broadening."""
    near = np.eye(5, k=1) + np.eye(5, k=-1)
    device = Device(-1.0 * near, np.eye(5) + 0.2 * near)
    lead = WireLead(device, outer=[4], inner=[3], eta_ev=eta_ev)
    sigma = lead.self_energy(np.array([-6.0, -2.4, -0.5, 1.0, 3.0, 10.0]))
    assert np.all(-2 * sigma[:, 0, 0].imag > 0)
