"""Tips on periodic surfaces, and the electrode that continues them."""

import copy

import numpy as np
import pytest
from ase.build import fcc111
from ase.io import read
from ase.neighborlist import neighbor_list
from pydantic import ValidationError

from qdjunction.core.errors import StructureError
from qdjunction.structure.junction import apex_atoms, build_junction, lead_atoms, tip_atoms
from qdjunction.structure.junction_relaxation import examine_junction, free_atoms
from qdjunction.structure.settings import ElectrodeSettings, SurfaceSettings
from qdjunction.structure.sites import Site, find_contacts
from qdjunction.structure.surface import electrode
from qdjunction.structure.tips.contract import image_distance, plane
from qdjunction.transport.matching import match_atoms
from support.paths import MOLECULE

NEAREST_ANG = 4.078 / np.sqrt(2)
TIPS = {
    "pyramid": {"kind": "pyramid", "layers": 2},
    "flat": {"kind": "blunt", "layers": 1, "apex_distance_ang": 2.5},
    "bridge": {"kind": "blunt", "facet": 6, "site": "bridge", "layers": 1},
    "adatom": {"kind": "adatom", "size": [2, 2], "layers": 1},
}


@pytest.fixture(scope="module")
def molecule():
    """Benzenedithiolate, whose two Au-S bonds lie on one line."""
    atoms = read(MOLECULE)
    sites = {"L": Site(atom=10), "R": Site(atom=11)}
    atoms.info = {
        "dot": {"name": "BDT"},
        "contacts": find_contacts(atoms, sites, lambda name: name),
        "contact_pairs": {},
    }
    return atoms


def electrodes(tip, **surface):
    return ElectrodeSettings(tip=tip, surface={"size": [4, 5], **surface})


def coordination(gold):
    return np.bincount(neighbor_list("i", gold, 1.1 * NEAREST_ANG), minlength=len(gold))


@pytest.mark.parametrize("size", [(2, 2), (3, 4)])
def test_the_electrode_is_bulk_gold(size):
    """Twelve nearest neighbours, and the places of ASE's own slab with the periodicity of its stacking."""
    cell = electrode(SurfaceSettings(size=size))
    assert len(cell) == 3 * size[0] * size[1]
    assert set(coordination(cell)) == {12}
    slab = fcc111("Au", (*size, 3), a=4.078, periodic=True)
    assert cell.cell.cellpar() == pytest.approx(slab.cell.cellpar())
    assert np.sort(cell.get_all_distances(mic=True)[0]) == pytest.approx(
        np.sort(slab.get_all_distances(mic=True)[0])
    )


