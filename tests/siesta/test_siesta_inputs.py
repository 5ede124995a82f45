import re

import numpy as np
import pytest
import sisl
from ase import Atoms
from ase.build import bulk
from ase.constraints import FixAtoms, FixCartesian

from qdjunction.core.errors import EngineError, InputError
from qdjunction.core.provenance import digest
from qdjunction.engine.registry import make_engine
from qdjunction.engine.siesta import SiestaEngine, SiestaSettings
from qdjunction.engine.siesta.ghosts import with_ghosts
from qdjunction.engine.siesta.inputs import Task, write_lead_input, write_siesta_input
from qdjunction.engine.siesta.pseudopotentials import find_pseudopotentials, read_pseudopotential
from qdjunction.structure.settings import SurfaceSettings
from qdjunction.structure.surface import electrode

PSML = """<?xml version="1.0" encoding="UTF-8" ?>
<psml version="1.1" energy_unit="hartree" length_unit="bohr" xmlns="http://esl.cecam.org/PSML/ns/1.1">
<provenance creator="written for this test"/>
<pseudo-atom-spec atomic-label="{element}" atomic-number="82" z-pseudo="14" relativity="scalar">
<exchange-correlation><libxc-info number-of-functionals="2">
<functional name="PBE" type="exchange" id="{exchange}"/><functional name="PBE" type="correlation" id="130"/>
</libxc-info></exchange-correlation>
<valence-configuration total-valence-charge="14"/></pseudo-atom-spec></psml>
"""

# PSML 1.0 has `header` for the `pseudo-atom-spec` of 1.1, without a namespace.
PSML_1_0 = (
    PSML.replace('version="1.1"', 'version="1.0"')
    .replace(' xmlns="http://esl.cecam.org/PSML/ns/1.1"', "")
    .replace("pseudo-atom-spec", "header")
)


def block(fdf, name):
    return [line.split() for line in fdf.get(name)]


def test_sisl_reads_the_written_structure_back(molecule, settings, tmp_path):
    path = write_siesta_input(molecule, settings.pseudopotentials, settings, tmp_path)
    geometry = sisl.get_sile(path).read_geometry()
    np.testing.assert_allclose(geometry.xyz, molecule.positions, atol=1e-8)
    assert geometry.atoms.Z.tolist() == [82, 35, 35]


def test_ghosts_are_species_of_their_own_with_the_orbitals_of_the_element(molecule, settings, tmp_path):
    """SIESTA's manual: orbitals of ghosts are those of the element, and their atomic number is negative."""
    marked = with_ghosts(molecule, [False, False, True])
    sized = settings.model_copy(update={"basis_by_element": {"Br": "DZP"}})
    fdf = sisl.get_sile(write_siesta_input(marked, settings.pseudopotentials, sized, tmp_path))
    assert block(fdf, "ChemicalSpeciesLabel") == [
        ["1", "82", "Pb"],
        ["2", "35", "Br"],
        ["3", "-35", "Br_ghost"],
    ]
    assert [row[3] for row in block(fdf, "AtomicCoordinatesAndAtomicSpecies")] == ["1", "2", "3"]
    assert block(fdf, "PAO.BasisSizes") == [["Br", "DZP"], ["Br_ghost", "DZP"]]
    assert digest(tmp_path / "Br_ghost.psf") == digest(tmp_path / "Br.psf")
    assert "ghost" not in molecule.arrays


def test_the_protocol_is_in_the_file(molecule, settings, tmp_path):
    fdf = sisl.get_sile(write_siesta_input(molecule, settings.pseudopotentials, settings, tmp_path))
    assert fdf.get("XC.authors") == "PBE"
    assert fdf.get("MeshCutoff", unit="Ry") == pytest.approx(60)
    assert fdf.get("PAO.EnergyShift", unit="Ry") == pytest.approx(0.03)
    assert fdf.get("PAO.BasisSize") == "SZ"
    assert fdf.get("SaveHS") is True
    assert fdf.get("MD.TypeOfRun") is None


