"""A pull of the right tip: its direction, the bonds that change, and a slide by the embedded engine."""

import numpy as np
import pandas as pd
import pytest
import xarray
from ase.io import read

from qdjunction.core.errors import InputError, StructureError
from qdjunction.core.results import read_result
from qdjunction.engine.registry import make_engine
from qdjunction.engine.xtb.settings import XtbSettings
from qdjunction.interference.settings import InterferenceSettings
from qdjunction.steps.slide import slide
from qdjunction.structure.junction import build_junction, lead_atoms, tip_atoms
from qdjunction.structure.perovskite.catalogue import load_dot
from qdjunction.structure.perovskite.dot import build_dot
from qdjunction.structure.settings import ElectrodeSettings
from qdjunction.structure.slide import changed_gold_bonds, pull_force, pulled, reach, slide_direction
from qdjunction.structure.slide_settings import SlideSettings
from qdjunction.structure.xyz import read_any, write_structure
from qdjunction.study.build import make_study
from qdjunction.study.config import TransportSettings, parse_config
from qdjunction.study.results import SlideRecord
from support.paths import CLUSTERS, MOLECULE

SLIDE = {"name": "row", "dot": "1Pb_CsPbBr3", "junction": "short", "towards": "R2"}


@pytest.fixture(scope="module")
def junction():
    """The cis contacts of 1Pb: the right one faces -x, the left one -z."""
    return build_junction(build_dot(load_dot("1Pb", CLUSTERS), "Cs"), "L", "R1", ElectrodeSettings(layers=2))


def test_the_way_to_a_contact_lies_along_the_face(junction):
    np.testing.assert_allclose(slide_direction(junction, "R2"), [0, 0, 1], atol=1e-9)
    np.testing.assert_allclose(slide_direction(junction, direction=(3, 0, -4)), [0.6, 0, -0.8])
    junction = junction.copy()
    behind = {"atom": junction.info["contacts"]["R2"]["atom"], "direction": [1, 0, 0]}
    junction.positions[behind["atom"]] = junction.positions[junction.info["contacts"]["R1"]["atom"]] + [
        5,
        0,
        0,
    ]
    junction.info["contacts"] = junction.info["contacts"] | {"R2": behind}
    with pytest.raises(StructureError, match="R2 lies straight behind R1"):
        slide_direction(junction, "R2")


def test_only_the_right_tip_moves_and_what_it_tears_is_named(junction):
    moved = pulled(junction, [0, 0, 3.0])
    right = tip_atoms(junction)[1]
    np.testing.assert_allclose((moved.positions - junction.positions)[right], [[0, 0, 3.0]] * len(right))
    np.testing.assert_array_equal(
        np.delete(moved.positions, right, 0), np.delete(junction.positions, right, 0)
    )
    site = junction.info["contacts"]["R1"]["atom"]
    assert reach(moved, "R1") > reach(junction, "R1") + 1
    broken, formed = changed_gold_bonds(moved, junction)
    assert broken == [f"Br {site}-Au {right[0]}"]
    assert not changed_gold_bonds(junction, junction)[0] + formed


def test_the_force_is_that_on_the_held_gold_along_the_pull(junction):
    forces = np.zeros((len(junction), 3))
    forces[lead_atoms(junction)[1]] = [0.1, 5.0, -0.2]
    forces[tip_atoms(junction)[1][0]] = 7.0  # the apex is free
    assert pull_force(junction, forces, [0, 0, 1]) == pytest.approx(-0.2 * len(lead_atoms(junction)[1]))


