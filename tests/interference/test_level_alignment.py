"""Charges of a junction against the engine's own, and what is said of them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from qdjunction.cli import main
from qdjunction.core.errors import InputError
from qdjunction.core.results import read_result
from qdjunction.engine.store import write_electronic_structure
from qdjunction.engine.xtb import engine as xtb
from qdjunction.interference.level_alignment import LevelAlignment, alignment_sentence
from qdjunction.interference.results import Charges
from qdjunction.interference.settings import InterferenceSettings
from qdjunction.steps.electronic import correct_hamiltonian
from qdjunction.steps.interference import frontier, level_alignment
from qdjunction.steps.transport import compute_transmission, observable
from qdjunction.structure.junction import build_junction, dot_atoms
from qdjunction.structure.settings import ElectrodeSettings
from qdjunction.structure.sites import Site, find_contacts
from qdjunction.structure.sources.file import read_molecule
from qdjunction.structure.xyz import read_structure
from qdjunction.study.results import FrontierRecord
from qdjunction.transport import Device, WideBand, mulliken_populations, read_transmission
from qdjunction.transport.observables.level_correction import LevelCorrectionSettings, LevelShifts
from support.paths import MOLECULE, RECORDED

DOT = RECORDED / "1Pb_MAPbBr3" / "relaxed.extxyz"


@pytest.fixture(scope="module")
def junction(tmp_path_factory):
    """H and S of a 1Pb junction, and the charges that tblite gives with them."""
    atoms = build_junction(read_structure(DOT), "L", "R2", ElectrodeSettings(layers=2))
    results = []
    solve = xtb._Scf.solve
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(xtb._Scf, "solve", lambda *given: results.append(solve(*given)) or results[-1])
        structure = xtb.XtbEngine(xtb.XtbSettings(accuracy=0.001)).hamiltonian(atoms, Path())
    path = tmp_path_factory.mktemp("junction") / "h.nc"
    write_electronic_structure(structure, path)
    return path, structure, np.array(results[-1]["charges"])


def test_charges_are_those_of_the_engine(junction):
    """GFN1 charges are Mulliken charges."""
    _, structure, charges = junction
    device = Device.from_hamiltonian(structure.hamiltonian)
    populations = mulliken_populations(device, structure.engine.electronic_temperature_k)
    np.testing.assert_allclose(structure.valence_electrons - populations, charges, rtol=0, atol=1e-6)


def test_the_record_of_a_junction_holds_its_charges(junction, tmp_path, capsys):
    path, structure, charges = junction
    frontier(path, InterferenceSettings(), tmp_path / "frontier.json")
    found = read_result(FrontierRecord, tmp_path / "frontier.json").alignment
    sides = structure.atoms.get_tags() // 10
    expected = [charges[sides == side].sum() for side in range(3)]
    assert [found.charges.dot_e, found.charges.left_tip_e, found.charges.right_tip_e] == pytest.approx(
        expected, abs=1e-5
    )
    assert found.charges.total_e == pytest.approx(0, abs=1e-6)
    assert found.pinned == "HOMO"
    assert level_alignment(path) == found
    assert main(["alignment", str(path)]) == 0
    text = capsys.readouterr().out
    assert f"dot {found.charges.dot_e:+.3f} e, left tip {found.charges.left_tip_e:+.3f} e" in text
    assert f"HOMO - E_F = {found.homo_ev:+.3f} eV" in text
    assert "pinned near the HOMO of the dot" in text


def test_a_dot_without_tips_is_refused(junction, tmp_path):
    structure = junction[1]
    atoms = structure.atoms.copy()
    atoms.set_tags(0)
    bare = type(structure)(**{**structure.__dict__, "atoms": atoms})
    write_electronic_structure(bare, tmp_path / "h.nc")
    with pytest.raises(InputError, match="has no dot between two tagged tips"):
        level_alignment(tmp_path / "h.nc")


def alignment(homo, lumo, dot=0.0, tip=0.0):
    return LevelAlignment(Charges(dot_e=dot, left_tip_e=tip, right_tip_e=tip), homo, lumo)


@pytest.mark.parametrize(
    ("homo", "lumo", "pinned", "text"),
    [
        (-0.05, 2.6, "HOMO", "near the HOMO of the dot in R (0.05 eV above it)"),
        (0.1, 2.7, "HOMO", "near the HOMO of the dot in R (0.10 eV below it)"),
        (-2.2, 0.5, "LUMO", "near the LUMO of the dot in R (0.50 eV below it)"),
        (-3.0, -0.2, "LUMO", "near the LUMO of the dot in R (0.20 eV above it)"),
        (
            -1.2,
            1.5,
            None,
            "near neither HOMO nor LUMO of the dot in R (1.20 eV above the HOMO, 1.50 eV below",
        ),
    ],
)
def test_which_level_the_fermi_energy_is_pinned_near(homo, lumo, pinned, text):
    one = alignment(homo, lumo)
    assert one.pinned == pinned
    assert text in alignment_sentence({"R": one})
    assert "Warning" not in alignment_sentence({"R": one})


def test_a_charged_dot_and_charges_that_do_not_add_up_are_warned_of():
    text = alignment_sentence(
        {
            "R1": alignment(-0.1, 2.5, 1.0, -0.5),
            "R2": alignment(-0.1, 2.5, -0.6, 0.35),
            "R3": alignment(-0.1, 2.5),
        }
    )
    assert "charged by more than 0.5 e in R1 (+1.00 e), R2 (-0.60 e)," in text
    assert "do not add up to zero in R2 (+0.10 e);" in text


def test_levels_of_a_dithiolate_are_those_of_the_dithiol(tmp_path):
    """Without the pair of its gold bonds, the two halves of the unpaired electrons would be HOMO and LUMO."""
    sites = {"L": Site(atom=11), "R": Site(atom=10)}
    molecule, _ = read_molecule(MOLECULE, "molecule", "", "")
    molecule.info = {"contacts": find_contacts(molecule, sites, lambda name: name)}
    structure = xtb.XtbEngine(xtb.XtbSettings()).hamiltonian(
        build_junction(molecule, "L", "R", ElectrodeSettings(layers=2)), Path()
    )
    path = tmp_path / "h.nc"
    write_electronic_structure(structure, path)
    found = level_alignment(path)
    assert found.homo_ev < 0 < found.lumo_ev
    assert found.lumo_ev - found.homo_ev > 2
    assert found.pinned == "HOMO"
    shifts = LevelCorrectionSettings(occupied_shift_ev=-1, unoccupied_shift_ev=1)
    corrected = observable(path, shifts, WideBand(), tmp_path / "c.nc", energies_ev=[-1.0, 0.0, 1.0])
    np.testing.assert_allclose(corrected.level, [found.homo_ev, found.lumo_ev], rtol=1e-9)


def test_a_hamiltonian_with_shifted_levels_is_that_of_the_observable(junction, tmp_path):
    path, *_ = junction
    shifts = {"occupied_shift_ev": -0.4, "unoccupied_shift_ev": 0.7}
    correct_hamiltonian(path, LevelShifts(**shifts), tmp_path / "corrected.nc")
    before, after = level_alignment(path), level_alignment(tmp_path / "corrected.nc")
    assert after.homo_ev == pytest.approx(before.homo_ev - 0.4, abs=1e-8)
    assert after.lumo_ev == pytest.approx(before.lumo_ev + 0.7, abs=1e-8)
    energies = np.linspace(-1, 3, 9)
    compute_transmission(tmp_path / "corrected.nc", energies, WideBand(), tmp_path / "t.nc")
    expected = observable(
        path, LevelCorrectionSettings(**shifts), WideBand(), tmp_path / "observable.nc", energies_ev=energies
    )
    np.testing.assert_allclose(
        read_transmission(tmp_path / "t.nc").transmission, expected["corrected"], rtol=1e-6
    )


def test_levels_of_a_dot_with_an_odd_electron_are_not_shifted(junction, tmp_path):
    _, structure, _ = junction
    electrons = structure.valence_electrons.copy()
    electrons[dot_atoms(structure.atoms)[0]] += 1
    write_electronic_structure(replace(structure, valence_electrons=electrons), tmp_path / "odd.nc")
    shifts = LevelShifts(occupied_shift_ev=-0.4, unoccupied_shift_ev=0.7)
    with pytest.raises(InputError, match="a closed shell needs an even number"):
        correct_hamiltonian(tmp_path / "odd.nc", shifts, tmp_path / "corrected.nc")
    assert not (tmp_path / "corrected.nc").exists()
