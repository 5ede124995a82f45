import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import scipy.linalg
import sisl

from qdjunction.core.errors import EngineError, InputError
from qdjunction.core.matrix_files import is_complete
from qdjunction.engine.siesta import electronic_structure_from_run, extraction, read_hamiltonian
from qdjunction.engine.siesta.diagnosis import Failure, diagnose
from qdjunction.engine.siesta.extraction import find_run
from qdjunction.engine.siesta.inputs import BASIS_OF_PSF, BASIS_OF_SIESTA_4
from qdjunction.engine.siesta.progress import Progress
from qdjunction.engine.store import read_electronic_structure, write_electronic_structure
from qdjunction.interference.orbital_rule import solve_dot
from qdjunction.interference.pair_amplitudes import amplitudes, outward_orbitals
from qdjunction.interference.pair_control import judge_pairs, pair_table
from qdjunction.structure.rows import terminal_halides
from qdjunction.structure.xyz import read_structure, write_structure
from qdjunction.transport import Device, WideBandLead, transmission


def test_a_run_becomes_an_electronic_structure(finished):
    structure = electronic_structure_from_run(finished)
    levels = sisl.get_sile(finished / "siesta.EIG").read_data().ravel()
    np.testing.assert_allclose(structure.eigenvalues_ev, levels, atol=1e-3)
    assert structure.fermi_energy_ev == pytest.approx(-3.00, abs=0.5)
    assert structure.valence_electrons.tolist() == [4, 7, 7]
    assert structure.gap_ev == pytest.approx(1.796, abs=1e-3)
    assert structure.energy_ev == pytest.approx(-823.0, abs=1)
    assert structure.forces_ev_per_ang.shape == (3, 3)
    assert structure.atoms.get_tags().tolist() == [0, 10, 20]
    assert structure.atoms.info["dot"] == "PbBr2"
    assert structure.hamiltonian.dtype == np.float64
    assert (structure.engine.name, structure.engine.embedded) == ("siesta", False)
    assert structure.engine.versions["siesta"] == "v4.1-b4-133"


def test_the_levels_are_those_of_the_matrices(finished):
    structure = electronic_structure_from_run(finished)
    H = structure.hamiltonian.Hk(format="array").real
    S = structure.hamiltonian.Sk(format="array").real
    np.testing.assert_allclose(scipy.linalg.eigvalsh(H, S), structure.eigenvalues_ev, atol=1e-5)


