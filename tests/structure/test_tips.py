"""Tips of every kind: pieces of fcc gold, their orientation, the site that binds, and junctions between two of them."""

import re

import numpy as np
import pytest
import xarray as xr
from ase.build import bulk
from pydantic import ValidationError
from scipy.spatial.distance import cdist
from scipy.spatial.transform import Rotation

from qdjunction.cli import main
from qdjunction.core.errors import InputError, StructureError
from qdjunction.core.registry import Registry
from qdjunction.structure.anchors import ANCHORS
from qdjunction.structure.contacts import contact
from qdjunction.structure.junction import apex_atoms, build_junction, dot_atoms, lead_atoms, tip_atoms
from qdjunction.structure.junction_relaxation import free_atoms
from qdjunction.structure.settings import ElectrodeSettings
from qdjunction.structure.sites import Site, find_contacts
from qdjunction.structure.tips.adatom import Adatom
from qdjunction.structure.tips.blunt import Blunt
from qdjunction.structure.tips.contract import TipSettings
from qdjunction.structure.tips.fcc import oriented, tip_shape
from qdjunction.structure.tips.pyramid import Pyramid
from qdjunction.structure.tips.registry import TIPS
from qdjunction.structure.tips.slab import Slab
from qdjunction.structure.xyz import read_any, read_structure, write_structure
from support.distributions import install
from support.paths import MOLECULE, ROOT

BOND_ANG = 4.078 / np.sqrt(2)
PLANES_ANG = 4.078 / np.sqrt(3)

SHAPES = [
    Pyramid(),
    Blunt(),
    Blunt(facet=6),
    Blunt(facet=6, site="bridge"),
    Blunt(facet=10, site="top"),
    Adatom(),
    Adatom(size=(2, 4)),
    Slab(size=(4, 3)),
    Slab(site="hollow"),
    Slab(size=(2, 1), site="bridge"),
]


def tip(shape, layers=3, direction=(0, 0, 1), rotation_deg=0.0, tilt_deg=0.0):
    points = tip_shape(shape.points(layers), shape.gold_site)
    return oriented(points, np.array(direction), rotation_deg, tilt_deg)[0]


def called(value: object) -> str | None:
    return (
        str(value).replace(" layers=None apex_distance_ang=None tilt_deg=0.0", "")
        if isinstance(value, TipSettings)
        else None
    )


def former_pyramid(layers, direction, rotation_deg):
    """The pyramid as it was built when there was no other tip, literally."""
    steps = np.array(
        [(i, j, n - i - j) for n in range(layers) for i in range(n, -1, -1) for j in range(n - i, -1, -1)]
    )
    points = steps @ np.asarray(bulk("Au", "fcc", a=4.078).cell)

    def frame(axis, helper):
        z = axis / np.linalg.norm(axis)
        x = helper - (helper @ z) * z
        x /= np.linalg.norm(x)
        return np.column_stack([x, np.cross(z, x), z])

    axis = np.asarray(direction, dtype=float)
    target = frame(axis, np.eye(3)[np.argmin(np.round(np.abs(axis / np.linalg.norm(axis)), 9))])
    turn = Rotation.from_rotvec([0, 0, rotation_deg], degrees=True).as_matrix()
    return points @ (target @ turn @ frame(np.ones(3), np.array([1.0, -1.0, 0.0])).T).T, steps.sum(axis=1)


@pytest.mark.parametrize(("layers", "atoms"), [(1, 1), (2, 4), (3, 10), (5, 35), (12, 364)])
def test_a_pyramid_is_bitwise_the_one_of_before(layers, atoms):
    made = tip(Pyramid(), layers, (0.3, -1, 2), 35)
    positions, steps = former_pyramid(layers, (0.3, -1, 2), 35)
    assert len(made) == atoms
    np.testing.assert_array_equal(made.positions, positions)
    np.testing.assert_array_equal(made.get_tags(), steps)


