"""The file that the step writes for each observable holds what closed forms say, with units, and can be drawn."""

import json
from pathlib import Path

import numpy as np
import pytest
import sisl
import xarray
from ase import Atoms
from matplotlib.figure import Figure
from scipy.integrate import quad

from qdjunction.core.errors import InputError
from qdjunction.core.matrix_files import read_matrices
from qdjunction.core.units import BOHR_ANG, BOLTZMANN_EV_PER_K, G0_SIEMENS, HARTREE_EV
from qdjunction.engine.contract import ElectronicStructure, EngineInfo
from qdjunction.engine.store import write_electronic_structure
from qdjunction.steps.transport import compute_transmission, observable, read_junction
from qdjunction.study.config import parse_config
from qdjunction.transport import OBSERVABLES, WideBand, parse_leads
from support.paths import GOLD

TSHS = GOLD / "siesta.TSHS"
LEVEL, HOPPING, COUPLING = 0.3147, 0.05, 0.8
ENERGIES = np.round(np.arange(-1.0, 1.0001, 0.01), 12)
TEMPERATURE = 300.0


def write(path, H, positions=None):
    """One orbital an atom, orthogonal, along c."""
    n = len(H)
    places = [[0, 0, 2.5 * i] for i in range(n)] if positions is None else positions
    geometry = sisl.Geometry(places, sisl.Atom(6, sisl.Orbital(30.0)), sisl.Lattice([40, 40, 2.5 * n + 40]))
    hamiltonian = sisl.Hamiltonian(geometry)
    for i, j in zip(*np.nonzero(H), strict=True):
        hamiltonian[i, j] = H[i, j]
    hamiltonian.write(path)
    return path


def level(path, hopping=HOPPING):
    """Metal, one level, metal."""
    return write(path, np.array([[0, hopping, 0], [hopping, LEVEL, hopping], [0, hopping, 0]]))


def green(energy, level_ev=LEVEL, hopping=HOPPING, bias_v=0.0):
    """G_DD, G_DL and T of metal, one level, metal."""
    left, right = (1 / (energy - shift + 0.5j * COUPLING) for shift in (0.5 * bias_v, -0.5 * bias_v))
    inside = 1 / (energy - level_ev - hopping**2 * (left + right))
    return (
        inside,
        inside * hopping * left,
        COUPLING**2 * np.abs(right * hopping * inside * hopping * left) ** 2,
    )


def fermi(energy, mu=0.0):
    return 0.5 * (1 - np.tanh(0.5 * (energy - mu) / (BOLTZMANN_EV_PER_K * TEMPERATURE)))


def found(folder, path, kind, last=2, leads=None, grid=ENERGIES, **keys):
    """Compute an observable, read its file, and draw it."""
    options = {name: keys.pop(name) for name in ("kpoints", "known") if name in keys}
    settings = OBSERVABLES[kind].Settings(**keys)
    leads = leads or WideBand(coupling_ev=COUPLING)
    regions = last if isinstance(last, tuple) else ([0], [last])
    output = folder / f"{kind}.nc"
    observable(path, settings, leads, output, *regions, 0.0, energies_ev=grid, **options)
    with xarray.open_dataset(output) as file:
        data = file.load()
    for name, variable in data.variables.items():
        assert variable.attrs["units"], name
        assert variable.attrs["long_name"], name
    assert data.attrs["observable"] == kind
    assert json.loads(data.attrs["leads"]) == leads.model_dump(mode="json")
    assert json.loads(data.attrs["provenance"])["settings"]["observable"] == settings.model_dump(mode="json")
    axes = Figure().subplots()
    OBSERVABLES[kind].draw(data, axes)
    assert axes.has_data()
    assert axes.get_xlabel()
    assert axes.get_ylabel()
    return data


def test_every_observable_has_a_test_here():
    tested = Path(__file__).read_text()
    assert OBSERVABLES
    assert {name for name in OBSERVABLES if f'"{name}"' not in tested} == set()