@pytest.mark.parametrize("share", [0, 0.001, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_hsx_is_one_clear_error(finished, share):
    # sisl alone ends the whole Python process on some of these, and takes the last one for whole.
    path = finished / "siesta.HSX"
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(EngineError, match=r"siesta\.HSX: the file is cut short or damaged"):
        electronic_structure_from_run(finished)


@pytest.mark.parametrize("suffix", ["nc", "TSHS"])
@pytest.mark.parametrize("share", [0, 0.3, 0.9])
def test_other_matrix_files_cut_short_are_noticed_too(data, tmp_path, suffix, share):
    folder = shutil.copytree(data / "periodic", tmp_path / "run")
    path = folder / f"siesta.{suffix}"
    os.truncate(path, int(share * path.stat().st_size))
    with pytest.raises(EngineError, match=rf"siesta\.{suffix}: "):
        read_hamiltonian(folder, suffix)


def test_bytes_that_changed_are_noticed(finished):
    path = finished / "siesta.HSX"
    content = bytearray(path.read_bytes())
    content[len(content) // 2 :: 7] = b"\x55" * len(content[len(content) // 2 :: 7])
    path.write_bytes(content)
    with pytest.raises(EngineError):
        electronic_structure_from_run(finished)


def test_matrices_of_another_run_are_noticed(finished):
    fermi, *rest = (finished / "siesta.EIG").read_text().split("\n")
    rest[1] = rest[1].replace("1  -0.1", "1  -0.9", 1)
    (finished / "siesta.EIG").write_text("\n".join([fermi, *rest]))
    with pytest.raises(EngineError, match="differ from the EIG file by up to"):
        electronic_structure_from_run(finished)


def test_a_wrong_fermi_energy_is_noticed(finished):
    lines = (finished / "siesta.EIG").read_text().split("\n")
    (finished / "siesta.EIG").write_text("\n".join([f"{float(lines[0]) + 3:.6f}", *lines[1:]]))
    with pytest.raises(EngineError, match=r"levels hold 2\d\.\d+ electrons, the atoms have 18"):
        electronic_structure_from_run(finished)


@pytest.mark.parametrize("suffix", ["HSX", "EIG", "XV"])
def test_a_missing_file_is_named(finished, suffix):
    (finished / f"siesta.{suffix}").unlink()
    with pytest.raises(EngineError, match=f"left no {suffix} file"):
        electronic_structure_from_run(finished)


def test_without_forces_and_orbitals_file_the_matrices_are_the_same(finished, tmp_path):
    whole = electronic_structure_from_run(finished)
    for suffix in ("FA", "ORB_INDX"):
        (finished / f"siesta.{suffix}").unlink()
    found = electronic_structure_from_run(finished)
    assert found.forces_ev_per_ang is None
    assert found.fermi_energy_ev == whole.fermi_energy_ev
    np.testing.assert_array_equal(found.eigenvalues_ev, whole.eigenvalues_ev)
    np.testing.assert_array_equal(found.atoms.positions, whole.atoms.positions)
    names = [[orbital.name() for orbital in atom.orbitals] for atom in whole.hamiltonian.geometry.atoms]
    assert [[o.name() for o in atom.orbitals] for atom in found.hamiltonian.geometry.atoms] == names
    write_electronic_structure(found, tmp_path / "h.nc")
    back = read_electronic_structure(tmp_path / "h.nc")
    assert back.forces_ev_per_ang is None
    H, H_of_whole = (one.hamiltonian.Hk(format="array") for one in (back, whole))
    np.testing.assert_allclose(H, H_of_whole, atol=1e-12)


def test_without_the_ranges_of_the_orbitals_siesta_s_own_word_on_the_box_counts(finished):
    (finished / "siesta.ORB_INDX").unlink()
    path = finished / "siesta.out"
    path.write_text(path.read_text().replace("System type = molecule", "System type = bulk    "))
    with pytest.raises(EngineError, match="SIESTA calls the system a bulk"):
        electronic_structure_from_run(finished)


@pytest.mark.parametrize("source", ["nc", "TSHS", "HSX"])
def test_the_supercell_is_known_without_the_orbitals_file(data, tmp_path, source):
    folder = shutil.copytree(data / "periodic", tmp_path / "Läufe é" / "run")
    (folder / "siesta.ORB_INDX").unlink()
    found, fermi = read_hamiltonian(folder, source)
    whole, fermi_of_whole = read_hamiltonian(data / "periodic", source)
    assert fermi == fermi_of_whole
    for k in ((0, 0, 0), (1 / 3, 1 / 3, -1 / 3)):
        np.testing.assert_array_equal(found.Hk(k, format="array"), whole.Hk(k, format="array"))


@pytest.mark.parametrize("lacking", [(), ("FA", "ORB_INDX")])
def test_a_run_of_siesta_5_becomes_an_electronic_structure(data_5, unpacked, lacking):
    folder = unpacked(data_5 / "converged", lacking)
    structure = electronic_structure_from_run(folder)
    assert structure.hamiltonian.no == 315
    assert structure.fermi_energy_ev == pytest.approx(-3.0836, abs=5e-5)
    assert structure.gap_ev == pytest.approx(4.356, abs=5e-4)
    assert structure.energy_ev == pytest.approx(-4378.1209, abs=5e-5)
    charges = {"Pb": 4, "Br": 7, "C": 4, "N": 5, "H": 1}
    assert structure.valence_electrons.tolist() == [charges[symbol] for symbol in structure.atoms.symbols]
    assert structure.engine.versions["siesta"] == "unreleased d7f1649 (2026-02-19)"
    if lacking:
        assert structure.forces_ev_per_ang is None
    else:
        assert np.abs(structure.forces_ev_per_ang).max() == pytest.approx(1.077, abs=5e-4)


def test_hsx_files_of_siesta_5_are_in_double_precision(data_5, unpacked):
    """EIG has nine digits, and these are what H and S of SIESTA 5 give, 30 eV above the Fermi energy too."""
    folder = unpacked(data_5 / "converged")
    assert sisl.get_sile(folder / "siesta.HSX").version == 2
    hamiltonian, _ = read_hamiltonian(folder)
    printed = np.sort(sisl.get_sile(folder / "siesta.EIG").read_data().ravel())
    printed = printed[printed < 30]
    levels = scipy.linalg.eigvalsh(*(m(format="array").real for m in (hamiltonian.Hk, hamiltonian.Sk)))
    np.testing.assert_allclose(levels[: len(printed)], printed, atol=1e-6)


def test_the_charge_is_that_of_the_neutral_atom_where_an_ion_was_the_reference(finished):
    path = finished / "siesta.out"
    path.write_text(
        path.read_text().replace("Total valence charge:    4.00000", "Total valence charge:    2.00000")
    )
    assert electronic_structure_from_run(finished).valence_electrons.tolist() == [4, 7, 7]


def test_a_species_without_a_charge_is_named(finished):
    path = finished / "siesta.out"
    path.write_text(path.read_text().replace("Vna: chval, zval:    7.00000   7.00000\n", ""))
    with pytest.raises(EngineError, match="does not state the valence charge of Br "):
        electronic_structure_from_run(finished)


def test_a_failed_run_says_why(data, tmp_path):
    folder = shutil.copytree(data / "scf-stuck", tmp_path / "run")
    with pytest.raises(EngineError, match="it is stuck"):
        electronic_structure_from_run(folder)


def test_a_folder_that_is_no_run_is_refused(tmp_path, finished):
    with pytest.raises(InputError, match=r"holds one fdf file .*; found: none"):
        electronic_structure_from_run(tmp_path)
    shutil.copy(finished / "siesta.fdf", finished / "other.fdf")
    with pytest.raises(InputError, match=r"other\.fdf, siesta\.fdf"):
        electronic_structure_from_run(finished)


def test_images_that_touch_are_noticed(finished):
    lines = (finished / "siesta.XV").read_text().split("\n")
    lines[0] = lines[0].replace(lines[0].split()[0], " 9.00000000000", 1)
    (finished / "siesta.XV").write_text("\n".join(lines))
    with pytest.raises(EngineError, match=r"The box is too small: orbitals of \w+ reach .*set vacuum_ang to"):
        electronic_structure_from_run(finished)


@pytest.mark.parametrize("k", [(0, 0, 0), (1 / 3, 0, 0), (1 / 3, 1 / 3, -1 / 3)])
def test_the_fermi_energy_is_at_zero_whatever_the_file(data, k):
    matrices = {source: read_hamiltonian(data / "periodic", source) for source in ("nc", "TSHS", "HSX")}
    for hamiltonian, fermi in matrices.values():
        assert fermi == pytest.approx(matrices["HSX"][1])
        np.testing.assert_allclose(
            hamiltonian.Hk(k, format="array"), matrices["TSHS"][0].Hk(k, format="array"), atol=2e-4
        )
        np.testing.assert_allclose(
            hamiltonian.Sk(k, format="array"), matrices["TSHS"][0].Sk(k, format="array"), atol=1e-5
        )


@pytest.mark.parametrize("version", [1, 2])
def test_newer_hsx_files_are_not_shifted_twice(finished, version):
    # sisl writes the layouts of SIESTA 5, with the Fermi energy of what it writes: zero.
    old, fermi = read_hamiltonian(finished)
    with sisl.get_sile(finished / "siesta.HSX", mode="w") as sile:
        sile.write_hamiltonian(old, version=version)
    new, fermi_again = read_hamiltonian(finished)
    assert sisl.get_sile(finished / "siesta.HSX").version == version
    assert fermi_again == fermi
    np.testing.assert_allclose(new.Hk(format="array"), old.Hk(format="array"), atol=1e-6)


def test_bands_of_a_crystal_are_those_that_siesta_printed(data):
    folder = data / "periodic"
    printed = sisl.get_sile(folder / "siesta.EIG").read_data()[0]
    k_points, _ = sisl.get_sile(folder / "siesta.KP").read_data()
    hamiltonian, _ = read_hamiltonian(folder)
    reduced = np.asarray(k_points) @ np.linalg.inv(hamiltonian.geometry.rcell)
    levels = np.array([hamiltonian.eigh(k) for k in reduced])
    np.testing.assert_allclose(levels, printed, atol=1e-3)


def test_a_run_with_several_k_points_is_checked_at_each(data, tmp_path):
    """The levels at every k point, and the electrons that all of them hold; those at Gamma are kept."""
    structure = electronic_structure_from_run(data / "periodic")
    assert structure.valence_electrons == pytest.approx([11])
    assert structure.eigenvalues_ev == pytest.approx(structure.hamiltonian.eigh(), abs=1e-6)

    folder = Path(shutil.copytree(data / "periodic", tmp_path / "periodic"))
    points = (folder / "siesta.KP").read_text().splitlines()
    halves = [line.split() for line in points[1:]]
    halves[1][1:4] = ["0.1", "0.2", "0.3"]
    (folder / "siesta.KP").write_text("\n".join([points[0], *map(" ".join, halves)]) + "\n")
    with pytest.raises(EngineError, match="the levels of H and S differ from the EIG file"):
        electronic_structure_from_run(folder)
    (folder / "siesta.KP").write_text("\n".join(["1", points[1]]) + "\n")
    with pytest.raises(EngineError, match=r"siesta.KP: holds 1 k-points, the EIG file"):
        electronic_structure_from_run(folder)
    (folder / "siesta.KP").unlink()
    with pytest.raises(EngineError, match="SIESTA left no KP file"):
        electronic_structure_from_run(folder)


def test_fortran_records_are_told_whole_from_cut(data, tmp_path):
    content = (data / "converged" / "siesta.DM").read_bytes()
    cut = tmp_path / "siesta.DM"
    for length in range(0, len(content), 37):
        cut.write_bytes(content[:length])
        # Two records stand before the last ones: a cut between records cannot show.
        assert not is_complete(cut) or length in _record_ends(content)
    cut.write_bytes(content)
    assert is_complete(cut)
    assert not is_complete(tmp_path / "absent")


def _record_ends(content: bytes) -> set[int]:
    ends, at = set(), 0
    while at < len(content):
        at += 8 + int.from_bytes(content[at : at + 4], "little")
        ends.add(at)
    return ends


# E_F, gap, total energy and largest force component of the notes beside the files, and what SIESTA calls itself.
RECORDED = {
    "siesta/1Pb/singlepoint": (-1.252, 4.380, -4383.868, 1.53, 13),
    "siesta5/1Pb-relax-4-moves": (None, None, -4378.6596, 0.550, 41),
    "siesta5/1Pb-relaxed-dot-scf": (-3.2761, 4.203, -4378.6553, 0.543, None),
    "siesta5/1Pb-junction-long": (-2.1391, None, -11552.7676, None, 25),
    "siesta5/1Pb-junction-short": (-1.9556, None, -11552.6798, None, 25),
    "siesta5/cmp-v5-default-basis": (None, 4.394, -4383.569, None, None),
    "siesta5/cmp-v5-compat-basis": (None, 4.382, -4383.850, None, None),
}


@pytest.mark.recorded
@pytest.mark.parametrize(("name", "figures"), RECORDED.items(), ids=RECORDED)
def test_recorded_runs_give_their_figures(recorded_5, unpacked, name, figures):
    fermi, gap, energy, fmax, iterations = figures
    folder = unpacked(recorded_5.parent / name)
    structure = electronic_structure_from_run(folder)
    known = {"siesta": "v4.1-b4-133", "siesta5": "unreleased d7f1649 (2026-02-19)"}
    assert structure.engine.versions["siesta"] == known[name.split("/")[0]]
    assert structure.energy_ev == pytest.approx(energy, abs=5e-4)
    if fermi is not None:
        assert structure.fermi_energy_ev == pytest.approx(fermi, abs=5e-4)
    if gap is not None:
        assert structure.gap_ev == pytest.approx(gap, abs=5e-4)
    if fmax is not None:
        assert np.abs(structure.forces_ev_per_ang).max() == pytest.approx(fmax, abs=5e-3)
    output = find_run(folder).output.read_text()
    if iterations is not None:
        assert Progress(1e-4, 1e-3).feed_all(output.splitlines()).iterations == iterations


@pytest.mark.recorded
def test_siesta_5_agrees_with_4_in_the_basis_of_the_protocols(recorded_5, unpacked):
    """The same fdf on 4.1, on 5, and on 5 with the keys that every input of ours has."""
    runs = ("siesta/1Pb/singlepoint", "siesta5/cmp-v5-default-basis", "siesta5/cmp-v5-compat-basis")
    old, new, same = (electronic_structure_from_run(unpacked(recorded_5.parent / run)) for run in runs)
    assert abs(new.homo_ev + new.fermi_energy_ev - old.homo_ev - old.fermi_energy_ev) > 0.04
    assert abs(same.homo_ev + same.fermi_energy_ev - old.homo_ev - old.fermi_energy_ev) < 0.002
    assert abs(same.gap_ev - old.gap_ev) < 0.003
    keys = sisl.get_sile(recorded_5 / "cmp-v5-compat-basis" / "1Pb.fdf")
    for key in ("PAO.SoftDefault", "PAO.OldStylePolOrbs", "PAO.SplitTailNorm", "ReparametrizePseudos"):
        assert keys.get(key) is (BASIS_OF_SIESTA_4 | BASIS_OF_PSF)[key]


def test_siesta_5_gives_the_levels_of_4_with_all_keys_of_the_protocols(data_5):
    """The same input and psf files; SIESTA 5 with what every input of ours states."""
    folder = data_5 / "basis-of-4"
    levels = {}
    for name in ("siesta", "of-siesta-4"):
        file = sisl.get_sile(folder / f"{name}.EIG")
        levels[name] = np.sort(file.read_data().ravel()) + file.read_fermi_level()
    low = levels["of-siesta-4"] < 10
    np.testing.assert_allclose(levels["siesta"][low], levels["of-siesta-4"][low], atol=5e-4)
    keys = sisl.get_sile(folder / "siesta.fdf")
    for key, value in (BASIS_OF_SIESTA_4 | BASIS_OF_PSF).items():
        if key not in ("PAO.SplitNormH", "PAO.FixSplitTable", "PAO.rc.unbound.state"):  # at their defaults
            assert keys.get(key) is value, key


@pytest.mark.recorded
def test_a_lead_of_siesta_5_is_the_same_in_both_files(recorded_5, unpacked):
    folder = unpacked(recorded_5 / "lead-au22")
    (hsx, fermi), (tshs, _) = (read_hamiltonian(folder, source) for source in ("HSX", "TSHS"))
    assert fermi == pytest.approx(1.7057, abs=5e-5)
    for k in ((0, 0, 0), (0, 0, 0.3)):
        np.testing.assert_allclose(hsx.Hk(k, format="array"), tshs.Hk(k, format="array"), atol=1e-10)
        np.testing.assert_allclose(hsx.Sk(k, format="array"), tshs.Sk(k, format="array"), atol=1e-10)


@pytest.mark.recorded
def test_a_relaxation_of_siesta_5_is_followed_through_its_interruption(recorded_5, unpacked, settings):
    folder = unpacked(recorded_5 / "1Pb-relax-interrupted")
    found = diagnose(folder / "siesta.out", settings)
    assert (found.failure, "run again to resume" in found.reason) == (Failure.KILLED, True)
    folder = unpacked(recorded_5 / "1Pb-relax-resumed")
    parts = [(folder / name).read_text().splitlines() for name in ("siesta.1.out", "siesta.out")]
    first, last = (Progress(1e-4, 1e-3).feed_all(lines) for lines in parts)
    assert first.forces == 5
    assert first.forces + last.forces - 1 == 29
    assert last.energy_ev == pytest.approx(-4379.3357, abs=5e-5)
    assert last.fmax_ev_per_ang == pytest.approx(0.114, abs=5e-4)
    assert diagnose(folder / "siesta.out", settings, 0) is None


@pytest.mark.recorded
def test_old_hsx_files_need_the_geometry_from_elsewhere(siesta_reference):
    folder = siesta_reference / "1Pb" / "singlepoint"
    guessed = sisl.get_sile(folder / "1Pb.fdf").read_hamiltonian(order=["HSX"])
    mine, _ = read_hamiltonian(folder)
    np.testing.assert_allclose(mine.geometry.cell, sisl.get_sile(folder / "1Pb.XV").read_lattice().cell)
    assert not np.allclose(guessed.geometry.cell, mine.geometry.cell, atol=0.5)


@pytest.mark.recorded
def test_the_recorded_dot_has_its_gap(siesta_reference):
    levels = sisl.get_sile(siesta_reference / "12Pb" / "dot" / "12Pb.EIG").read_data().ravel()
    occupied = levels[levels < 0]
    assert levels[len(occupied)] - occupied[-1] == pytest.approx(2.668, abs=1e-3)


@pytest.mark.recorded
@pytest.mark.slow
@pytest.mark.parametrize(
    ("run", "log_transmission"),
    [
        ("siesta/12Pb/L-R3", [-4.624, -5.557, -5.366, -5.208, -4.972, -4.607, -4.058]),
        ("siesta/12Pb/L-R4", [-2.983, -3.600, -3.908, -3.991, -3.888, -3.603, -3.100]),
        ("siesta5/12Pb-control-R1-R4", [-4.545, -5.662, -5.452, -5.274, -5.027, -4.655, -4.102]),
    ],
)
def test_recorded_junctions_give_the_recorded_transmission(recorded_5, unpacked, run, log_transmission):
    structure = electronic_structure_from_run(unpacked(recorded_5.parent / run))
    assert structure.hamiltonian.no == 2640
    assert sorted(set(structure.atoms.get_tags())) == [0, 10, 11, 12, 20, 21, 22]
    device = Device.from_hamiltonian(structure.hamiltonian)
    left, right = (
        WideBandLead(device, np.flatnonzero(structure.atoms.get_tags() == tag), 1.0) for tag in (12, 22)
    )
    energies = np.linspace(-2, -0.5, 7)
    found = np.log10(transmission(device, left, right, energies).transmission)
    np.testing.assert_allclose(found, log_transmission, atol=2e-3)


@pytest.mark.recorded
@pytest.mark.slow
def test_the_far_end_of_recorded_12pb_conducts_as_all_straight_rows_do(recorded_5, unpacked):
    """T of PBE at E_F - 1.0 eV follows |g|^2 of the dot's block, which stands out on every straight row of the dot."""
    structure = electronic_structure_from_run(unpacked(recorded_5.with_name("siesta") / "12Pb" / "L-R4"))
    inside = np.flatnonzero(structure.atoms.get_tags() == 0)
    device = Device.from_hamiltonian(structure.hamiltonian)
    H, S = (device.block(name, device.orbitals_of(inside)) for name in "HS")
    levels = solve_dot(H, S, 832)
    dot = structure.atoms[inside]
    sites = terminal_halides(dot)
    geometry = structure.hamiltonian.geometry.sub(inside)
    outward = outward_orbitals(geometry, S, [(site.atom, site.pb) for site in sites])
    green, frontier = (
        amplitudes(levels, S, outward, -1.0, part) for part in (None, (levels.pairs - 1, levels.pairs))
    )
    atoms = {"L": 16, "R1": 12, "R2": 18, "R3": 23, "R4": 27}
    log10_t = {"L-R1": -3.56, "L-R2": -4.06, "L-R3": -4.972, "L-R4": -3.888, "R1-R4": -5.027}
    found = judge_pairs(
        pair_table(dot, sites, green, frontier, {}),
        {name: (*(atoms[end] for end in name.split("-")), 10**value) for name, value in log10_t.items()},
        (levels.homo_ev, levels.lumo_ev),
        -1.0,
    )
    assert found.following.follows
    assert found.following.rank_correlation == pytest.approx(1)
    assert found.following.slope == pytest.approx(0.97, abs=0.03)
    assert found.rows == ("L-R4",)
    assert found.classes[0].relation == "straight row"
    assert found.classes[0].lowest_decades > 2.5


def test_the_structure_file_of_another_run_is_refused(finished):
    atoms = read_structure(finished / "structure.extxyz")
    atoms.rotate(40, "y")  # as a whole
    atoms.positions += 3
    write_structure(atoms, finished / "structure.extxyz")
    electronic_structure_from_run(finished)
    atoms.positions[1] += 3 * (atoms.positions[1] - atoms.positions[0])
    write_structure(atoms, finished / "structure.extxyz")
    with pytest.raises(
        EngineError, match=r"structure\.extxyz: is of another run: an atom is [\d.]+ Ang from"
    ):
        electronic_structure_from_run(finished)


def test_the_contact_distance_is_that_of_the_run(finished):
    atoms = read_structure(finished / "structure.extxyz")
    contacts = {name: {"atom": atom, "direction": [0, 0, 1]} for name, atom in (("L", 1), ("R", 2))}
    atoms.info = {"contacts": contacts, "left": "L", "right": "R", "contact_distance_ang": 6.1}
    write_structure(atoms, finished / "structure.extxyz")
    found = electronic_structure_from_run(finished).atoms
    assert found.info["contact_distance_ang"] == pytest.approx(found.get_distance(1, 2))


@pytest.mark.recorded
def test_recorded_junctions_with_the_structure_file_of_the_other_are_refused(recorded_5, unpacked):
    folder = unpacked(recorded_5 / "1Pb-junction-short")
    shutil.copyfile(recorded_5 / "1Pb-junction-long" / "structure.extxyz", folder / "structure.extxyz")
    with pytest.raises(EngineError, match=r"is of another run: an atom is [\d.]+ Ang from its place"):
        electronic_structure_from_run(folder)


def test_a_run_with_an_odd_number_of_electrons_is_refused(finished, monkeypatch):
    # The same matrices filled with one electron less, as of a radical whose highest level is half filled.
    out = finished / "siesta.out"
    lines = [
        re.sub(r"(Vna: chval, zval: +[\d.]+ +)4\.\d+", r"\g<1>3.00000", line)
        for line in out.read_text().splitlines()
    ]
    out.write_text("\n".join(lines))
    monkeypatch.setattr(extraction, "_check_electrons", lambda *_: None)
    with pytest.raises(EngineError, match=r"Br2Pb has an odd number of valence electrons \(17\)"):
        electronic_structure_from_run(finished)


def test_the_input_of_a_run_is_the_file_that_no_other_includes(finished):
    text = (finished / "siesta.fdf").read_text()
    (finished / "siesta.fdf").rename(finished / "keys.fdf")
    (finished / "RUN.fdf").write_text("%include keys.fdf\nAtomCoorFormatOut < out.fdf # not < other.fdf\n")
    (finished / "out.fdf").write_text("AtomCoorFormatOut Ang\n")
    assert find_run(finished).label == "siesta"
    assert electronic_structure_from_run(finished / "RUN.fdf").gap_ev == pytest.approx(1.796, abs=1e-3)
    (finished / "other.fdf").write_text(text)
    with pytest.raises(InputError, match=r"found: RUN\.fdf, other\.fdf; name the input of the run"):
        find_run(finished)
    assert find_run(finished / "RUN.fdf").output == finished / "siesta.out"
