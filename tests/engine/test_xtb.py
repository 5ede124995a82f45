"""The xtb engine on real structures: against tblite's own ASE calculator, itself and closed forms."""

from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule
from pydantic import ValidationError
from scipy.linalg import eigh, eigvalsh

from qdjunction.core.errors import EngineError, InputError
from qdjunction.engine.contract import ElectronicStructure
from qdjunction.engine.fermi import fermi_energy
from qdjunction.engine.registry import make_engine
from qdjunction.engine.xtb import charges
from qdjunction.engine.xtb.engine import XtbEngine, XtbSettings, _reference_electrons


def dense(structure: ElectronicStructure) -> tuple[np.ndarray, np.ndarray]:
    return structure.hamiltonian.Hk(format="array"), structure.hamiltonian.Sk(format="array")


def test_gap_of_one_lead_octahedron(single_pb_structure):
    assert 4.0 < single_pb_structure.gap_ev < 4.7
    assert single_pb_structure.homo_ev < 0 < single_pb_structure.lumo_ev


def test_energy_and_forces_are_those_of_tblites_own_ase_calculator(single_pb, single_pb_structure):
    from tblite.ase import TBLite

    peer = single_pb.copy()
    peer.calc = TBLite(method="GFN1-xTB", electronic_temperature=300.0, accuracy=0.01, verbosity=0)
    assert single_pb_structure.energy_ev == pytest.approx(peer.get_potential_energy(), abs=1e-4)
    np.testing.assert_allclose(single_pb_structure.forces_ev_per_ang, peer.get_forces(), atol=1e-4)


def test_forces_are_the_derivative_of_the_energy(single_pb, single_pb_structure, tmp_path):
    # GFN1 forces jump by some meV/Ang where two neighbours of a halogen are equally near; these atoms are
    # not there.
    engine, h = XtbEngine(XtbSettings(accuracy=0.01)), 1e-3
    for atom, axis in ((0, 0), (7, 0), (8, 1)):
        energies = []
        for shift in (-h, h):
            moved = single_pb.copy()
            moved.positions[atom, axis] += shift
            energies.append(engine.hamiltonian(moved, tmp_path).energy_ev)
        slope = (energies[1] - energies[0]) / (2 * h)
        assert -slope == pytest.approx(single_pb_structure.forces_ev_per_ang[atom, axis], abs=5e-5)


def test_hamiltonian_has_the_levels_of_the_scf(single_pb_structure):
    H, S = dense(single_pb_structure)
    np.testing.assert_allclose(H, H.T, atol=1e-13)
    np.testing.assert_allclose(np.diag(S), 1.0, atol=1e-6)
    assert eigvalsh(S).min() > 0
    np.testing.assert_allclose(eigvalsh(H, S), single_pb_structure.eigenvalues_ev, atol=1e-8)


def test_occupied_states_hold_all_electrons_and_give_mulliken_neutrality(single_pb_structure):
    H, S = dense(single_pb_structure)
    _, C = eigh(H, S)
    pairs = round(single_pb_structure.valence_electrons.sum() / 2)
    P = 2 * C[:, :pairs] @ C[:, :pairs].T
    assert np.sum(P * S) == pytest.approx(single_pb_structure.valence_electrons.sum())
    geometry = single_pb_structure.hamiltonian.geometry
    populations = np.add.reduceat(np.sum(P * S, axis=1), geometry.firsto[:-1])
    charges = single_pb_structure.valence_electrons - populations
    assert charges.sum() == pytest.approx(0.0, abs=1e-8)
    symbols = np.array(single_pb_structure.atoms.symbols)
    assert charges[symbols == "Pb"].min() > 0.3
    assert charges[symbols == "Br"].max() < -0.2


def test_valence_electrons_are_those_of_the_method(tmp_path):
    atoms = Atoms("HCNClBrIPbCsAu", positions=np.arange(9)[:, None] * [6.0, 0.0, 0.0])
    atoms += Atoms("H", positions=[[0.0, 8.0, 0.0]])
    assert _reference_electrons("GFN1-xTB", atoms).tolist() == [1, 4, 5, 7, 7, 7, 4, 1, 11, 1]


def test_orbitals_are_labelled_by_their_angular_momenta(tmp_path):
    """The overlap of an s orbital with m of a shell l on another atom goes as Y_lm of the bond."""
    x, y, z = direction = np.array([0.36, 0.48, 0.8])
    atoms = Atoms("BrH", positions=[[0, 0, 0], 1.42 * direction])
    structure = XtbEngine().hamiltonian(atoms, tmp_path)
    _, S = dense(structure)
    bromine, hydrogen = structure.hamiltonian.geometry.atoms
    assert [orbital.name() for orbital in hydrogen.orbitals] == ["1sZ1", "2sZ2"]
    harmonics = {
        "s": 1.0,
        "px": x,
        "py": y,
        "pz": z,
        "dxy": np.sqrt(3) * x * y,
        "dyz": np.sqrt(3) * y * z,
        "dxz": np.sqrt(3) * x * z,
        "dz2": (3 * z**2 - 1) / 2,
        "dx2-y2": np.sqrt(3) / 2 * (x**2 - y**2),
    }
    names = [orbital.name() for orbital in bromine.orbitals]
    assert sorted(names) == sorted(f"4{name}Z1" for name in harmonics)
    with_1s = dict(zip(names, S[: len(names), len(names)], strict=True))
    for shell in ("p", "d"):
        own = [name for name in harmonics if name.startswith(shell)]
        radial = [with_1s[f"4{name}Z1"] / harmonics[name] for name in own]
        np.testing.assert_allclose(radial, radial[0], rtol=1e-8)