def test_transmission_by_spin(tmp_path):
    """A level of spinors in a field along z between the metal: T of either spin alone."""
    geometry = sisl.Geometry(
        np.arange(3)[:, None] * [0, 0, 2.0], sisl.Atom(79, [2.5]), sisl.Lattice([9, 9, 20], nsc=[1, 1, 1])
    )
    hamiltonian = sisl.Hamiltonian(geometry, spin="non-collinear")
    for i in (0, 1):
        hamiltonian[i, i + 1] = hamiltonian[i + 1, i] = (HOPPING, HOPPING, 0, 0)
    hamiltonian[1, 1] = (LEVEL + 0.2, LEVEL - 0.2, 0, 0)
    hamiltonian.write(tmp_path / "h.nc")
    data = found(tmp_path, tmp_path / "h.nc", "spin-transmission")
    up, down = (green(ENERGIES, LEVEL + shift)[2] for shift in (0.2, -0.2))
    by_spin = data["transmission_spin"]
    np.testing.assert_allclose(by_spin.sel(entering="up", leaving="up"), up, rtol=1e-9)
    np.testing.assert_allclose(by_spin.sel(entering="down", leaving="down"), down, rtol=1e-9)
    np.testing.assert_allclose(by_spin.sel(entering="up", leaving="down"), 0, atol=1e-15)
    np.testing.assert_allclose(data["transmission"], up + down, rtol=1e-9)
    np.testing.assert_allclose(data["polarisation"], (up - down) / (up + down), rtol=1e-7)
    # The level correction counts one electron in each level of spinors.
    corrected = found(
        tmp_path, tmp_path / "h.nc", "level-correction", occupied_shift_ev=-0.1, unoccupied_shift_ev=0.2,
        occupied=1,
    )  # fmt: skip
    expected = green(ENERGIES, LEVEL - 0.2 - 0.1)[2] + green(ENERGIES, LEVEL + 0.2 + 0.2)[2]
    np.testing.assert_allclose(corrected["corrected"], expected, rtol=1e-9)


def test_eigenchannels(tmp_path):
    at = [LEVEL, 0.0]
    data = found(tmp_path, level(tmp_path / "h.nc"), "eigenchannels", energies_ev=at, count=2)
    _, into, exact = green(np.array(at))
    np.testing.assert_allclose(data.transmission, np.stack([exact, 0 * exact], axis=1), atol=1e-12)
    np.testing.assert_allclose(data.fano_factor, 1 - exact, rtol=1e-9)
    np.testing.assert_allclose(data.density[:, 0, 1], COUPLING * np.abs(into) ** 2 / (2 * np.pi), rtol=1e-9)


def test_bond_currents(tmp_path):
    data = found(tmp_path, level(tmp_path / "h.nc"), "bond-currents", energies_ev=[0.1, 0.3])
    exact = green(np.array([0.1, 0.3]))[2]
    assert list(zip(data.from_atom.values, data.to_atom.values, strict=True)) == [(0, 1), (1, 2)]
    np.testing.assert_allclose(data.current, np.stack([exact, exact], axis=1), rtol=1e-9)


def test_ldos(tmp_path):
    data = found(tmp_path, level(tmp_path / "h.nc"), "ldos", energies_ev=[0.2])
    inside, into, _ = green(0.2)
    assert data.ldos[0, 1] == pytest.approx(-inside.imag / np.pi, rel=1e-9)
    assert data.ldos_left[0, 1] == pytest.approx(COUPLING * abs(into) ** 2 / (2 * np.pi), rel=1e-9)


def test_current_voltage(tmp_path):
    path = level(tmp_path / "h.nc", 0.2)
    keys = {"bias_max_v": 0.6, "bias_step_v": 0.3, "rigid_shift": True, "energy_step_ev": 0.002}
    fine = np.round(np.arange(-1.0, 1.0001, 0.002), 12)
    data = found(tmp_path, path, "current-voltage", grid=fine, **keys)
    np.testing.assert_allclose(data.bias, [-0.6, -0.3, 0.0, 0.3, 0.6])
    for name, moves in (("current", 0.0), ("current_rigid_shift", 1.0)):
        for bias in (0.3, 0.6):
            exact = quad(
                lambda e, v=bias, moves=moves: green(e, hopping=0.2, bias_v=moves * v)[2]
                * (fermi(e, 0.5 * v) - fermi(e, -0.5 * v)),
                -1.0, 1.0, points=[LEVEL, 0.5 * bias, -0.5 * bias], limit=400,
            )[0]  # fmt: skip
            assert float(data[name].sel(bias=bias)) == pytest.approx(G0_SIEMENS * exact, rel=2e-3)
            assert float(data[name].sel(bias=-bias)) == pytest.approx(-G0_SIEMENS * exact, rel=2e-3)


def test_thermoelectric(tmp_path):
    fine = np.round(np.arange(-1.0, 1.0001, 0.0025), 12)
    data = found(tmp_path, level(tmp_path / "h.nc", 0.2), "thermoelectric", grid=fine)
    at = data.sel(fermi=0.1, method="nearest")
    kt = BOLTZMANN_EV_PER_K * TEMPERATURE

    def moment(n):
        def part(x):
            return (
                (x * kt) ** n * green(float(at.fermi) + x * kt, hopping=0.2)[2] / (4 * np.cosh(0.5 * x) ** 2)
            )

        return quad(part, -30, 30, limit=200)[0]

    assert float(at.conductance) == pytest.approx(moment(0), rel=1e-3)
    assert float(at.thermopower) == pytest.approx(-moment(1) / moment(0) / TEMPERATURE, rel=2e-3)


