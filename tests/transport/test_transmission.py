"""Both solvers against closed forms, invariants and one another."""

import numpy as np
import pytest
import scipy.linalg
import scipy.sparse

from qdjunction.core.errors import InputError, TransportError
from qdjunction.transport import Device, WideBandLead, read_transmission, transmission, write_transmission
from qdjunction.transport.solvers.contact_reduction import ContactReduction
from qdjunction.transport.solvers.layers import LayerSolver
from support.known_systems import ChainLead, GivenSpectrum, chain, random_device

SOLVERS = ("contact-reduction", "direct", "layers")
both = pytest.mark.parametrize("solver", SOLVERS)


@both
@pytest.mark.parametrize("overlap", [0.0, 0.15])
def test_perfect_chain_carries_one_channel(solver, overlap):
    device, left, right = chain(7, overlap=overlap)
    # E (1 + 2 s cos k) = 2 t cos k: the band of t = -1.
    edges = sorted([-2 / (1 + 2 * overlap), 2 / (1 - 2 * overlap)])
    energies = np.linspace(edges[0] + 0.01, edges[1] - 0.01, 41)
    np.testing.assert_allclose(
        transmission(device, left, right, energies, solver).transmission, 1.0, rtol=1e-10
    )


@both
def test_no_transmission_outside_the_band(solver):
    device, left, right = chain(7)
    assert np.all(np.abs(transmission(device, left, right, [-2.3, 2.5], solver).transmission) < 1e-20)


@both
@pytest.mark.parametrize("length", [1, 2, 5, 12])
def test_square_barrier(solver, length):
    height, hopping = 0.7, -1.0
    onsite = np.zeros(length + 4)
    onsite[2:-2] = height
    device, left, right = chain(length + 4, hopping=hopping, onsite=onsite)
    energies = np.linspace(-1.95, 1.95, 80)
    k = np.arccos((energies / (2 * hopping)).astype(complex))
    q = np.arccos(((energies - height) / (2 * hopping)).astype(complex))
    ratio = height * np.sin(length * q) / (2 * hopping * np.sin(k) * np.sin(q))
    expected = 1 / (1 + (ratio**2).real)
    found = transmission(device, left, right, energies, solver)
    np.testing.assert_allclose(found.transmission, expected, rtol=1e-9)


@both
def test_two_sites_between_wide_bands(solver):
    hopping, gamma = 0.4, 0.25
    device = Device(np.array([[0.0, hopping], [hopping, 0.0]]))
    left, right = (WideBandLead(device, [i], gamma) for i in (0, 1))
    # The levels themselves, +-0.4, are among the energies: the pole of the closed device must not show.
    energies = np.array([-0.4, -0.1, 0.0, 0.4, 0.4 + 1e-9, 1.3])
    expected = gamma**2 * hopping**2 / np.abs((energies + 0.5j * gamma) ** 2 - hopping**2) ** 2
    np.testing.assert_allclose(
        transmission(device, left, right, energies, solver).transmission, expected, rtol=1e-12
    )


@both
def test_one_level_between_two_leads(solver):
    """Breit and Wigner; both leads touch the same orbital."""
    device = Device([[0.3]])
    left, right = (WideBandLead(device, [0], gamma) for gamma in (0.2, 0.05))
    energies = np.array([-1.0, 0.2, 0.3, 0.30000001, 0.7])
    expected = 0.2 * 0.05 / ((energies - 0.3) ** 2 + 0.125**2)
    np.testing.assert_allclose(
        transmission(device, left, right, energies, solver).transmission, expected, rtol=1e-12
    )


def test_leads_that_share_some_orbitals():
    device = random_device(40, seed=6)
    left, right = WideBandLead(device, [0, 1, 7], 0.5), WideBandLead(device, [1, 3, 7], 0.8)
    energies = np.linspace(-4, 4, 60)
    reduced, direct, layers = (transmission(device, left, right, energies, s).transmission for s in SOLVERS)
    np.testing.assert_allclose(reduced, direct, rtol=1e-10)
    np.testing.assert_allclose(layers, direct, rtol=1e-10)


@pytest.mark.parametrize("complex_h", [False, True])
def test_solvers_agree(complex_h):
    device = random_device(60, complex_h=complex_h)
    left, right = WideBandLead(device, range(4)), WideBandLead(device, range(26, 30), 0.3)
    energies = np.linspace(-6, 6, 101)
    reduced, direct, layers = (transmission(device, left, right, energies, s).transmission for s in SOLVERS)
    np.testing.assert_allclose(reduced, direct, rtol=1e-10)
    np.testing.assert_allclose(layers, direct, rtol=1e-10)