def test_dispersion_has_all_parameters_in_the_file(molecule, settings, tmp_path):
    """D3(BJ) of PBE as published, in two-body form."""
    fdf = sisl.get_sile(write_siesta_input(molecule, settings.pseudopotentials, settings, tmp_path / "none"))
    assert fdf.get("DFTD3") is None
    with_d3 = settings.model_copy(update={"dispersion": "d3"})
    path = write_siesta_input(molecule, settings.pseudopotentials, with_d3, tmp_path / "d3")
    fdf = sisl.get_sile(path)
    assert fdf.get("DFTD3") is True
    assert fdf.get("DFTD3.UseXCDefaults") is False
    values = {name: float(fdf.get(f"DFTD3.{name}")) for name in ("s6", "s8", "s9", "a1", "a2")}
    assert values == {"s6": 1.0, "s8": 0.7875, "s9": 0.0, "a1": 0.4289, "a2": 4.4407}
    assert with_d3.method.startswith("PBE-D3(BJ)/")


def test_gold_has_its_own_basis_and_further_keys_win(settings, tmp_path, data):
    for element in ("Au", "Pb"):
        source = (data / "pseudopotentials" / "Pb.psf").read_text()
        (tmp_path / f"{element}.psf").write_text(source.replace(" Pb ", f" {element} ", 1))
    settings = settings.model_copy(update={"fdf": {"mesh-cutoff": "321 Ry", "WriteDenchar": True}})
    path = write_siesta_input(
        Atoms("PbAu2", [[0, 0, 0], [0, 0, 3], [0, 3, 0]]), tmp_path, settings, tmp_path / "run"
    )
    fdf = sisl.get_sile(path)
    assert block(fdf, "PAO.BasisSizes") == [["Au", "DZ"]]
    assert path.read_text().lower().count("meshcutoff") + path.read_text().lower().count("mesh-cutoff") == 1
    assert fdf.get("WriteDenchar") is True


def test_both_lines_of_siesta_make_the_same_basis(molecule, settings, tmp_path):
    path = write_siesta_input(molecule, settings.pseudopotentials, settings, tmp_path / "psf")
    fdf = sisl.get_sile(path)
    assert fdf.get("PAO.SoftDefault") is False
    assert fdf.get("PAO.OldStylePolOrbs") is True
    assert fdf.get("PAO.SplitTailNorm") is False
    assert fdf.get("PAO.SplitValence.Legacy") is True
    assert fdf.get("PAO.rc.unbound.state", unit="Bohr") == 0
    assert fdf.get("ReparametrizePseudos") is False
    assert fdf.get("PAO.SplitNormH") == pytest.approx(0.15)
    # A key of the user takes precedence, however it is spelt.
    own = settings.model_copy(update={"fdf": {"pao-soft_default": True}})
    text = write_siesta_input(molecule, own.pseudopotentials, own, tmp_path / "own").read_text()
    assert re.findall(r"(?i)soft.?default\s+(\w+)", text) == ["True"]
    # Split norms as in SIESTA 4 can fail on psml files, which it does not read.
    (tmp_path / "Pb.psml").write_text(PSML.format(element="Pb", exchange=101))
    path = write_siesta_input(molecule[:1], tmp_path, settings, tmp_path / "psml")
    assert sisl.get_sile(path).get("PAO.SoftDefault") is False
    assert "SplitTailNorm" not in path.read_text()
    # The modern protocol leaves orbitals and projectors to SIESTA 5.
    modern = SiestaSettings(protocol="modern", pseudopotentials=settings.pseudopotentials)
    text = write_siesta_input(molecule, modern.pseudopotentials, modern, tmp_path / "modern").read_text()
    assert not re.findall(r"(?i)soft.?default|oldstyle|split|reparam", text)


def test_a_relaxation_holds_fixed_atoms(molecule, settings, tmp_path):
    molecule.set_constraint(FixAtoms([1, 2]))
    task = Task(max_steps=7, fmax_ev_per_ang=0.04, from_saved_geometry=True, wall_time_s=600)
    fdf = sisl.get_sile(write_siesta_input(molecule, settings.pseudopotentials, settings, tmp_path, task))
    assert fdf.get("MD.TypeOfRun") == "CG"
    assert fdf.get("MD.Steps") == 7
    assert fdf.get("MD.MaxForceTol", unit="eV/Ang") == pytest.approx(0.04)
    assert fdf.get("MaxWalltime", unit="s") == 600
    assert block(fdf, "Geometry.Constraints") == [["atom", "[", "2", "--", "3", "]"]]
    assert fdf.get("MD.UseSaveXV") is True


