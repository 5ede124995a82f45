"""The section cover: its structures, what it refuses, and from relaxed structures to its record."""

import json
import math

import pytest

from qdjunction.cli import main
from qdjunction.core.errors import InputError
from qdjunction.core.results import read_result
from qdjunction.core.units import BOLTZMANN_EV_PER_K
from qdjunction.engine.registry import make_engine
from qdjunction.engine.vibrations import quasi_rrho_ev
from qdjunction.interference.cover import CoverRecord
from qdjunction.steps.cover import cover_of_study, exchanged_atoms, ligands_on_slab, vibrations
from qdjunction.steps.structure import dot, relax
from qdjunction.structure.xyz import read_structure
from qdjunction.study.build import make_study
from qdjunction.study.config import parse_config
from qdjunction.study.cover import BARE, CATION_PAIR, CoverSettings
from qdjunction.study.failures import EarlierFailureError
from qdjunction.study.results import RelaxationRecord, VibrationsRecord
from qdjunction.study.study_file import study_of, study_values
from support.paths import CLUSTERS, RECORDED, ROOT

RECORD = read_result(RelaxationRecord, RECORDED / "1Pb_MAPbBr3" / "relaxed.json").model_copy(
    update={"integrity": None}
)
PEA = {"ligands": ["phenethylammonium"]}


def study(cover, **keys):
    return make_study(parse_config({"study": "s", "cover": cover, **keys}), CLUSTERS)


def written(folder, energies, settings, **modes):
    """Write a relaxation for each structure, and return what `cover_of_study` takes."""
    relaxations = {}
    for member in settings.members():
        path = folder / f"{member.name}.json"
        if member.name in energies:
            RECORD.model_copy(update={"energy_ev": energies[member.name]}).write(path)
        else:
            failure = {
                "step": "relax",
                "case": member.name,
                "error": "EngineError",
                "reason": "no",
                "provenance": {},
            }
            path.write_text(json.dumps({"no_result": failure}, indent=1))
        relaxations[member.name] = path
    return relaxations


def test_the_structures_of_the_published_slab():
    found = study({**PEA, "sets": 2, "poses": 2}).cover_members
    slabs = [one for one in found.values() if one.role == "slab"]
    # One without ligands; of 1, 7 and 8 ligands there is a single set, of the others two are taken.
    assert len(slabs) == 1 + 2 * (1 + 2 * 5 + 2)
    assert [name for name, one in found.items() if one.role == "pair"] == [
        CATION_PAIR, "pair-phenethylammonium-1", "pair-phenethylammonium-2",
    ]  # fmt: skip
    assert {one.count: one.distinct for one in slabs} == {
        0: 1,
        1: 1,
        2: 5,
        3: 5,
        4: 10,
        5: 5,
        6: 5,
        7: 1,
        8: 1,
    }


def test_the_study_of_the_paper_is_read_back_from_its_record():
    made = make_study(parse_config({"study": "s", "cover": {**PEA, "counts": [1]}}), CLUSTERS)
    again = study_of(json.loads(json.dumps(study_values(made))), "results")
    assert [case.id for case in again.covers] == [case.id for case in made.covers]
    assert [case.atoms for case in again.covers] == [28, 48, 2, 22]


def test_check_lists_the_structures(capsys):
    main(["check", str(ROOT / "papers" / "mi-2025.yaml")])
    printed = capsys.readouterr().out
    assert "cover/phenethylammonium-8-1-1  188 atoms" in printed
    assert "cover/diethyldimethylammonium-4-1-1  116 atoms, 10 symmetry-distinct site sets" in printed