@pytest.mark.parametrize("tip", TIPS.values(), ids=TIPS)
def test_junctions_end_in_layers_of_the_electrode_on_both_sides(molecule, tip):
    """Without the dot, gold below the first full layer has twelve neighbours, also across the boundary of the cell."""
    settings = electrodes(tip)
    atoms = build_junction(molecule, "L", "R", settings)
    assert len(atoms) == len(molecule) + settings.gold_atoms
    assert atoms.pbc.all()
    assert atoms.cell[2][2] == pytest.approx(np.ptp(atoms.positions[:, 2]) + 4.078 / np.sqrt(3))
    gold = atoms[atoms.get_tags() > 0]
    neighbours, tags = coordination(gold), gold.get_tags()
    full = settings.surface.layers + settings.surface.electrode_layers
    for side in (1, 2):
        layers = np.unique(tags[tags // 10 == side])
        for tag in layers[-full + 1 :]:
            assert (tags == tag).sum() == 20
            assert set(neighbours[tags == tag]) == {12}
        assert max(neighbours[tags == layers[-full]]) > 9  # bonds to the tip
    cell = electrode(settings.surface)
    for region in lead_atoms(atoms):
        sizes = np.ones(len(cell), dtype=int)
        periodic = np.array([True, True, False])
        match, _ = match_atoms(
            cell.positions, sizes, atoms.positions[region], sizes, atoms.cell.array, periodic
        )
        assert match is not None


@pytest.mark.parametrize("tip", TIPS.values(), ids=TIPS)
def test_the_molecule_stands_on_its_sites(molecule, tip):
    """Upright, undistorted, and as far from the gold as on tips without a surface."""
    atoms = build_junction(molecule, "L", "R", electrodes(tip))
    alone = build_junction(molecule, "L", "R", ElectrodeSettings(tip=tip))
    assert atoms[:12].get_all_distances() == pytest.approx(molecule.get_all_distances())
    assert atoms.info["contacts"]["R"]["direction"] == pytest.approx([0, 0, 1], abs=1e-6)
    assert atoms.info["surface"]["lean_deg"] == pytest.approx(0, abs=1e-3)
    for name, bound, other in zip("LR", apex_atoms(atoms), apex_atoms(alone), strict=True):
        index = atoms.info["contacts"][name]["atom"]
        assert len(bound) == len(other)
        assert atoms.get_distances(index, bound) == pytest.approx(alone.get_distances(index, other))


def test_distances_to_images_are_those_of_the_structure(molecule):
    atoms = build_junction(molecule, "L", "R", electrodes(TIPS["flat"]))
    moving = atoms[[atom.index for atom in atoms if atom.tag in (0, 10, 20)]]
    assert len(moving) == 12 + 3 + 3
    doubled = moving.repeat((3, 3, 1))
    own = 4 * len(moving) + np.arange(len(moving))
    others = np.setdiff1d(np.arange(len(doubled)), own)
    nearest = doubled.get_all_distances()[np.ix_(own, others)].min()
    assert atoms.info["surface"]["image_distance_ang"] == pytest.approx(nearest)


def test_a_lateral_cell_that_is_too_small_for_the_dot_is_refused(molecule):
    with pytest.raises(
        StructureError,
        match=r"come within 5.38 Ang of their periodic images, .*take electrodes.surface.size \[4, 4\]",
    ):
        build_junction(molecule, "L", "R", electrodes(TIPS["flat"], size=[3, 3], image_distance_ang=5.5))


def test_a_lattice_constant_is_that_of_all_gold(molecule):
    atoms = build_junction(molecule, "L", "R", electrodes(TIPS["pyramid"], lattice_constant_ang=4.16))
    for tip in tip_atoms(atoms):
        distances = atoms[tip].get_all_distances(mic=True)
        assert distances[distances > 0].min() == pytest.approx(4.16 / np.sqrt(2))


def test_contacts_that_do_not_face_each_other_are_refused(molecule):
    corner = molecule.copy()
    corner.info = copy.deepcopy(molecule.info)
    axis = np.array(corner.info["contacts"]["L"]["direction"])
    across = np.cross(axis, [1.0, 1.0, 0.3])
    corner.info["contacts"]["R"]["direction"] = (across / np.linalg.norm(across)).tolist()
    with pytest.raises(
        StructureError, match="'L' and 'R' point 90 degrees apart, while the two surfaces are parallel"
    ):
        build_junction(corner, "L", "R", electrodes(TIPS["flat"]))


def test_a_relaxation_frees_the_layers_in_front_of_the_electrodes(molecule):
    built = build_junction(molecule, "L", "R", electrodes(TIPS["adatom"], layers=1))
    held = np.setdiff1d(np.arange(len(built)), free_atoms(built, "junction"))
    assert held.tolist() == np.concatenate(lead_atoms(built)).tolist()
    assert len(held) == 2 * 3 * 4 * 5
    assert not set(free_atoms(built, "contact")) - set(free_atoms(built, "junction"))
    moved = built.copy()
    assert not examine_junction(moved, built, "junction")[1].lost
    # An atom of the dot that comes close to the gold of a neighbouring cell.
    hydrogen = int(np.flatnonzero(built.symbols == "H")[0])
    layer = built[built.get_tags() == 12]
    image = layer.positions[0] - moved.cell[0] - moved.cell[1]
    assert np.linalg.norm(built.positions - image, axis=1).min() > 2.8
    moved.positions[hydrogen] = image + np.array([0, 0, 1.6])
    lost = examine_junction(moved, built, "junction")[1].lost
    assert any("Gold of the tip at contact 'L' overlaps the structure" in reason for reason in lost)


@pytest.mark.parametrize(("layers", "size", "distance"), [(1, (3, 4), 3), (3, (4, 4), 2), (2, (3, 3), 2)])
def test_the_base_of_a_pyramid_determines_its_distance_to_images(layers, size, distance):
    """A triangle of n atoms a side leaves N - n + 1 nearest-neighbour distances in a cell of N."""
    points = [point for number in range(layers) for point in plane(number)]
    assert image_distance(points, size) == pytest.approx(distance)


BAD = {
    "tip too wide": (
        {"layers": 4, "surface": {"size": [4, 4]}},
        r"surface.size = \[4, 4\]: the pyramid of 4 layers comes within 2.88 Ang .* take surface.size \[5, 5\]",
    ),
    "tilt": ({"tip": {"kind": "adatom", "tilt_deg": 10}, "surface": {}}, "a tip on a surface .* cannot lean"),
    "lead layers": (
        {"lead_layers": 2, "surface": {}},
        "leave lead_layers out, and set surface.electrode_layers",
    ),
    "stacking": ({"surface": {"electrode_layers": 4}}, "multiple of 3"),
    "lattice constant": ({"surface": {"lattice_constant_ang": 40.8}}, "less than or equal to 4.4"),
    "no k points": ({"surface": {"kpoints": [0, 1]}}, "greater than or equal to 1"),
}


@pytest.mark.parametrize(("values", "message"), BAD.values(), ids=BAD)
def test_bad_settings(values, message):
    with pytest.raises(ValidationError, match=message):
        ElectrodeSettings(**values)