def test_level_correction(tmp_path):
    keys = {"occupied_shift_ev": -0.4, "unoccupied_shift_ev": 0.25}
    data = found(tmp_path, level(tmp_path / "h.nc"), "level-correction", **keys)
    np.testing.assert_allclose(data.uncorrected, green(ENERGIES)[2], rtol=1e-8)
    np.testing.assert_allclose(data.corrected, green(ENERGIES, LEVEL + 0.25)[2], rtol=1e-8)
    occupied = found(tmp_path, tmp_path / "h.nc", "level-correction", occupied=1, **keys)
    np.testing.assert_allclose(occupied.corrected, green(ENERGIES, LEVEL - 0.4)[2], rtol=1e-8)
    assert float(occupied.level.sel(frontier="HOMO")) == pytest.approx(LEVEL, rel=1e-12)
    assert np.isnan(occupied.level.sel(frontier="LUMO"))


@pytest.mark.parametrize("model", ["point", "orbital"])
def test_image_charge_moves_the_level_towards_the_fermi_energy(tmp_path, model):
    """The level is 1.7 Ang from both planes: e^2 ln 2 / (4 pi epsilon_0 L) with L = 3.4 Ang."""
    image = HARTREE_EV * BOHR_ANG * np.log(2) / 3.4
    keys = {
        "occupied_shift_ev": -0.4,
        "unoccupied_shift_ev": 3.0,
        "image_charge": model,
        "image_plane_ang": 0.8,
    }
    path = level(tmp_path / "h.nc")
    empty = found(tmp_path, path, "level-correction", **keys)
    np.testing.assert_allclose(empty.corrected, green(ENERGIES, LEVEL + 3.0 - image)[2], rtol=1e-6)
    full = found(tmp_path, path, "level-correction", occupied=1, **keys)
    np.testing.assert_allclose(full.corrected, green(ENERGIES, LEVEL - 0.4 + image)[2], rtol=1e-6)
    np.testing.assert_allclose(full["shift"][0], -0.4 + image, rtol=1e-8)
    np.testing.assert_allclose(full.image_charge, [image, 0], rtol=1e-8)


def test_image_charge_wants_a_dot_between_two_metals(tmp_path):
    keys = {"occupied_shift_ev": 0, "unoccupied_shift_ev": 0, "image_charge": "point"}
    H = np.array([[0, HOPPING, 0], [HOPPING, LEVEL, HOPPING], [0, HOPPING, 0]])
    beside = write(tmp_path / "beside.nc", H, [[0, 0, 0], [0, 0, 6], [0, 0, 2.5]])
    with pytest.raises(InputError, match="two parallel planes with the dot between them"):
        found(tmp_path, beside, "level-correction", **keys)
    with pytest.raises(InputError, match=r"within 0\.5 Ang of an image plane"):
        found(tmp_path, level(tmp_path / "h.nc"), "level-correction", image_plane_ang=2.1, **keys)


@pytest.mark.parametrize(("parity", "enhancement"), [(1, 0.0), (-1, 2.0)])
@pytest.mark.parametrize("leads", ["wide-band:1", "cluster:1"])
def test_orbital_interference(tmp_path, leads, parity, enhancement):
    """Two levels at -1 and 1 eV: in the middle equal parity cancels, opposite parity doubles T."""
    H = np.zeros((4, 4))
    H[1, 1], H[2, 2] = -1.0, 1.0
    H[0, 1] = H[0, 2] = H[3, 1] = 0.02
    H[3, 2] = parity * 0.02
    path = write(tmp_path / "h.nc", H + np.triu(H, 1).T + np.tril(H, -1).T)
    data = found(
        tmp_path, path, "orbital-interference", 3, parse_leads(leads), grid=np.array([0.0]), orbitals=2
    )
    assert float(data.coherent[0] / data.incoherent[0]) == pytest.approx(enhancement, abs=1e-3)
    np.testing.assert_allclose(data.level, [-1, 1], rtol=1e-12)
    assert data.pairs[0].sum() == pytest.approx(float(data.coherent[0]), rel=1e-6, abs=1e-12)
    # Gamma of a level: |t|^2 times the broadening of the metal's own level, 2 t^2 / (gamma / 2) / 2.
    np.testing.assert_allclose(data.left_coupling, 0.02**2 * 4, rtol=1e-9)