@pytest.mark.parametrize(
    ("cover", "keys", "words"),
    [
        ({**PEA, "counts": [9]}, {}, r"cover\.counts|counts: 9 ligands on a slab with 8 surface cations"),
        ({"ligands": ["acetate"]}, {}, "config.yaml: cover: ligand 'acetate' has charge -1.*nothing balances"),
        ({"ligands": ["didodecyldimethylammonium"]}, {}, "cover: ligand 'didodecyl.*longer than the cell"),
        ({**PEA, "slab": {"vacuum_ang": 12}}, {}, "cover: vacuum_ang = 12.*enlarge vacuum_ang"),
        ({"ligands": ["nothing"]}, {}, "cover: there is no ligand 'nothing'"),
        ({"ligands": ["Cs"]}, {}, "Cs is what the ligands replace"),
        ({**PEA, "kpoints": [2, 2]}, {}, r"cover: kpoints = \[2, 2\].*uses only the Gamma point of a slab"),
        (PEA, {"xtb": {"method": "GFN2-xTB"}}, "slabs are computed with GFN1-xTB"),
        ({**PEA, "vibrations": True}, {"engine": "siesta"}, "engine 'siesta' computes none"),
        ({**PEA, "solids_ev": {"Cs": -1.0}}, {}, "solids_ev: has no phenethylammonium"),
        ({**PEA, "vibrations": True, "counts": [2]}, {}, "vibrations: need the slab with one ligand"),
        ({**PEA, "slab": {"rattle_ang": 0.5}}, {}, r"slab\.rattle_ang"),
    ],
)  # fmt: skip
def test_covers_that_cannot_be_computed_are_refused(cover, keys, words):
    with pytest.raises(InputError, match=words):
        study(cover, **keys)


def test_a_slab_is_no_dot_and_names_are_not_taken_twice():
    slab = {"source": "slab", "name": "s", "contacts": []}
    with pytest.raises(InputError, match=r"dots\.0: a slab is periodic"):
        make_study(parse_config({"study": "s", "dots": [slab]}), CLUSTERS)
    water = {"source": "smiles", "name": BARE, "smiles": "O", "contacts": []}
    with pytest.raises(InputError, match=f"'{BARE}' is a structure of the section cover"):
        study(PEA, dots=[water])


def test_delta_g_of_recorded_energies(tmp_path):
    settings = CoverSettings(ligands=["phenethylammonium"], counts=[1, 2], poses=2)
    energies = {
        BARE: -100.0, CATION_PAIR: -5.0, "pair-phenethylammonium-1": -15.0, "pair-phenethylammonium-2": -14.0,
        "phenethylammonium-1-1-1": -110.5, "phenethylammonium-1-1-2": -110.3, "phenethylammonium-2-1-2": -120.7,
    }  # fmt: skip
    relaxations = written(tmp_path, energies, settings)
    cover_of_study(settings, relaxations, {}, tmp_path / "cover.csv", tmp_path / "cover.json")
    record = read_result(CoverRecord, tmp_path / "cover.json")
    (series,) = record.series
    assert series.exchange_ev == pytest.approx(10.0, abs=1e-9)
    assert [one.count for one in series.points] == [0, 1, 2]
    kt = BOLTZMANN_EV_PER_K * 300.0
    term = kt * (math.log1p(math.exp(-1.0 / kt)) - math.log1p(math.exp(-0.2 / kt)))
    assert series.conformational_ev == pytest.approx(term, abs=1e-12)
    assert series.points[2].free_energy_ev == pytest.approx(-0.7 + 2 * term, abs=1e-9)
    assert series.points[2].structures == 1
    assert series.points[1].spread_ev == pytest.approx(0.2)
    assert not series.complete
    assert (tmp_path / "cover.csv").read_text().startswith("ligand,ligands,free_energy_eV,differential_eV")
    assert (record.sites, record.area_ang2) == (8, pytest.approx(11.74**2))


def test_poses_and_site_sets_of_equal_energy_change_nothing(tmp_path):
    """How many of them are sampled is a setting, not a property of the ligand."""
    settings = CoverSettings(ligands=["phenethylammonium"], sets=3, poses=2)
    energies = {
        one.name: -100.0 - 10.0 * one.count if one.role == "slab" else -5.0 - 10.0 * bool(one.ligand)
        for one in settings.members()
    }
    relaxations = written(tmp_path, energies, settings)
    cover_of_study(settings, relaxations, {}, tmp_path / "c.csv", tmp_path / "c.json")
    (series,) = read_result(CoverRecord, tmp_path / "c.json").series
    assert [one.free_energy_ev for one in series.points] == pytest.approx([0.0] * 9, abs=1e-9)