@pytest.mark.parametrize("shape", SHAPES, ids=called)
@pytest.mark.parametrize("direction", [(0, 0, 1), (0, 0, -1), (1, 2, -3)])
def test_every_tip_is_fcc_gold_that_opens_along_its_direction(shape, direction):
    axis = np.array(direction) / np.linalg.norm(direction)
    made = tip(shape, 3, direction, rotation_deg=25)
    apart = cdist(made.positions, made.positions)
    assert np.unique(np.round(apart, 6))[1] == pytest.approx(BOND_ANG, abs=1e-6)
    assert ((apart > 0.1) & (apart < BOND_ANG + 0.1)).any(axis=1).all()
    # hcp stacking would bring in distances that fcc does not have.
    crystal = bulk("Au", "fcc", a=4.078).repeat(13)
    shells = np.unique(
        np.round(np.linalg.norm(crystal.positions - crystal.positions[len(crystal) // 2], axis=1), 5)
    )
    assert np.abs(apart.ravel()[:, None] - shells).min(axis=1).max() < 2e-5
    layers = made.get_tags()
    assert np.unique(layers).tolist() == list(range(4 if shape.kind == "adatom" else 3))
    np.testing.assert_allclose(made.positions @ axis, layers * PLANES_ANG, atol=1e-9)
    assert (np.diff(layers) >= 0).all()


@pytest.mark.parametrize(
    ("shape", "sizes"),
    [
        (Pyramid(), [1, 3, 6, 10]),
        (Blunt(), [3, 6, 10, 15]),
        (Blunt(facet=10), [10, 15, 21, 28]),
        (Adatom(size=(3, 2)), [1, 6, 6, 6, 6]),
        (Slab(size=(4, 3)), [12, 12, 12, 12]),
    ],
    ids=called,
)
def test_layers_and_number_of_atoms(shape, sizes):
    assert np.bincount(tip(shape, 4).get_tags()).tolist() == sizes
    electrodes = ElectrodeSettings(layers=4, tip=shape, right={"kind": "pyramid", "layers": 2})
    assert electrodes.gold_atoms == sum(sizes) + 4


@pytest.mark.parametrize("shape", SHAPES, ids=called)
def test_the_site_is_the_one_that_was_chosen(shape):
    points = tip_shape(shape.points(3), shape.gold_site)
    expected = {"top": (1, 0), "bridge": (2, BOND_ANG / 2), "hollow": (3, BOND_ANG / np.sqrt(3))}[
        shape.gold_site
    ]
    away = np.linalg.norm(points.positions[points.layers == 0], axis=1)
    assert (len(points.bound), points.radius_ang) == (expected[0], pytest.approx(expected[1]))
    np.testing.assert_allclose(np.sort(away)[: expected[0]], expected[1], atol=1e-9)
    assert (np.sort(away)[expected[0] :] > expected[1] + 0.5).all()
    turned = tip(shape, 3, rotation_deg=120)
    same = cdist(turned.positions, tip(shape, 3).positions).min(axis=1).max() < 1e-6
    assert points.is_threefold == same


@pytest.mark.parametrize("size", [(2, 2), (3, 3), (4, 3), (5, 5), (6, 2)])
def test_an_adatom_has_three_neighbours_in_an_fcc_hollow(size):
    made = tip(Adatom(size=size), 3)
    assert (made.get_distances(0, range(1, len(made))) < BOND_ANG + 0.01).sum() == 3
    below = made[made.get_tags() == 2].positions
    assert np.linalg.norm(below[:, :2], axis=1).min() > 1.0  # an hcp hollow has an atom there
    middle = made[made.get_tags() == 1].positions.mean(axis=0)
    assert np.linalg.norm(middle[:2]) < BOND_ANG


def test_coordination_inside_a_slab_is_that_of_bulk_and_of_the_surface():
    made = tip(Slab(size=(5, 5)), 3)
    neighbours = (cdist(made.positions, made.positions) < BOND_ANG + 0.01).sum(axis=1) - 1
    layers = made.get_tags()
    assert [neighbours[layers == layer].max() for layer in range(3)] == [9, 12, 9]


def dithiolate():
    atoms = read_any(MOLECULE)
    sites = {"L": Site(atom=11), "R": Site(atom=10)}
    atoms.info["contacts"] = find_contacts(atoms, sites, lambda name: f"sites.{name}.")
    return atoms


@pytest.mark.parametrize("tilt_deg", [0, 30])
@pytest.mark.parametrize(
    "shape", [shape for shape in SHAPES if getattr(shape, "size", 0) != (2, 1)], ids=called
)
def test_junctions_between_tips_of_each_kind(shape, tilt_deg):
    left = shape.model_copy(update={"tilt_deg": tilt_deg})
    electrodes = ElectrodeSettings(layers=2, left=left, tip={"kind": "pyramid", "layers": 3})
    atoms = build_junction(dithiolate(), "L", "R", electrodes)
    assert len(atoms) == len(dot_atoms(atoms)) + electrodes.gold_atoms
    gold, bound, lead = tip_atoms(atoms)[0], apex_atoms(atoms)[0], lead_atoms(atoms)[0]
    assert not atoms.pbc.any()
    assert set(atoms.get_tags()[gold]) == set(range(10, 13 if shape.kind == "adatom" else 12))
    assert set(atoms.get_tags()[lead]) == {12 if shape.kind == "adatom" else 11}
    site = contact(atoms, "L")
    distances = np.linalg.norm(atoms.positions[gold] - atoms.positions[site.atom], axis=1)
    expected = ANCHORS["thiolate"].distance_ang(shape.gold_site)
    assert len(bound) == {"top": 1, "bridge": 2, "hollow": 3}[shape.gold_site]
    np.testing.assert_allclose(np.sort(distances)[: len(bound)], expected, atol=1e-9)
    # The axis of the tip runs through the middle of its site and leans by the tilt.
    axis = atoms.positions[bound].mean(axis=0) - atoms.positions[site.atom]
    cosine = axis @ site.direction / np.linalg.norm(axis)
    assert cosine == pytest.approx(np.cos(np.radians(tilt_deg)))
    heights = (atoms.positions[gold] - atoms.positions[bound[0]]) @ axis / np.linalg.norm(axis)
    np.testing.assert_allclose(heights, (atoms.get_tags()[gold] - 10) * PLANES_ANG, atol=1e-9)
    free = free_atoms(atoms, "contact")
    assert set(np.intersect1d(free, gold)) == set(bound)
    assert build_junction(dithiolate(), "L", "R", electrodes) == atoms


def test_each_side_may_have_its_own_lead_layers(tmp_path):
    tips = {
        "left": {"kind": "pyramid", "layers": 4, "lead_layers": 2},
        "right": {"kind": "pyramid", "layers": 4},
    }
    atoms = build_junction(dithiolate(), "L", "R", ElectrodeSettings(**tips))
    assert [len(lead) for lead in lead_atoms(atoms)] == [16, 10]
    write_structure(atoms, tmp_path / "j.extxyz")
    assert [len(lead) for lead in lead_atoms(read_structure(tmp_path / "j.extxyz"))] == [16, 10]


def test_each_side_may_have_its_own_distance():
    tips = {"left": {"kind": "slab", "site": "hollow", "apex_distance_ang": 2.7}, "apex_distance_ang": 2.5}
    atoms = build_junction(dithiolate(), "L", "R", ElectrodeSettings(**tips))
    for bound, name, distance in zip(apex_atoms(atoms), "LR", (2.7, 2.5), strict=True):
        np.testing.assert_allclose(atoms.get_distances(contact(atoms, name).atom, bound), distance)


def test_transmission_between_a_blunt_tip_and_an_adatom(tmp_path, monkeypatch):
    """Benzenedithiolate, GFN1-xTB, from the command line: not the result of two pyramids."""
    monkeypatch.chdir(tmp_path)

    def computed(name, *words):
        junction = ["junction", str(MOLECULE), "--left-atom", "11", "--right-atom", "10", "--layers", "2"]
        assert main([*junction, *words, "--output", f"{name}.extxyz"]) == 0
        assert main(["hamiltonian", f"{name}.extxyz", "--output", f"{name}.nc"]) == 0
        assert main(["transmission", f"{name}.nc", "--energies=-2:2:0.1", "--output", f"{name}-t.nc"]) == 0
        with xr.open_dataset(f"{name}-t.nc") as found:
            return found.transmission.values

    tips = ["--left-tip", "blunt", "--right-tip", "adatom", "size=3,2"]
    found = computed("tips", *tips)
    made = read_structure("tips.extxyz")
    assert np.unique(made.get_tags(), return_counts=True)[1].tolist() == [12, 3, 6, 1, 6, 6]
    assert (found > 0).all()
    assert found.max() < 10
    pyramids = computed("pyramids")
    assert np.abs(np.log10(found / pyramids)).max() > 0.3


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"tip": {"kind": "cone"}}, "choose one of adatom, blunt, pyramid, slab"),
        ({"tip": {"kind": "blunt", "facet": 5}}, "3, 6, 10, 15, 21 atoms"),
        ({"left": {"kind": "adatom", "size": [1, 3]}}, "greater than or equal to 2"),
        ({"tip": {"facet": 3}}, "facet = 3 is not used by the tip pyramid"),
        ({"right": {"kind": "slab", "size": [1, 3], "site": "hollow"}}, "a slab of 1 x 3 atoms has none"),
        (
            {"right": {"kind": "blunt", "layers": 2}, "lead_layers": 3},
            "lead_layers = 3 is more than layers = 2",
        ),
        ({"left": {"layers": 2, "lead_layers": 3}}, "lead_layers = 3 is more than layers = 2"),
        ({"tip": "blunt"}, "write a table of keys, with kind: pyramid"),
    ],
)
def test_bad_tips_are_one_clear_error(keys, words):
    with pytest.raises(ValidationError) as caught:
        ElectrodeSettings(**keys)
    assert len(caught.value.errors()) == 1
    assert words in str(caught.value)


