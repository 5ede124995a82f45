"""Structures from a file, from the catalogue and from a source of others: the same contract for all."""

import json
import re
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import sisl
from ase import Atoms
from ase.build import bulk
from ase.io import read, write
from scipy.spatial.distance import cdist

from qdjunction.core.errors import InputError, StructureError
from qdjunction.structure.anchors import ANCHORS
from qdjunction.structure.connectivity import finite, heavy_bonds
from qdjunction.structure.integrity import examine
from qdjunction.structure.junction import build_junction
from qdjunction.structure.perovskite.catalogue import list_dots, load_dot
from qdjunction.structure.perovskite.dot import build_dot
from qdjunction.structure.settings import ElectrodeSettings
from qdjunction.structure.sources.catalogue import CatalogueSettings
from qdjunction.structure.sources.file import FileSettings
from qdjunction.structure.sources.registry import SOURCES
from qdjunction.structure.xyz import write_structure
from qdjunction.study.build import make_study
from qdjunction.study.config import parse_config
from qdjunction.study.study_file import study_of, study_values
from support.distributions import install
from support.paths import CLUSTERS, MOLECULE, ROOT
from support.processes import environment, python, run

SITES = {"L": {"atom": 11}, "R": {"atom": 10}}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def molecule() -> Atoms:
    return read(MOLECULE)


def settings(**keys) -> FileSettings:
    values = {"source": "file", "path": str(MOLECULE), "contacts": ["L-R"], "sites": SITES} | keys
    return FileSettings.model_validate({key: value for key, value in values.items() if value is not None})


def build(**keys) -> Atoms:
    chosen = settings(**keys)
    return chosen.build(chosen.look_up(CLUSTERS))


def study(electrodes=None, **keys):
    entry = {"source": "file", "path": str(MOLECULE), "contacts": ["L-R"], "sites": SITES} | keys
    entry = {key: value for key, value in entry.items() if value is not None}
    values = {"study": "t", "dots": [entry], "electrodes": electrodes or {}}
    return make_study(parse_config(values, "c.yaml"), CLUSTERS, "c.yaml")


def same_shape(one: Atoms, two: Atoms, tolerance_ang: float) -> bool:
    return list(one.symbols) == list(two.symbols) and np.allclose(
        one.get_all_distances(), two.get_all_distances(), rtol=0, atol=tolerance_ang
    )


def in_box(molecule: Atoms, shift=(0.0, 0.0, 0.0)) -> Atoms:
    boxed = molecule.copy()
    boxed.cell, boxed.pbc = [[16, 0, 0], [2, 15, 0], [0, 1, 12]], True
    boxed.positions += shift
    boxed.wrap()
    return boxed


# Files


@pytest.mark.parametrize("name", ["m.xyz", "m.extxyz", "m.cif", "POSCAR", "m.vasp", "m.XV"])
@pytest.mark.parametrize("shift", [(8.0, 7.0, 6.0), (0.0, 0.0, 0.0), (15.0, 1.0, 11.9)])
def test_the_same_molecule_comes_out_of_every_format_wherever_the_cell_cuts_it(here, molecule, name, shift):
    boxed = in_box(molecule, shift)
    if name == "m.XV":
        sisl.Geometry.new(boxed).write(name)
    else:
        write(name, boxed)
    # POSCAR is sorted by the writer of ASE only if told to, so the order of the atoms is kept by all.
    atoms = build(path=name, name="m")
    assert same_shape(atoms, molecule, 1e-4)
    assert not atoms.pbc.any()
    assert not atoms.cell.any()
    assert set(atoms.get_tags()) == {0}


def test_ions_beside_a_cut_molecule_come_along(molecule):
    """An ion bonded to nothing, on the other side of the face of the cell, is put back beside its molecule."""
    with_ion = molecule + Atoms("Cs", positions=[[0, 0, 3.5]])
    assert same_shape(finite(in_box(with_ion, (0, 0, 10.0))), with_ion, 1e-9)