def test_reservoirs_may_be_solids_of_the_user(tmp_path):
    settings = CoverSettings(
        ligands=["phenethylammonium"], counts=[1], solids_ev={"Cs": -6.0, "phenethylammonium": -17.0}
    )
    assert [one.role for one in settings.members()] == ["slab", "slab"]
    relaxations = written(tmp_path, {BARE: -100.0, "phenethylammonium-1-1-1": -111.5}, settings)
    cover_of_study(settings, relaxations, {}, tmp_path / "c.csv", tmp_path / "c.json")
    record = read_result(CoverRecord, tmp_path / "c.json")
    assert record.series[0].points[1].free_energy_ev == pytest.approx(-0.5)
    assert record.reservoirs == "solids, as given"


def test_without_the_bare_slab_there_is_no_result(tmp_path):
    settings = CoverSettings(ligands=["phenethylammonium"], counts=[1])
    relaxations = written(tmp_path, {"phenethylammonium-1-1-1": -1.0}, settings)
    with pytest.raises(EarlierFailureError, match=BARE):
        cover_of_study(settings, relaxations, {}, tmp_path / "c.csv", tmp_path / "c.json")


def test_a_small_cover_from_its_settings_to_its_record(tmp_path):
    """Methylammonium on one cell, relaxed very loosely, by the steps that the rules run."""
    settings = CoverSettings(ligands=["methylammonium"], counts=[1], slab={"size": [1, 1], "vacuum_ang": 12})
    relaxations = {}
    for member in settings.members():
        folder = tmp_path / member.name
        outputs = (folder / "dot.extxyz", folder / "dot.json")
        definition = member.entry.look_up(CLUSTERS)
        if member.count:
            ligands_on_slab(member.entry, definition, tmp_path / BARE / "relaxed.extxyz", *outputs)
        else:
            dot(member.entry, definition, *outputs)
        engine = make_engine("xtb", slab=[1, 1] if member.role == "slab" else None)
        relax(
            folder / "dot.extxyz",
            engine,
            folder / "work",
            1.0,
            100,
            folder / "relaxed.extxyz",
            folder / "relaxed.json",
        )
        relaxations[member.name] = folder / "relaxed.json"
    pair = tmp_path / CATION_PAIR
    vibrations(pair / "relaxed.extxyz", make_engine("xtb"), pair / "modes", 300.0, pair / "vibrations.json")
    modes = read_result(VibrationsRecord, pair / "vibrations.json")
    assert (modes.atoms, len(modes.wave_numbers_per_cm)) == ((0,), 3)
    assert modes.free_energy_ev == pytest.approx(quasi_rrho_ev(modes.wave_numbers_per_cm, 300.0))
    cover_of_study(settings, relaxations, {}, tmp_path / "cover.csv", tmp_path / "cover.json")
    (series,) = read_result(CoverRecord, tmp_path / "cover.json").series
    energies = {name: read_result(RelaxationRecord, path).energy_ev for name, path in relaxations.items()}
    expected = (
        energies["methylammonium-1-1-1"]
        - energies[BARE]
        + energies[CATION_PAIR]
        - energies["pair-methylammonium-1"]
    )
    assert series.points[1].free_energy_ev == pytest.approx(expected, abs=1e-9)
    assert abs(expected) < 3
    assert math.isnan(series.vibrational_ev)
    relaxed = read_structure(tmp_path / "methylammonium-1-1-1" / "relaxed.extxyz")
    assert relaxed.pbc.tolist() == [True, True, False]
    assert sorted(relaxed.symbols[exchanged_atoms(relaxed)]) == sorted("CNHHHHHH")
    bare = read_structure(tmp_path / BARE / "relaxed.extxyz")
    assert [str(bare.symbols[i]) for i in exchanged_atoms(bare)] == ["Cs"]
    assert bare.positions[exchanged_atoms(bare)[0], 2] > bare.positions[:, 2].mean()