def test_a_distance_that_is_not_known_must_be_given():
    own = {"long": ANCHORS["thiolate"].model_copy(update={"bridge_distance_ang": None})}
    atoms = read_any(MOLECULE)
    atoms.info["contacts"] = find_contacts(
        atoms, {"L": Site(atom=11), "R": Site(atom=10)}, lambda name: f"sites.{name}.", own
    )
    bridge = {"tip": {"kind": "slab", "site": "bridge"}}
    with pytest.raises(
        StructureError, match=r"'L' is the anchor long, .*not known for a bridge site; give electrodes"
    ):
        build_junction(atoms, "L", "R", ElectrodeSettings(**bridge))
    assert build_junction(atoms, "L", "R", ElectrodeSettings(**bridge, apex_distance_ang=2.6))


def test_a_facet_without_the_site_is_refused():
    with pytest.raises(InputError, match="a facet of 1 atoms has no bridge site"):
        tip_shape(Pyramid().points(2), "bridge")


RIDGE = re.search(
    r"```python\n(class Ridge.*?)```", (ROOT / "docs" / "structures.md").read_text("utf-8"), re.DOTALL
)[1]
"""The kind of tip that the documentation shows."""

IMPORTS = """
from typing import Literal

from pydantic import Field

from qdjunction.structure.tips.contract import Point, TipKind, TipSettings
"""


def test_the_ridge_of_the_documentation_is_a_tip(tmp_path, monkeypatch):
    install(tmp_path, "ridge_of_others", "qdjunction.tips", "ridge_of_others:KIND", IMPORTS + RIDGE)
    monkeypatch.syspath_prepend(tmp_path)
    found = Registry(TIPS.package, TIPS.group, TIPS.what)
    assert [*found] == ["adatom", "blunt", "pyramid", "slab", "ridge"]
    made = tip(found["ridge"].Settings(length=4), 3)
    assert np.bincount(made.get_tags()).tolist() == [4, 8, 12]
    apart = cdist(made.positions, made.positions)
    assert np.unique(np.round(apart, 6))[1] == pytest.approx(BOND_ANG, abs=1e-6)