def test_other_constraints_are_refused(molecule, settings, tmp_path):
    molecule.set_constraint(FixCartesian(0))
    with pytest.raises(InputError, match=r"FixCartesian.*use ase.constraints.FixAtoms"):
        write_siesta_input(molecule, settings.pseudopotentials, settings, tmp_path, Task(max_steps=1))


def test_the_box_leaves_room_for_orbitals(molecule, settings, tmp_path):
    fdf = sisl.get_sile(write_siesta_input(molecule, settings.pseudopotentials, settings, tmp_path))
    vacuum = np.diag(fdf.read_lattice().cell) - np.ptp(molecule.positions, axis=0)
    np.testing.assert_allclose(vacuum, 2 * settings.orbital_range_estimate_ang + 1, atol=1e-6)


def test_a_given_vacuum_is_used(molecule, settings, tmp_path):
    settings = settings.model_copy(update={"vacuum_ang": 15.0})
    fdf = sisl.get_sile(write_siesta_input(molecule, settings.pseudopotentials, settings, tmp_path))
    assert fdf.read_lattice().cell[1, 1] == pytest.approx(3.5 + 15)


def test_a_lead_gets_k_points_along_and_its_own_cell(settings, tmp_path):
    crystal = bulk("Pb", "fcc", 4.95, cubic=True)
    fdf = sisl.get_sile(write_lead_input(crystal, settings.pseudopotentials, settings, tmp_path, (3, 3)))
    assert [row[:3] for row in block(fdf, "kgrid_Monkhorst_Pack")] == [
        ["3", "0", "0"],
        ["0", "3", "0"],
        ["0", "0", "31"],
    ]
    assert fdf.get("TS.HS.Save") is True
    np.testing.assert_allclose(fdf.read_lattice().cell, crystal.cell.array, atol=1e-8)


def test_the_electrode_of_a_study_is_written_with_its_k_points_and_images(settings, tmp_path):
    """22 points along three layers of 2.35 Ang cover 150 Ang; a junction on the same surfaces has one."""
    surface = SurfaceSettings(size=(2, 3), kpoints=(4, 3))
    written = settings.model_copy(update={"fdf": {"TS.HS.Save": "false"}}).periodic(surface.electrode_kpoints)
    fdf = sisl.get_sile(write_siesta_input(electrode(surface), settings.pseudopotentials, written, tmp_path))
    assert [row[:3] for row in block(fdf, "kgrid_Monkhorst_Pack")] == [
        ["4", "0", "0"],
        ["0", "3", "0"],
        ["0", "0", "22"],
    ]
    assert fdf.get("ForceAuxCell") is True
    assert fdf.get("TS.HS.Save") is False  # a key of the user comes last
    geometry = fdf.read_geometry()
    assert geometry.na == 18
    assert geometry.cell[2] == pytest.approx([0, 0, 3 * 4.078 / np.sqrt(3)])
    assert make_engine("siesta", settings.model_dump(), kpoints=(4, 3, 1)).settings.kpoints == (4, 3, 1)


def test_the_embedded_engine_has_no_periodic_structures():
    with pytest.raises(
        InputError, match=r"engine = 'xtb': .* computes finite structures only, and bulk leads need"
    ):
        make_engine("xtb", kpoints=(1, 1, 22))


def test_a_lead_must_be_periodic(molecule, settings, tmp_path):
    with pytest.raises(InputError, match="repeats in all three directions"):
        write_lead_input(molecule, settings.pseudopotentials, settings, tmp_path)


def test_a_finite_structure_has_no_k_points(molecule, settings, tmp_path):
    settings = settings.model_copy(update={"kpoints": (2, 1, 1)})
    with pytest.raises(InputError, match="the structure is finite"):
        write_siesta_input(molecule, settings.pseudopotentials, settings, tmp_path)