def test_adaptive_transmission(tmp_path):
    data = found(tmp_path, level(tmp_path / "h.nc", 0.002), "adaptive-transmission")
    np.testing.assert_allclose(data.transmission, green(data.energy.values, hopping=0.002)[2], rtol=1e-6)
    # The resonance is 20 ueV wide; the even grid of 10 meV steps over it.
    assert data.transmission.max() == pytest.approx(1.0, rel=1e-2)
    assert green(ENERGIES, hopping=0.002)[2].max() < 0.3
    assert data.attrs["interpolation_error_decades"] <= 0.02


def test_complex_bands(tmp_path):
    """E = 2 t cos ka."""
    geometry = sisl.Geometry(
        [[0, 0, 0]], sisl.Atom(6, sisl.Orbital(2.6)), sisl.Lattice([9, 9, 2.5], nsc=[1, 1, 3])
    )
    crystal = sisl.Hamiltonian(geometry)
    crystal.construct([(0.1, 2.6), (0.0, -1.0)])
    crystal.write(tmp_path / "crystal.nc")
    energies = np.array([-3.0, -1.0, 0.5, 2.5])
    keys = {"crystal": str(tmp_path / "crystal.nc"), "crystal_fermi_ev": 0.0}
    data = found(tmp_path, level(tmp_path / "h.nc"), "complex-bands", grid=energies, **keys)
    exact = 2 * np.arccosh(np.maximum(np.abs(energies) / 2, 1.0)) / 2.5
    np.testing.assert_allclose(data.beta, exact, rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(data.propagating, [0, 2, 2, 0])


@pytest.fixture(scope="module")
def gold(tmp_path_factory):
    """Eight layers of gold, one atom across, and an electrode of two."""
    folder = tmp_path_factory.mktemp("gold")
    one = read_matrices(TSHS)
    one.tile(8, 2).write(folder / "h.nc")
    one.tile(2, 2).write(folder / "electrode.nc")
    return folder


def test_k_points_are_averaged_as_those_of_the_transmission(gold, tmp_path):
    leads = parse_leads(f"bulk:{gold / 'electrode.nc'}", 1e-6)
    regions, energies = ([0, 1], [6, 7]), [-1.0, 0.0]
    compute_transmission(gold / "h.nc", energies, leads, tmp_path / "t.nc", *regions, kpoints=(2, 2))
    with xarray.open_dataset(tmp_path / "t.nc") as file:
        exact = file.load()
    keys = {"kpoints": (2, 2), "grid": np.array(energies)}
    settings = {"leads": leads, "last": regions}
    opened = observable(
        gold / "h.nc", OBSERVABLES["eigenchannels"].Settings(energies_ev=energies, count=20), leads,
        tmp_path / "e.nc", *regions, kpoints=(2, 2),
    )  # fmt: skip
    np.testing.assert_allclose(opened.transmission.sum("channel"), exact.transmission_k, atol=1e-4)
    np.testing.assert_allclose(opened.weight, exact.weight)
    currents = observable(
        gold / "h.nc", OBSERVABLES["bond-currents"].Settings(energies_ev=energies, smallest_fraction=0), leads,
        tmp_path / "b.nc", *regions, kpoints=(2, 2),
    )  # fmt: skip
    cut = (currents.from_atom <= 3) & (currents.to_atom > 3)
    np.testing.assert_allclose(currents.current[:, cut.values].sum("bond"), exact.transmission, atol=1e-3)
    for kind in ("orbital-interference", "adaptive-transmission"):
        with pytest.raises(InputError, match="has no average over k points"):
            found(tmp_path, gold / "h.nc", kind, **settings, **keys)


def test_transmission_that_is_known_is_not_computed_again(tmp_path):
    path = level(tmp_path / "h.nc")
    leads = WideBand(coupling_ev=0.2)
    compute_transmission(path, ENERGIES, leads, tmp_path / "t.nc", [0], [2])
    keys = {"bias_max_v": 0.1, "bias_step_v": 0.1}
    # T(E) with another coupling: what is given is taken.
    other = found(tmp_path, path, "current-voltage", known=tmp_path / "t.nc", **keys)
    same = found(tmp_path, path, "current-voltage", leads=leads, **keys)
    np.testing.assert_allclose(other.current, same.current, rtol=1e-12)


@pytest.mark.parametrize(
    ("kind", "keys", "leads", "message"),
    [
        ("current-voltage", {"bias_max_v": 2.5}, "wide-band:1", "widen the energies"),
        ("thermoelectric", {"temperature_k": 1300}, "wide-band:1", "widen the energies"),
        ("current-voltage", {"rigid_shift": True}, "cluster:1", "cluster leads hold all metal of a side"),
    ],
)
def test_what_cannot_be_computed(tmp_path, kind, keys, leads, message):
    with pytest.raises(InputError, match=message):
        found(tmp_path, level(tmp_path / "h.nc"), kind, 2, parse_leads(leads), **keys)
    assert not (tmp_path / f"{kind}.nc").exists()


def test_a_largest_bias_that_no_step_reaches_is_refused():
    with pytest.raises(ValueError, match=r"bias_max_v: 0\.5 V is no multiple of bias_step_v, 0\.3 V"):
        OBSERVABLES["current-voltage"].Settings(bias_max_v=0.5, bias_step_v=0.3)
    np.testing.assert_allclose(
        OBSERVABLES["current-voltage"].Settings(bias_max_v=0.3, bias_step_v=0.1).bias_v,
        [-0.3, -0.2, -0.1, 0, 0.1, 0.2, 0.3],
        atol=1e-12,
    )


def test_another_suffix_is_refused(tmp_path):
    settings = OBSERVABLES["ldos"].Settings()
    with pytest.raises(InputError, match=r"let the name end in \.nc"):
        observable(level(tmp_path / "h.nc"), settings, WideBand(), tmp_path / "x.csv", [0], [2])


def config(*observables):
    dots = [{"dot": "1Pb", "contacts": ["short"]}]
    return {"study": "s", "dots": dots, "transport": {"observables": list(observables)}}


def test_observables_of_a_study():
    entries = [{"kind": "eigenchannels", "count": 2}, {"kind": "ldos", "energies_ev": [-1, 0]}]
    read = parse_config(config(*entries)).transport.observables
    assert [type(entry) for entry in read] == [OBSERVABLES[entry["kind"]].Settings for entry in entries]
    assert read[1].energies_ev == [-1.0, 0.0]
    assert parse_config(config()).transport.observables == []


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (
            [{"kind": "magic"}],
            "transport.observables.0.kind = 'magic': choose one of adaptive-transmission, ",
        ),
        ([{"count": 2}], "key 'transport.observables.0.kind' is missing"),
        ([{"kind": "ldos"}, {"kind": "ldos"}], "ldos is listed twice"),
        ([{"kind": "ldos", "count": 2}], "count = 2 is not used by the observable ldos; leave it out"),
        (
            [{"kind": "ldos", "energy_ev": [0]}],
            "unknown key 'transport.observables.0.energy_ev'; did you mean",
        ),
        (
            [{"kind": "ldos", "energies_ev": [99]}],
            "transport.observables.0.energies_ev.0 = 99: input should be less",
        ),
        (
            [{"kind": "complex-bands"}],
            "kind complex-bands needs the key crystal: file with H and S of the crystal",
        ),
        (
            [{"kind": "current-voltage", "bias_max_v": 6}],
            "observables.0 (current-voltage): conductance: T(E) runs",
        ),
        (["ldos"], "transport.observables.0 = 'ldos': write a table of keys, with kind: "),
    ],
)
def test_bad_observables_are_one_clear_error(entries, message):
    with pytest.raises(InputError) as caught:
        parse_config(config(*entries), "study.yaml")
    assert message in str(caught.value)
    assert (
        str(caught.value).startswith("study.yaml: transport")
        or "unknown key" in message
        or "missing" in message
    )
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("named", [(None, None), ([0], [4])])
def test_tips_of_a_tagged_junction_are_metal_whatever_leads_are_named(tmp_path, named):
    """Two layers of gold on either side, of which the outer one is the lead."""
    geometry = sisl.Geometry(
        [[0, 0, 2.5 * i] for i in range(5)], sisl.Atom(79, sisl.Orbital(3.0)), sisl.Lattice([40, 40, 60])
    )
    hamiltonian = sisl.Hamiltonian(geometry, orthogonal=False)
    hamiltonian.construct([(0.1, 3.0), ([0.0, 1.0], [-1.0, 0.1])])
    atoms = Atoms("Au5", positions=geometry.xyz, tags=[11, 10, 0, 20, 21])
    levels = hamiltonian.eigh()
    engine = EngineInfo("model", "tight binding", embedded=True)
    structure = ElectronicStructure(atoms, hamiltonian, 0.0, levels, np.ones(5), 0.0, None, engine)
    write_electronic_structure(structure, tmp_path / "h.nc")
    junction = read_junction(tmp_path / "h.nc", *named)
    assert [side.tolist() for side in (junction.left, junction.right)] == [[0], [4]]
    assert [side.tolist() for side in junction.metal] == [[0, 1], [3, 4]]