def test_a_molecule_given_whole_is_not_moved(molecule):
    boxed = molecule.copy()
    boxed.cell, boxed.pbc = [20, 20, 20], True  # at the origin, half of it outside of the cell
    np.testing.assert_array_equal(finite(boxed).positions, molecule.positions)


@pytest.mark.parametrize(
    ("periodic", "axes"),
    [
        (bulk("CdSe", "zincblende", a=6.05, cubic=True), "a, b, c"),
        (
            Atoms("C2H2", [[0, 5, 5], [1.2, 5.6, 5], [0, 4, 5], [1.2, 6.6, 5]], cell=[2.4, 10, 10], pbc=True),
            "a",
        ),
    ],
)
def test_a_periodic_structure_is_refused_until_its_cell_is_dropped(here, periodic, axes):
    periodic.write("p.cif")
    with pytest.raises(
        InputError,
        match=rf"c\.yaml: dots\.0: path = 'p\.cif': .*periodic: .* along {axes};.* The key cell: drop takes",
    ):
        study(path="p.cif")
    sites = {"L": {"atom": 0}, "R": {"atom": 1}}
    assert len(build(path="p.cif", cell="drop", sites=sites)) == len(periodic)


def test_molecules_of_a_crystal_are_put_together_along_their_bonds(here, molecule):
    """Two molecules across the diagonal of a cell that leaves no gap along any axis."""
    other = molecule.copy()
    other.positions += [0, 0, 3.4]
    crystal = molecule + other
    crystal.rotate(40, "z")
    crystal.rotate(35, "y")
    crystal.cell, crystal.pbc = [7.0, 7.5, 9.0], True
    crystal.wrap()
    crystal.write("c.cif")
    atoms = build(path="c.cif")
    assert same_shape(atoms[:12], molecule, 1e-4)
    assert same_shape(atoms[12:], molecule, 1e-4)
    assert cdist(atoms.positions[:12], atoms.positions[12:]).min() < 3.4 + 1e-4


def test_of_several_frames_the_last_is_taken(here, molecule):
    moved = molecule.copy()
    moved.positions[11] += [0.1, 0, 0]
    write("m.xyz", [molecule, moved])
    assert same_shape(build(path="m.xyz"), moved, 1e-6)


def test_directions_are_outward_from_the_centre_of_mass_unless_given(molecule):
    atoms = build(sites={"L": {"atom": 11}, "R": {"atom": 10, "direction": [0, 0, 2]}, "C": {"atom": 1}})
    contacts = atoms.info["contacts"]
    np.testing.assert_allclose(contacts["L"]["direction"], [-1, 0, 0], atol=1e-6)
    np.testing.assert_allclose(contacts["R"]["direction"], [0, 0, 1], atol=0)
    np.testing.assert_allclose(contacts["C"]["direction"], [0.5, np.sqrt(3) / 2, 0], atol=1e-6)
    assert atoms.info["dot"] | {"read_by": ""} == {
        "name": "benzenedithiolate", "file": str(MOLECULE), "read_by": ""
    }  # fmt: skip


def test_a_file_of_ours_brings_its_own_contacts_and_pairs(here):
    dot = build_dot(load_dot("1Pb", CLUSTERS))
    dot.info["relaxed"] = {"lost_contacts": {"R2": "gone"}}
    write_structure(dot, "mine.extxyz")
    atoms = build(path="mine.extxyz", sites=None, contacts=["short"])
    assert atoms.info["contacts"] == dot.info["contacts"]
    assert atoms.info["relaxed"] == dot.info["relaxed"]
    assert atoms.info["dot"]["block"] == [1, 1, 1]  # so that its bonds are those of the lattice
    (junction,) = study(path="mine.extxyz", sites=None, contacts=["short"]).junctions
    assert (junction.left, junction.right) == ("L", "R1")
    with pytest.raises(InputError, match=r"c\.yaml: mine/L-R2: Contact 'R2' is no longer a contact: gone"):
        study(path="mine.extxyz", sites=None, contacts=["L-R2"])
    others = build(path="mine.extxyz", sites={"A": {"atom": 3}, "B": {"atom": 4}})
    assert list(others.info["contacts"]) == ["A", "B"]
    assert "relaxed" not in others.info