def test_pseudopotentials_come_along_with_their_checksums(molecule, settings, tmp_path):
    found = find_pseudopotentials(molecule.symbols, settings.pseudopotentials, "PBE")
    assert [(name, file.valence, file.functional) for name, file in found.items()] == [
        ("Pb", 4.0, "PBE"),
        ("Br", 7.0, "PBE"),
    ]
    write_siesta_input(molecule, settings.pseudopotentials, settings, tmp_path)
    assert digest(tmp_path / "Br.psf") == found["Br"].sha256


def test_a_missing_pseudopotential_is_named_with_folder_and_source(settings):
    with pytest.raises(InputError, match=r"no pseudopotential for Cs \(Cs\.psf\).*PseudoDojo") as caught:
        find_pseudopotentials(["Pb", "Cs"], settings.pseudopotentials, "PBE")
    assert str(settings.pseudopotentials) in str(caught.value)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nowhere.*Pb\.psml"):
        find_pseudopotentials(["Pb"], tmp_path / "nowhere", "PBE")


def test_psml_is_read_and_preferred_where_it_is_complete(settings, tmp_path):
    (tmp_path / "Pb.psml").write_text(PSML.format(element="Pb", exchange=101))
    (tmp_path / "Pb.psf").write_bytes((settings.pseudopotentials / "Pb.psf").read_bytes())
    assert find_pseudopotentials(["Pb"], tmp_path, "PBE")["Pb"].format == "psml"
    assert find_pseudopotentials(["Pb"], tmp_path, "PBE", "psf")["Pb"].valence == 4
    (tmp_path / "Br.psf").write_bytes((settings.pseudopotentials / "Br.psf").read_bytes())
    assert find_pseudopotentials(["Pb", "Br"], tmp_path, "PBE")["Pb"].format == "psf"


@pytest.mark.parametrize(("text", "version"), [(PSML, "1.1"), (PSML_1_0, "1.0")])
def test_both_versions_of_psml_are_read(tmp_path, text, version):
    (tmp_path / "Pb.psml").write_text(text.format(element="Pb", exchange=101))
    found = read_pseudopotential(tmp_path / "Pb.psml")
    assert (found.element, found.valence, found.functional) == ("Pb", 14, "PBE")
    assert (found.format, found.version, found.relativity) == ("psml", version, "scalar")


def test_spin_orbit_needs_fully_relativistic_files(settings, tmp_path):
    (tmp_path / "Pb.psml").write_text(PSML.format(element="Pb", exchange=101))
    with pytest.raises(
        InputError, match=r"Pb\.psml: is not fully relativistic, but spin = spin-orbit needs it"
    ):
        find_pseudopotentials(["Pb"], tmp_path, "PBE", spin="spin-orbit")
    (tmp_path / "Pb.psml").write_text(PSML.format(element="Pb", exchange=101).replace('"scalar"', '"dirac"'))
    assert find_pseudopotentials(["Pb"], tmp_path, "PBE", spin="spin-orbit")["Pb"].relativity == "full"


def test_a_header_on_which_siesta_5_stops_is_refused_with_the_line_to_write(settings, tmp_path):
    whole = (settings.pseudopotentials / "N.psf").read_text()
    cut = whole.replace("3d 0.00  r= 1.00/", " " * 17, 1)
    path = tmp_path / "N.psf"
    path.write_text(cut)
    with pytest.raises(InputError, match=r"line 3 names 2 shells, but the file has 3 potentials") as caught:
        read_pseudopotential(path)
    line = re.search(r"'(.*)'", str(caught.value))[1]
    path.write_text("\n".join([*cut.split("\n")[:2], line, *cut.split("\n")[3:]]))
    assert read_pseudopotential(path).valence == 5
    assert line == whole.split("\n")[2].rstrip()