def test_energies_on_and_near_levels():
    device = random_device(40)
    left, right = WideBandLead(device, [0, 1], 0.5), WideBandLead(device, [18, 19], 0.5)
    levels = scipy.linalg.eigh(device.H, device.S, eigvals_only=True)
    energies = (levels[:, None] + np.array([0.0, 1e-14, 1e-9, -3e-5, 0.99e-4, 1.01e-4])).ravel()
    reduced, direct = (transmission(device, left, right, energies, s).transmission for s in SOLVERS[:2])
    np.testing.assert_allclose(reduced, direct, rtol=1e-9)


def test_degenerate_level_under_the_energy():
    # A ring is symmetric, so its levels are pairs; both members of a pair sit on the energy at once.
    n = 6
    device = Device(-np.roll(np.eye(n), 1, axis=0) - np.roll(np.eye(n), -1, axis=0))
    left, right = WideBandLead(device, [0], 0.3), WideBandLead(device, [3], 0.3)
    reduced, direct = (transmission(device, left, right, [1.0, -1.0], s).transmission for s in SOLVERS[:2])
    np.testing.assert_allclose(reduced, direct, rtol=1e-10)


def test_level_that_no_lead_touches():
    H = np.zeros((3, 3))
    H[0, 1] = H[1, 0] = 0.5
    H[2, 2] = 0.3
    device = Device(H)
    left, right = WideBandLead(device, [0], 0.2), WideBandLead(device, [1], 0.2)
    alone = Device(H[:2, :2])
    expected = transmission(alone, left, right, [0.3], "direct").transmission
    found = transmission(device, left, right, [0.3], "contact-reduction", checks=0)
    np.testing.assert_allclose(found.transmission, expected, rtol=1e-12)
    with pytest.raises(TransportError, match=r"singular at 0\.3 eV"):
        transmission(device, left, right, [0.3], "direct")


@both
def test_at_most_the_number_of_channels(solver):
    device = random_device(50, seed=3)
    left, right = WideBandLead(device, [0], 2.0), WideBandLead(device, range(20, 25), 2.0)
    values = transmission(device, left, right, np.linspace(-8, 8, 400), solver).transmission
    assert np.all((values > 0) & (values <= 2 + 1e-12))


@both
@pytest.mark.parametrize("complex_h", [False, True])
def test_reciprocity(solver, complex_h):
    device = random_device(40, seed=5, complex_h=complex_h)
    left, right = WideBandLead(device, [0, 1]), WideBandLead(device, [17, 18, 19], 0.4)
    energies = np.linspace(-4, 4, 30)
    there, back = (transmission(device, *pair, energies, solver) for pair in ((left, right), (right, left)))
    # Without time reversal, too: with two leads current conservation alone makes T_LR and T_RL equal.
    np.testing.assert_allclose(there.transmission, back.transmission, rtol=1e-9)


@both
def test_gauge_shift(solver):
    device, shift = random_device(40, seed=7), 0.83
    shifted = Device(device.H + shift * device.S, device.S, device.orbital_atoms)
    energies = np.linspace(-3, 3, 25)
    values = []
    for system, grid in ((device, energies), (shifted, energies + shift)):
        leads = WideBandLead(system, [0, 1]), WideBandLead(system, [18, 19])
        values.append(transmission(system, *leads, grid, solver).transmission)
    np.testing.assert_allclose(values[1], values[0], rtol=1e-9)


@both
def test_basis_of_the_lead_region_does_not_matter(solver):
    """Gamma = g S_LL: any other basis of the regions and of the middle gives the same T."""
    rng = np.random.default_rng(11)
    device = random_device(30, seed=9)
    regions = np.arange(0, 6), np.arange(6, 24), np.arange(24, 30)
    change = scipy.linalg.block_diag(*(rng.normal(size=(len(r), len(r))) for r in regions))
    other = Device(change.T @ device.H @ change, change.T @ device.S @ change)
    energies = np.linspace(-3, 3, 20)
    values = []
    for system in (device, other):
        leads = (WideBandLead(system, orbitals=regions[i]) for i in (0, 2))
        values.append(transmission(system, *leads, energies, solver).transmission)
    np.testing.assert_allclose(values[1], values[0], rtol=1e-8)


@both
def test_order_of_orbitals_does_not_matter(solver):
    device = random_device(30, seed=9)
    order = np.random.default_rng(0).permutation(30)
    other = Device(
        device.H[np.ix_(order, order)], device.S[np.ix_(order, order)], device.orbital_atoms[order]
    )
    energies = np.linspace(-3, 3, 20)
    values = [
        transmission(d, WideBandLead(d, [0, 1]), WideBandLead(d, [13, 14]), energies, solver).transmission
        for d in (device, other)
    ]
    np.testing.assert_allclose(values[1], values[0], rtol=1e-9)