def written(atoms: Atoms, name: str) -> str:
    atoms.write(name)
    return name


BAD_FILES = {
    "missing": (lambda m: "none.xyz", {}, r"path = 'none\.xyz': there is no such file in "),
    "no structure": (
        lambda m: str(Path("x.xyz").write_text("hello\n") and "x.xyz"),
        {},
        "cannot be read by ASE",
    ),
    "no contacts": (lambda m: str(MOLECULE), {"sites": None}, "names no contacts; add the key sites"),
    "no such atom": (
        lambda m: str(MOLECULE),
        {"sites": SITES | {"R": {"atom": 12}}},
        r"sites\.R\.atom = 12: .* has 12 atoms, counted from 0 to 11",
    ),
    "no such contact": (
        lambda m: str(MOLECULE),
        {"contacts": ["L-X"]},
        "'L-X' is not one of benzenedithiolate",
    ),
    "odd": (
        lambda m: written(m[:-1] + Atoms("Br", [[-3.2, 0, 0]]), "odd.xyz"),
        {},
        "odd number of electrons",
    ),
    "overlap": (
        lambda m: written(m + Atoms("HH", [[0.0, 0, 3], [0.2, 0, 3]]), "two.xyz"),
        {},
        r"Atoms 12 \(H\) and 13 \(H\) are 0\.20 Ang apart",
    ),
    "dummy": (
        lambda m: written(m + Atoms("X2", [[0, 0, 3], [0, 0, 5]]), "x.xyz"),
        {},
        "atom 12 has no element",
    ),
    "centre": (
        lambda m: written(m + Atoms("Be", [[0, 0, 0]]), "be.xyz"),
        {"sites": SITES | {"L": {"atom": 12}}},
        r"sites\.L\.direction: atom 12 is at the centre of mass.*give one",
    ),
}