def test_the_force_of_a_slide_is_the_slope_of_its_energy_and_finished_steps_are_kept(tmp_path):
    """Benzenedithiolate between two gold atoms, stretched along its axis: stiff, so that it relaxes in few steps.

    It is displaced at random first: with Au, S and C in a row it stands on a saddle point, from which a step may fall.
    """
    molecule = read_any(MOLECULE)
    axis = molecule.positions[10] - molecule.positions[11]
    axis /= np.linalg.norm(axis)
    molecule.info["contacts"] = {
        name: {"atom": atom, "direction": (side * axis).tolist()}
        for name, atom, side in (("L", 11, -1), ("R", 10, 1))
    }
    junction = build_junction(molecule, "L", "R", ElectrodeSettings(layers=1))
    molecule.rattle(0.05, seed=1)
    junction.positions[: len(molecule)] = molecule.positions
    structure = tmp_path / "junction.extxyz"
    write_structure(junction, structure)
    settings = SlideSettings(
        name="pull", dot="molecule", junction="L-R", direction=tuple(axis), step_ang=0.1, steps=2
    )
    files = [tmp_path / f"slide.{suffix}" for suffix in ("csv", "json", "nc", "extxyz")]
    arguments = (
        structure, settings, 0.005, 300, TransportSettings(energy_min_ev=-1, energy_max_ev=3, energy_step_ev=0.05),
        InterferenceSettings(), make_engine("xtb", XtbSettings().model_dump(mode="json")), tmp_path / "work",
        tmp_path / "cache", *files,
    )  # fmt: skip
    slide(*arguments)
    table, record, frames = (
        pd.read_csv(files[0]),
        read_result(SlideRecord, files[1]),
        read(files[3], index=":"),
    )
    # Where all other atoms are relaxed, dE/ds is minus the force on the held gold: E rises by Simpson's integral of it.
    force, energy = table["force_eV_per_ang"], table["energy_eV"]
    assert energy[2] == pytest.approx(-0.1 / 3 * (force[0] + 4 * force[1] + force[2]), rel=0.01)
    assert abs(energy[2]) > 0.02
    left, right = lead_atoms(junction)
    for number, frame in enumerate(frames):
        np.testing.assert_allclose(frame.positions[left], junction.positions[left], atol=1e-6)
        shift = frame.positions[right] - junction.positions[right]
        np.testing.assert_allclose(shift, 0.1 * number * axis[None, :], atol=1e-6)
    assert all(one.fmax_ev_per_ang <= 0.005 for one in record.steps)
    assert not any(one.broken or one.formed or one.findings for one in record.steps)
    with xarray.open_dataset(files[2]) as dataset:
        assert dataset["transmission"].shape == (3, 81)
    assert all(0 < one.conductance_g0 < 1 for one in record.steps)

    work = tmp_path / "work"
    kept = {path: path.stat().st_mtime_ns for path in work.rglob("relaxation.traj")}
    (work / "002" / "relaxed.extxyz").unlink()
    slide(*arguments)
    assert {path: path.stat().st_mtime_ns for path in work.rglob("relaxation.traj")} == kept
    pd.testing.assert_frame_equal(pd.read_csv(files[0]), table)

    # Without enough steps at the second pull the slide ends before it, and says why.
    longer = settings.model_copy(update={"step_ang": 0.5})
    arguments = (structure, longer, 0.005, record.steps[0].relaxation_steps, *arguments[4:])
    slide(*arguments)
    record = read_result(SlideRecord, files[1])
    assert len(record.steps) == 1
    assert "ended after 0.00 Ang" in record.ended
    assert "Raise relax.max_steps" in record.ended


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"dot": "8Pb_CsPbBr3"}, r"slide\.0: there is no dot '8Pb_CsPbBr3'"),
        ({"junction": "wide"}, r"slide\.0: there is no junction 'wide'"),
        ({"towards": "R3"}, r"slide\.0\.towards = 'R3': no contact of 1Pb_CsPbBr3; name one of L, R1, R2"),
        ({"towards": "L"}, r"slide\.0\.towards = 'L': has a tip of the junction short already"),
        ({"step_ang": 0.6}, r"slide\.0\.step_ang.*0\.5"),
        ({"towards": None}, "towards and direction: neither is given"),
        ({"direction": [0, 0, 1]}, "towards and direction: both are given"),
        ({"towards": None, "direction": [0, 0, 0]}, "a pull needs a direction"),
    ],
)
def test_wrong_settings_are_refused_before_any_job(changed, reason):
    dot = {"dot": "1Pb", "cation": "Cs", "contacts": ["short"]}
    with pytest.raises(InputError, match=reason):
        make_study(parse_config({"study": "s", "dots": [dot], "slide": [SLIDE | changed]}), CLUSTERS)


def test_a_name_is_given_once():
    values = {
        "study": "s",
        "dots": [{"dot": "1Pb", "cation": "Cs", "contacts": ["short"]}],
        "slide": [SLIDE] * 2,
    }
    with pytest.raises(InputError, match=r"slide\.1\.name = 'row': is given twice"):
        parse_config(values)