def test_sparse_matrices_give_the_same():
    device, left, right = chain(9, overlap=0.1)
    sparse = Device(scipy.sparse.coo_array(device.H), scipy.sparse.csr_matrix(device.S))
    energies = [-1.0, 0.2]
    for solver in SOLVERS:
        expected = transmission(device, left, right, energies, solver).transmission
        np.testing.assert_allclose(transmission(sparse, left, right, energies, solver).transmission, expected)


def test_layers_of_a_long_device():
    rng = np.random.default_rng(2)
    n, reach = 400, 12
    noise = scipy.sparse.random_array((n, n), density=0.3, rng=rng)
    band = scipy.sparse.csr_array(scipy.sparse.tril(scipy.sparse.triu(noise, -reach), reach))
    H, S = band + band.T, scipy.sparse.eye_array(n) + 0.01 * (band + band.T)
    device = Device(H, S)
    left, right = (WideBandLead(device, orbitals=np.arange(i, i + 6)) for i in (0, n - 9))
    solver = LayerSolver(device, left, right)
    assert len(solver.layers) > 20
    assert sorted(np.concatenate(solver.layers)) == list(range(n))
    energies = np.linspace(-1, 1, 7)
    found = transmission(device, left, right, energies)
    assert found.solver == "layers"
    exact = transmission(device, left, right, energies, "direct").transmission
    np.testing.assert_allclose(found.transmission, exact, rtol=1e-9)


def test_layers_want_a_way_from_lead_to_lead():
    device = Device(np.diag([0.0, 1.0]))
    leads = [WideBandLead(device, [i]) for i in (0, 1)]
    with pytest.raises(TransportError, match="no chain of couplings"):
        transmission(device, *leads, [0.0], "layers")
    sparse = Device(scipy.sparse.csr_array(device.H))
    assert transmission(sparse, *leads, [0.0]).transmission[0] == 0.0


def test_auto_takes_lu_for_one_energy_and_the_reduction_for_many():
    device = random_device(80)
    left, right = WideBandLead(device, [0]), WideBandLead(device, [39])
    assert transmission(device, left, right, [0.0]).solver == "direct"
    many = transmission(random_device(80), left, right, np.linspace(-1, 1, 200))
    assert many.solver == "contact-reduction"
    assert 0 < many.error_estimate < 1e-9


def test_auto_falls_back_when_the_check_fails(caplog):
    device = random_device(40)
    left, right = WideBandLead(device, [0]), WideBandLead(device, [19])
    energies = np.linspace(-1, 1, 300)
    expected = transmission(device, left, right, energies, "direct").transmission
    spectrum = device.spectrum
    states = spectrum.combine(np.eye(40))
    # A spectrum of too few digits, as single precision gives: the check must see it.
    wrong = GivenSpectrum(spectrum.levels_ev + 1e-4 * np.sin(np.arange(40)), states)
    device.__dict__["spectrum"] = wrong
    found = transmission(device, left, right, energies)
    assert found.solver == "direct"
    assert "solved directly" in caplog.text
    np.testing.assert_array_equal(found.transmission, expected)
    reduced = transmission(device, left, right, energies, "contact-reduction", checks=len(energies))
    assert reduced.error_estimate == pytest.approx(
        np.max(np.abs(reduced.transmission / expected - 1)), rel=0.05
    ), "the estimate is the true error"


@pytest.mark.parametrize("complex_h", [False, True])
def test_check_takes_the_error_of_the_levels_off(complex_h):
    """To second order in the error, on a level as well."""
    device = random_device(40, seed=2, complex_h=complex_h)
    left, right = WideBandLead(device, [0, 3], 0.4), WideBandLead(device, [3, 19], 0.6)
    spectrum = device.spectrum
    states = spectrum.combine(np.eye(40))
    wrong = GivenSpectrum(spectrum.levels_ev + 1e-6 * np.sin(np.arange(40)), states)
    energies = np.concatenate([[-0.31, 0.0, 1.7], wrong.levels_ev[[12, 20]]])
    exact = transmission(device, left, right, energies, "direct").transmission
    device.__dict__["spectrum"] = wrong
    reduction = ContactReduction(device, left, right)
    plain = np.abs(reduction.transmission(energies) / exact - 1)
    refined = np.abs(
        [reduction.refined_transmission(e) / t - 1 for e, t in zip(energies, exact, strict=True)]
    )
    assert plain.max() > 1e-7
    assert refined.max() < 1e-8


def test_no_fall_back_where_a_direct_solution_knows_no_better(caplog):
    """Deep in a wide gap T is the small rest of large terms, whichever way it is computed."""
    n = 18
    onsite = np.zeros(n)
    onsite[4:-4] = 12.0
    # In a basis that mixes the sites, every matrix is full and round-off goes everywhere.
    device, left, right = chain(n, onsite=onsite)
    rng = np.random.default_rng(0)
    change = scipy.linalg.block_diag(
        np.eye(1), scipy.linalg.qr(rng.normal(size=(n - 2, n - 2)))[0], np.eye(1)
    )
    device = Device(change.T @ device.H @ change, change.T @ device.S @ change)
    found = transmission(device, left, right, np.linspace(-0.5, 0.5, 300))
    assert found.solver == "contact-reduction"
    assert found.error_estimate > 1e-6
    assert "a direct solution is no better" in caplog.text