def test_a_functional_without_a_name_here_is_refused(settings, tmp_path):
    whole = (settings.pseudopotentials / "Pb.psf").read_text()
    (tmp_path / "Pb.psf").write_text(whole.replace("Pb pb", "Pb wi", 1))
    with pytest.raises(
        InputError, match=r'was made with functional code "wi", the calculation uses PBE; get it'
    ):
        find_pseudopotentials(["Pb"], tmp_path, "PBE")
    (tmp_path / "Pb.psml").write_text(PSML.format(element="Pb", exchange=524))
    with pytest.raises(InputError, match=r'was made with functional code "524", the calculation uses PBE'):
        find_pseudopotentials(["Pb"], tmp_path, "PBE")
    unstated = re.sub(r"<functional .*/>", "", PSML.format(element="Pb", exchange=101))
    (tmp_path / "Pb.psml").write_text(unstated)
    assert find_pseudopotentials(["Pb"], tmp_path, "PBE")["Pb"].functional == ""


def test_another_functional_or_element_is_refused(tmp_path):
    (tmp_path / "Pb.psml").write_text(PSML.format(element="Pb", exchange=1))
    with pytest.raises(InputError, match="was made with LDA, the calculation uses PBE"):
        find_pseudopotentials(["Pb"], tmp_path, "PBE")
    (tmp_path / "Pb.psml").write_text(PSML.format(element="Sn", exchange=101))
    with pytest.raises(InputError, match="of Sn, not of Pb"):
        find_pseudopotentials(["Pb"], tmp_path, "PBE")


@pytest.mark.parametrize(
    ("name", "text"), [("Pb.psml", "<psml"), ("Pb.psf", " Pb pb nrl nc\n"), ("Pb.psf", "")]
)
def test_a_damaged_pseudopotential_is_refused(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match="not a complete"):
        read_pseudopotential(tmp_path / name)


def test_a_slab_has_k_points_dispersion_and_its_dipole_corrected(settings, tmp_path):
    """What the cover of a slab takes in production."""
    slab = Atoms(
        "PbBr2", positions=[[0, 0, 8], [3, 0, 8], [0, 3, 8]], cell=[6, 6, 20], pbc=[True, True, False]
    )
    made = settings.model_copy(update={"dispersion": "d3"}).slab((3, 2))
    path = write_siesta_input(slab, settings.pseudopotentials, made, tmp_path, Task(100, 0.04))
    fdf = sisl.get_sile(path)
    assert block(fdf, "kgrid_Monkhorst_Pack") == [
        ["3", "0", "0", "0.0"], ["0", "2", "0", "0.0"], ["0", "0", "1", "0.0"]
    ]  # fmt: skip
    assert fdf.get("DFTD3") is True
    assert fdf.get("Slab.DipoleCorrection") is True
    assert fdf.get("MD.Steps") == 100
    np.testing.assert_allclose(sisl.get_sile(path).read_lattice().cell, np.diag([6, 6, 20]))
    assert fdf.get("MD.UseSaveXV") is False
    again = write_siesta_input(
        slab, settings.pseudopotentials, made, tmp_path, Task(100, 0.04, from_saved_geometry=True)
    )
    assert sisl.get_sile(again).get("MD.UseSaveXV") is True
    assert sisl.get_sile(again).get("MD.UseSaveCG") is True


def test_an_odd_number_of_electrons_is_refused_unless_there_is_spin(molecule, settings, tmp_path):
    radical = molecule[:2]
    sentence = (
        r"BrPb has an odd number of valence electrons \(11\); the siesta engine treats closed shells only"
    )
    with pytest.raises(EngineError, match=sentence):
        write_siesta_input(radical, settings.pseudopotentials, settings, tmp_path)
    for compute in (
        lambda: SiestaEngine(settings).hamiltonian(radical, tmp_path / "h"),
        lambda: SiestaEngine(settings).relax(radical, tmp_path / "r", 0.05, 10),
    ):
        with pytest.raises(EngineError, match=sentence):
            compute()
    polarized = settings.model_copy(update={"spin": "polarized"})
    write_siesta_input(radical, settings.pseudopotentials, polarized, tmp_path)
    radical.set_cell([20, 20, 20])
    radical.pbc = True
    write_siesta_input(radical, settings.pseudopotentials, settings, tmp_path)