def test_an_unrelaxed_start_and_a_hotter_start_end_in_the_same_state(
    single_pb, single_pb_structure, tmp_path
):
    hotter = XtbEngine(XtbSettings(accuracy=0.01, start_temperature_k=4000.0)).hamiltonian(
        single_pb, tmp_path
    )
    assert hotter.energy_ev == pytest.approx(single_pb_structure.energy_ev, abs=1e-5)
    np.testing.assert_allclose(hotter.eigenvalues_ev, single_pb_structure.eigenvalues_ev, atol=1e-4)


@pytest.mark.parametrize("kT", [0.5, 0.1, 0.0259])
def test_fermi_energy_fills_metallic_levels(kT):
    levels = np.sort(np.random.default_rng(1).uniform(-3, 3, 200))
    fermi = fermi_energy(levels, 120, kT)
    assert 2 * np.sum(1 / (1 + np.exp((levels - fermi) / kT))) == pytest.approx(120, abs=1e-10)


def test_fermi_energy_lies_in_the_middle_of_a_wide_gap():
    levels = np.array([-9.0, -2.0, 3.0, 8.0])
    assert fermi_energy(levels, 4, 0.0259) == pytest.approx(0.5, abs=1e-12)


def test_fermi_energy_leans_away_from_the_denser_edge():
    """With g_v levels at -E and g_c at +E the closed form is mu = kT/2 ln(g_v/g_c)."""
    levels = np.array([-1.0] * 5 + [1.0] * 2)
    assert fermi_energy(levels, 10, 0.05) == pytest.approx(0.025 * np.log(5 / 2), abs=1e-9)


@pytest.mark.parametrize("electrons", [0, 3, 8])
def test_fermi_energy_refuses_what_is_no_closed_shell(electrons):
    with pytest.raises(ValueError, match="electrons"):
        fermi_energy(np.arange(4.0), electrons, 0.1)


def test_info_records_what_the_numbers_depend_on():
    info = make_engine("xtb", {"accuracy": 1.0}).info
    assert (info.name, info.method, info.embedded) == ("xtb", "GFN1-xTB", True)
    assert info.settings["accuracy"] == 1.0
    assert {"tblite", "blas", "sisl"} <= set(info.versions)
    assert replace(info) == info


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("vasp", {}, "no engine 'vasp'; choose one of siesta, xtb"),
        ("xtb", {"temperature": 300}, "temperature: Extra inputs"),
        (
            "xtb",
            {"electronic_temperature_k": -1},
            "electronic_temperature_k: Input should be greater than or equal",
        ),
        (
            "xtb",
            {"start_temperature_k": 10},
            "start_temperature_k \\(10\\) is below electronic_temperature_k \\(300\\)",
        ),
    ],
)
def test_unknown_engines_and_settings_are_named(name, settings, message):
    with pytest.raises(InputError, match=message):
        make_engine(name, settings)


def test_settings_do_not_change_once_made():
    with pytest.raises(ValidationError, match="frozen"):
        XtbSettings().accuracy = 2.0


@pytest.mark.parametrize(
    ("atoms", "message"),
    [
        (Atoms(), "no atoms"),
        (molecule("CH3"), "odd number of valence electrons \\(7\\)"),
        (
            Atoms("H2", positions=[[0, 0, 0], [0, 0, 0.74]], pbc=True, cell=[5, 5, 5]),
            "no H, S, .* of a periodic",
        ),
        (Atoms("Am2", positions=[[0, 0, 0], [0, 0, 3]]), "no parameters for Am"),
        (Atoms("H2", positions=[[0, 0, 0], [0, 0, 0]]), "tblite rejects H2"),
    ],
)
def test_unsuitable_structures_are_refused(atoms, message, tmp_path):
    with pytest.raises(EngineError, match=message):
        XtbEngine().hamiltonian(atoms, tmp_path)


def test_every_try_is_made_and_reported_before_the_scf_is_given_up(single_pb, tmp_path, caplog):
    with pytest.raises(EngineError, match=r"does not converge .* raise electronic_temperature_k"):
        XtbEngine(XtbSettings(max_iterations=1)).hamiltonian(single_pb, tmp_path)
    tries = [record.args[0] for record in caplog.records if record.levelname == "WARNING"]
    assert tries[0] == "annealed"
    assert len(tries) == 2


def test_a_rescued_scf_says_so(single_pb, single_pb_structure, tmp_path, monkeypatch):
    """Nine iterations are too few for the first try without a start; the careful one has four times as many."""
    monkeypatch.setattr(charges, "converge", lambda *_: None)
    rescued = XtbEngine(XtbSettings(max_iterations=9, accuracy=0.01)).hamiltonian(single_pb, tmp_path)
    assert len(rescued.engine.settings["scf_tries"]) == 1
    assert rescued.energy_ev == pytest.approx(single_pb_structure.energy_ev, abs=1e-5)