def test_file_round_trip(tmp_path):
    device, left, right = chain(4)
    result = transmission(device, left, right, np.linspace(-1, 1, 5))
    path = write_transmission(
        result, tmp_path / "t.nc", {"hamiltonian": "h.nc", "left_atoms": [0, 1], "k": 0.5}
    )
    again = read_transmission(path)
    np.testing.assert_array_equal(again.energies_ev, result.energies_ev)
    np.testing.assert_array_equal(again.transmission, result.transmission)
    assert (again.solver, again.leads, again.error_estimate) == (
        result.solver,
        result.leads,
        result.error_estimate,
    )
    import xarray

    with xarray.open_dataset(path) as dataset:
        assert dataset.energy.attrs["units"] == "eV"
        assert dataset.transmission.dims == ("energy",)
        assert dataset.attrs["left_atoms"] == "[0, 1]"
        assert dataset.attrs["hamiltonian"] == "h.nc"


def test_channels_come_back_from_the_file(tmp_path):
    device, left, right = chain(4)
    result = transmission(device, left, right, np.linspace(-1, 1, 5), channels=1)
    again = read_transmission(write_transmission(result, tmp_path / "t.nc"))
    np.testing.assert_array_equal(again.channels, result.channels)
    np.testing.assert_allclose(again.channels[:, 0], 1.0, rtol=1e-9)
    with pytest.raises(InputError, match="eigenchannels: -1"):
        transmission(device, left, right, [0.0], channels=-1)


def test_unreadable_files_are_named(tmp_path):
    with pytest.raises(InputError, match=r"gone\.nc: there is no such file"):
        read_transmission(tmp_path / "gone.nc")
    (tmp_path / "text.nc").write_text("not netCDF")
    with pytest.raises(InputError, match=r"text\.nc: is not a readable netCDF"):
        read_transmission(tmp_path / "text.nc")
    import xarray

    xarray.Dataset({"a": ("x", [1.0])}).to_netcdf(tmp_path / "other.nc")
    with pytest.raises(InputError, match=r"other\.nc: .*energy and transmission are needed"):
        read_transmission(tmp_path / "other.nc")


def test_bad_input_is_one_clear_error():
    device, left, right = chain(4)
    with pytest.raises(InputError, match="finite energies"):
        transmission(device, left, right, [])
    with pytest.raises(InputError, match="finite energies"):
        transmission(device, left, right, [np.nan])
    with pytest.raises(InputError, match="'fast' is unknown"):
        transmission(device, left, right, [0.0], "fast")
    with pytest.raises(TransportError, match="right lead"):
        transmission(device, left, ChainLead(np.array([2, 3])), [0.0])
    bad = Device(np.eye(4), np.ones((4, 4)))
    with pytest.raises(TransportError, match="not positive definite"):
        transmission(bad, left, right, np.linspace(-1, 1, 3), "contact-reduction")
    with pytest.raises(
        TransportError, match=r"wide-band lead: overlap S of 2 orbitals is not positive definite"
    ):
        WideBandLead(bad, orbitals=[0, 1])


@pytest.mark.parametrize("solver", ["auto", "direct", "layers", "contact-reduction"])
@pytest.mark.parametrize("energies", [[0.3], [0.1, 0.3, 0.5]])
@pytest.mark.parametrize("sparse", [False, True])
def test_an_overlap_that_is_not_positive_definite_has_no_transmission(solver, energies, sparse):
    near = np.eye(4, k=1) + np.eye(4, k=-1)
    H, S = -near, np.eye(4)
    S[1, 2] = S[2, 1] = 1.2
    device = Device(*(scipy.sparse.csr_array(one) for one in (H, S))) if sparse else Device(H, S)
    with pytest.raises(TransportError, match="not positive definite"):
        transmission(device, WideBandLead(device, [0]), WideBandLead(device, [3]), energies, solver)


def test_a_level_that_no_lead_broadens_is_one_clear_error_in_layers():
    device = Device(
        scipy.sparse.csr_array(np.diag([0.0, 0.3, 0.0, 0.0]) - np.diag([1, 0, 0], 1) - np.diag([1, 0, 0], -1))
    )
    leads = WideBandLead(device, [0]), WideBandLead(device, [1])
    with pytest.raises(TransportError, match="singular at 0 eV: a level there is coupled to no lead"):
        transmission(device, *leads, [0.0], "layers")