@pytest.mark.parametrize(("make", "keys", "message"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_file_that_cannot_serve_is_one_clear_error(here, molecule, make, keys, message):
    with pytest.raises(InputError, match=message) as caught:
        study(path=make(molecule.copy()), **keys)
    assert str(caught.value).startswith("c.yaml: dots.0: ")
    assert "\n" not in str(caught.value)


def test_a_junction_is_no_molecule(here):
    write_structure(build_junction(build(), "L", "R"), "junction.extxyz")
    with pytest.raises(InputError, match="gold tips already"):
        study(path="junction.extxyz")


BAD_KEYS = {
    "unknown source": ({"source": "smile"}, "dots.0.source = 'smile': choose one of 'catalogue', 'file'"),
    "key of another source": (
        {"halide": "Br"},
        "unknown key 'dots.0.halide'; known here: source, contacts, controls, name, sites",
    ),
    "misspelt": ({"site": SITES}, "unknown key 'dots.0.site'; did you mean 'sites'?"),
    "misspelt inside": (
        {"sites": {"L": {"atm": 1}}},
        "unknown key 'dots.0.sites.L.atm'; did you mean 'atom'?",
    ),
    "no path": ({"path": None}, "key 'dots.0.path' is missing"),
    "negative": ({"sites": {"L": {"atom": -1}}}, "dots.0.sites.L.atom = -1"),
    "nowhere": (
        {"sites": {"L": {"atom": 1, "direction": [0, 0, 0]}}},
        "dots.0.sites.L.direction = [0, 0, 0]: points nowhere",
    ),
    "twice": (
        {"sites": {"L": {"atom": 1}, "R": {"atom": 1}}},
        "dots.0: sites.R.atom = 1: contact 'L' is atom 1 (C) too",
    ),
    "no rule": (
        {"sites": {"L": {"atom": "S farthest"}}},
        "dots.0.sites.L.atom = 'S farthest': write an index counted from 0, 'S farthest along -z'",
    ),
    "no anchor": (
        {"sites": SITES | {"L": {"atom": 11, "anchor": "amine"}}},
        "dots.0: sites.L.anchor: atom 11 is S bonded to C, which is no anchor",
    ),
    "anchor without bonds": (
        {"anchors": {"mine": {"element": "Se", "neighbours": [], "apex_distance_ang": 2.5}}},
        "dots.0.anchors.mine.neighbours = []",
    ),
    "into the molecule": (
        {"sites": SITES | {"L": {"atom": 11, "direction": [1, 0, 0]}}},
        "benzenedithiolate/L-R: Gold of the tip at contact 'L' overlaps the structure",
    ),
    "tips that meet": (
        {
            "sites": {
                "L": {"atom": 11, "direction": [0.3, 0, 1]},
                "R": {"atom": 10, "direction": [-0.3, 0, 1]},
            },
            "electrodes": {"layers": 5},
        },
        "benzenedithiolate/L-R: The tips at contacts 'L' and 'R' come within",
    ),
    "hyphen": ({"sites": {"L-1": {"atom": 1}}}, "dots.0: sites: 'L-1' holds a hyphen"),
    "stem": ({"path": "my molecule.xyz"}, "'my molecule' cannot be part of the file names of results"),
    "pair twice": ({"contacts": ["L-R", "L-R"]}, "'L-R' is listed twice"),
    "reserved": ({"name": "report"}, "dots.0: 'report' is a folder of the study's own results"),
}


@pytest.mark.parametrize(("keys", "message"), BAD_KEYS.values(), ids=BAD_KEYS)
def test_a_wrong_key_is_one_clear_error(keys, message):
    with pytest.raises(InputError) as caught:
        study(**keys)
    assert message in str(caught.value)
    assert str(caught.value).startswith("c.yaml: ")


def test_two_structures_of_one_name_are_an_error():
    entry = {"source": "file", "path": str(MOLECULE), "contacts": ["L-R"], "sites": SITES}
    with pytest.raises(InputError, match="benzenedithiolate is listed twice"):
        make_study(parse_config({"study": "t", "dots": [entry, entry]}), CLUSTERS)


# Gold on any element


def test_an_anchor_without_a_known_distance_needs_the_key():
    carbon = {"L": {"atom": 1, "direction": [0, 0, 1]}, "R": {"atom": 4, "direction": [0, 0, -1]}}
    with pytest.raises(
        InputError, match=r"c\.yaml: benzenedithiolate/L-R: .* is C bonded to .*electrodes\.apex_distance_ang"
    ):
        study(sites=carbon)
    assert study(sites=carbon, electrodes={"apex_distance_ang": 2.1}).junctions
    with pytest.raises(
        StructureError, match=r"'L': atom 1 is C bonded to C, C, H, .*electrodes\.apex_distance_ang"
    ):
        build_junction(build(sites=carbon), "L", "R")


@pytest.mark.parametrize("given", [None, 2.6])
def test_gold_stands_on_sulphur(given):
    atoms = build_junction(build(), "L", "R", ElectrodeSettings(apex_distance_ang=given))
    for site, tag in ((11, 10), (10, 20)):
        (apex,) = np.flatnonzero(atoms.get_tags() == tag)
        assert atoms.get_distance(site, apex) == pytest.approx(given or ANCHORS["thiolate"].apex_distance_ang)


# Integrity of molecules


def test_a_molecule_as_given_is_kept(molecule):
    atoms = build()
    integrity = examine(atoms, atoms)
    assert integrity.is_kept
    assert integrity.contacts["L"].bonded == (3,)
    assert integrity.longest_ang == pytest.approx({"C-C": 1.395, "C-S": 1.77, "C-H": 1.085}, abs=1e-5)
    assert len(heavy_bonds(atoms)) == 8


@pytest.mark.parametrize(("length_ang", "kept"), [(2.3, True), (2.4, False)])
def test_an_anchor_that_left_its_carbon_is_lost_and_refused(length_ang, kept):
    built = build()
    atoms = built.copy()
    atoms.positions[11] += [1.77 - length_ang, 0, 0]
    integrity = examine(atoms, built)
    assert integrity.is_kept == kept
    if not kept:
        assert "its S (atom 11) is no longer bonded to C 3 (2.40 Ang)" in integrity.lost_contacts["L"]
        assert "broken bonds of heavy atoms: 3-11 (2.40 Ang)" in integrity.findings
        atoms.info["relaxed"] = {"lost_contacts": integrity.lost_contacts}
        with pytest.raises(StructureError, match="'L' is no longer a contact"):
            build_junction(atoms, "L", "R")


def test_an_anchor_that_took_a_proton_or_bonded_is_lost():
    built = build()
    atoms = built.copy()
    atoms.positions[6] = atoms.positions[11] + [0, 1.34, 0]
    integrity = examine(atoms, built)
    assert "has taken a proton" in integrity.lost_contacts["L"]
    atoms = built.copy()
    atoms.positions[10] = atoms.positions[11] + [0, 0, 2.0]
    assert "has bonded to S 10 (2.00 Ang)" in examine(atoms, built).lost_contacts["L"]


def test_a_thiol_that_keeps_its_hydrogen_has_taken_none():
    built = build()
    built += Atoms("H", positions=[built.positions[11] + [-0.3, 1.3, 0]])
    assert examine(built, built).is_kept


# Results without the file, and the catalogue under the same contract


def test_results_are_read_where_the_file_is_gone(here, molecule):
    molecule.write("m.xyz")
    made = study(path="m.xyz")
    values = json.loads(json.dumps(study_values(made)))
    Path("m.xyz").unlink()
    found = study_of(values, "results")
    assert found.dots[0].outline == made.dots[0].outline
    assert found.junctions == made.junctions
    assert found.dots[0].atoms == 12
    assert "clusters" not in values


@pytest.mark.parametrize(
    ("name", "cation"),
    # 64Pb with MA takes long to build.
    [pair for pair in product(list_dots(CLUSTERS), ["MA", "Cs"]) if pair != ("64Pb", "MA")],
)
def test_the_outline_of_a_catalogue_dot_is_what_is_built(name, cation):
    dot = CatalogueSettings(dot=name, cation=cation, halide="Br0.5I0.5", contacts=["L-R1"])
    definition = dot.look_up(CLUSTERS)
    outline, atoms = dot.outline(definition), dot.build(definition)
    assert outline.atoms == len(atoms)
    assert set(outline.elements) == set(atoms.symbols)
    assert list(outline.contacts) == list(atoms.info["contacts"])
    assert {pair: list(ends) for pair, ends in outline.pairs.items()} == atoms.info["contact_pairs"]


def test_the_catalogue_is_the_default_source():
    values = {"study": "t", "dots": [{"dot": "1Pb", "contacts": ["short"]}]}
    named = {"study": "t", "dots": [{"source": "catalogue", "dot": "1Pb", "contacts": ["short"]}]}
    assert parse_config(values) == parse_config(named)
    assert make_study(parse_config(values), CLUSTERS).dots[0].id == "1Pb_MAPbBr3"


def test_a_pair_more_builds_nothing_again():
    one, two = settings(contacts=["L-R"]), settings(contacts=["L-R", "R-L"])
    assert one.build_values() == two.build_values()
    again = SOURCES["file"].settings_to_build(one.build_values(), "here")
    assert same_shape(again.build(again.look_up(CLUSTERS)), build(), 0)


def test_a_job_plans_a_study_of_the_catalogue_without_ase():
    """Every job of Snakemake reads the configuration again; only the first process tries the junctions."""
    code = (
        "import sys\nfrom qdjunction.study.config import read_config\nfrom qdjunction.study.build import make_study\n"
        "make_study(read_config('config.yaml'), 'clusters', tried=False)\nassert 'ase' not in sys.modules, 'ase'"
    )
    planned = python("-c", code, cwd=ROOT)
    assert planned.returncode == 0, planned.stderr


# A source of others

DIATOMIC = '''
from typing import Literal

from ase import Atoms
from pydantic import Field
from qdjunction.structure.sources.contract import Outline, Source, SourceSettings


class Diatomic(SourceSettings[Outline]):
    """Two equal halogen atoms."""

    source: Literal["diatomic"]
    """A molecule of two atoms."""
    element: Literal["Cl", "Br", "I"]
    """Their element."""
    distance_ang: float = Field(gt=1, lt=4)
    """Their distance (Ang)."""

    @property
    def id(self):
        return f"{self.element}2"

    def look_up(self, catalogue):
        ends = dict.fromkeys(("L", "R"), (self.element,))
        return Outline(name=self.id, elements=(self.element,), atoms=2, contacts=ends)

    def outline(self, definition):
        return definition

    def build(self, definition):
        atoms = Atoms(f"{self.element}2", positions=[[0, 0, 0], [0, 0, self.distance_ang]])
        ends = {"L": {"atom": 0, "direction": [0, 0, -1]}, "R": {"atom": 1, "direction": [0, 0, 1]}}
        atoms.info |= {"dot": {"name": self.id}, "contacts": ends, "contact_pairs": {}}
        return atoms


KIND = Source("diatomic", Diatomic)
'''


@pytest.fixture
def plugin(here: Path) -> Path:
    """What installing a distribution with one more source leaves behind, and a study that uses it."""
    install(here, "of_others", "qdjunction.structure_sources", "of_others:KIND", DIATOMIC)
    (here / "study.yaml").write_text(
        "study: t\ndots:\n  - {source: diatomic, element: Br, distance_ang: 2.28, contacts: [L-R]}\n"
    )
    return here


def test_a_distribution_adds_a_source(plugin):
    checked = run("qdjunction", "check", "study.yaml", cwd=plugin, env=environment(plugin))
    assert checked.returncode == 0, checked.stderr
    assert "Br2/L-R  L to R" in checked.stdout
    (plugin / "bad.yaml").write_text((plugin / "study.yaml").read_text().replace("Br", "At"))
    refused = run("qdjunction", "check", "bad.yaml", cwd=plugin, env=environment(plugin))
    assert refused.returncode == 2
    assert "bad.yaml: dots.0.element = 'At'" in refused.stderr


@pytest.mark.workflow
def test_a_source_of_others_builds_in_a_workflow(plugin):
    built = run(
        "snakemake", "-s", ROOT / "Snakefile", "--configfile", "study.yaml", "--cores", "1", "results/Br2/dot.extxyz",
        cwd=plugin, env=environment(plugin),
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    atoms = read(plugin / "results" / "Br2" / "dot.extxyz")
    assert list(atoms.symbols) == ["Br", "Br"]
    assert atoms.get_distance(0, 1) == pytest.approx(2.28)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"smiles": "Sc1ccc(S)cc1"}, "has the key smiles but no source; add source: smiles"),
        ({"path": "dot.xyz"}, "has the key path but no source; add source: file"),
        ({"name": "x"}, "key 'dots.0.dot' is missing"),
    ],
)
def test_a_forgotten_source_is_named(entry, message):
    with pytest.raises(InputError, match=re.escape(message)):
        parse_config({"study": "x", "dots": [{**entry, "contacts": ["L-R"]}]}, "test")


def test_a_thiolate_that_is_relaxed_without_its_hydrogen_is_warned_of(caplog):
    source = settings()
    source.build(source.look_up(CLUSTERS))
    assert "the thiolate at contact 'L' has lost its hydrogen" in caplog.text
    assert "the thiolate at contact 'R' has lost its hydrogen" in caplog.text


def test_a_molecule_without_contacts_needs_no_sites(here):
    entry = settings(sites=None, contacts=[])
    outline = entry.look_up(CLUSTERS)
    assert outline.contacts == {}
    # As a job builds it: the contact pairs do not reach it.
    atoms = settings(sites=None, contacts=["any"]).build(outline)
    assert (atoms.info["contacts"], atoms.info["contact_pairs"]) == ({}, {})


def test_positions_in_bohr_are_refused(here, molecule):
    molecule.positions /= 0.529177
    with pytest.raises(
        InputError, match=r"None of the 12 atoms is near enough to another for a bond\. .*is Ang"
    ):
        build(path=written(molecule, "bohr.xyz"))
