"""The study of joined dots, and pairs whose dots stay where they are."""

import json
import re

import numpy as np
import pytest
import sisl
import yaml

from qdjunction import cli
from qdjunction.core.errors import InputError
from qdjunction.core.yaml import read_yaml
from qdjunction.engine.registry import make_engine, read_run
from qdjunction.engine.siesta import SiestaSettings
from qdjunction.engine.siesta.steps import siesta_input
from qdjunction.engine.xtb.settings import XtbSettings
from qdjunction.interference.coupling import frontier_couplings
from qdjunction.steps.structure import relax
from qdjunction.structure.ligands.attach import FRAGMENT
from qdjunction.structure.ligands.pair import held_atoms, joined_dots
from qdjunction.structure.sources.registry import SOURCES
from qdjunction.structure.xyz import read_structure, write_structure
from qdjunction.study.build import make_study
from qdjunction.study.config import parse_config, read_config
from qdjunction.transport import Device
from support.paths import CLUSTERS, PSEUDOPOTENTIALS, ROOT, SIESTA_RUNS

PAPER = ROOT / "papers" / "enomoto-2024.yaml"
CS = {"dot": "1Pb", "cation": "Cs"}


def pair(**keys):
    values = {
        "name": "it",
        "first": CS,
        "second": CS,
        "first_site": "R2",
        "second_site": "L",
        "twist_deg": 90,
    }
    settings = SOURCES["pair"].settings_to_build({**values, "linker": "hexanedithiol", **keys}, "c.yaml")
    return settings.build(settings.look_up(CLUSTERS))


@pytest.fixture
def in_checkout(monkeypatch):
    monkeypatch.chdir(ROOT)


def test_the_study_has_every_linker_and_the_same_distances_without(in_checkout):
    study = make_study(read_config(PAPER), CLUSTERS, PAPER)
    assert PAPER.stem == study.config.paper
    pairs = {dot.id: dot.entry.build(dot.definition) for dot in study.joined_dots}
    assert set(pairs) == {dot.id for dot in study.dots}
    apart = {name: atoms.info["dot"]["pb_distance_ang"] for name, atoms in pairs.items()}
    linked = {name for name, atoms in pairs.items() if atoms.info["dot"]["linker"]}
    assert linked == {"C2", "C3", "C4", "C5", "C6", "C10", "BDT", "BPDT"}
    for name in set(pairs) - linked:
        assert apart[name] == pytest.approx(apart[name.removeprefix("none-")], abs=0.01)
    for atoms in pairs.values():
        assert len(held_atoms(atoms)) == 2 * 64 - 2 * any(atoms.numbers == 16)
    # The tips are at the outer ends of the row through both dots.
    for dot in study.dots:
        assert [(one.left, one.right) for one in dot.junctions] == [("A.R3", "B.R3")]


def test_a_relaxation_moves_the_linker_alone(tmp_path):
    engine = make_engine("xtb", XtbSettings().model_dump(mode="json"))
    for name, keys in (("C6", {}), ("none", {"linker": "none", "pb_distance_ang": 15.3})):
        built, file = pair(free="linker", **keys), tmp_path / f"{name}.extxyz"
        write_structure(built, file)
        relax(
            file, engine, tmp_path / name, 0.5, 50, tmp_path / f"{name}-relaxed.extxyz",
            tmp_path / f"{name}.json",
        )  # fmt: skip
        moved = np.linalg.norm(
            read_structure(tmp_path / f"{name}-relaxed.extxyz").positions - built.positions, axis=1
        )
        of_linker = built.arrays[FRAGMENT] == 2 if name == "C6" else np.zeros(len(built), dtype=bool)
        assert moved[~of_linker].max() < 1e-7
        assert json.loads((tmp_path / f"{name}.json").read_text())["converged"]
        assert (moved[of_linker].max() > 0.01) if name == "C6" else True
    assert not held_atoms(pair()).size


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"linker": "octylamine"}, r"linker = 'octylamine' \(.*\) binds to Pb at one end only .*; choose a dithiol"),
        ({"linker": "propanthiol"}, r"linker: there is no ligand 'propanthiol' in .*; there are .*propanedithiol"),
        ({"linker": "carbon"}, r"linker = 'carbon' \(SCCCS\) binds .* only \(other_end in its file is atom 2, C\)"),
        ({"linker": "sulfide"}, r"linker = 'sulfide' .* add up to \+1.*; choose a linker that binds with charge -2"),
        ({"linker": "bulky", "twist_deg": 0}, r"linker = 'bulky' does not fit between the dots: its .* slimmer linker"),
        ({"ligand_folder": "nowhere"}, r"ligand_folder = 'nowhere': there is no such folder in .*; correct the path"),
        ({"pb_distance_ang": 8.0}, r"pb_distance_ang = 8 is for linker: none; leave it out"),
        ({"linker": "none"}, r"linker is none, so the distance of the dots is open; add pb_distance_ang"),
        ({"free": "dots"}, r"free = 'dots': input should be 'all' or 'linker'"),
        ({"twist_deg": 400}, r"twist_deg = 400: input should be less than or equal to 180"),
        ({"first_site": "R7"}, r"first_site = 'R7': the dot has no such contact \(L, R1, R2\).*; write an index"),
        ({"first_site": 99}, r"first_site: atom = 99: the structure has \d+ atoms, counted from 0"),
        ({"first_site": 0}, r"first_site = 0: atom 0 \(Pb\) is no terminal halide.*; name one, or a contact \(L, R1"),
        ({"contacts": ["A.R2-B.R2"]}, r"contact pair 'A\.R2-B\.R2' is not one of it; write two of its contacts .*A\.L"),
    ],
)  # fmt: skip
def test_impossible_pairs_are_one_error_of_check(keys, message, tmp_path, capsys):
    """It names file, entry, key and value, and what to do."""
    for name, (smiles, end) in {
        "carbon": ("SCCCS", 2), "sulfide": ("SCCCSC", 4), "bulky": ("SCC(C(C)(C)C)(C(C)(C)C)CS", 12)
    }.items():  # fmt: skip
        (tmp_path / f"{name}.yaml").write_text(f"smiles: {smiles}\nbinds: [0]\nother_end: [{end}]\n")
    found = refused({"twist_deg": 45, "ligand_folder": str(tmp_path), **keys}, tmp_path, capsys)
    assert re.search(rf"study\.yaml: dots\.0[.:] ?{message}", found)


def refused(keys, folder, capsys):
    """Return the one line with which `qdjunction check` refuses the study of a pair."""
    entry = {
        "source": "pair", "name": "it", "first": CS, "second": CS, "first_site": "R2", "second_site": "L",
        "linker": "hexanedithiol", "contacts": ["A.L-B.R2"], **keys,
    }  # fmt: skip
    file = folder / "study.yaml"
    file.write_text(yaml.safe_dump({"study": "s", "dots": [entry], "coupling": True}))
    assert cli.main(["check", str(file)])
    (line,) = capsys.readouterr().err.strip().splitlines()
    return line


@pytest.mark.parametrize(
    ("keys", "key", "remedy"),
    [
        ({"linker": "none", "pb_distance_ang": 7.0}, "pb_distance_ang", r"set at least ([\d.]+)"),
        ({"linker": "ethanedithiol"}, "twist_deg", r"set twist_deg to ([-\d.]+)"),
    ],
)  # fmt: skip
def test_dots_that_clash_are_told_where_they_have_room(keys, key, remedy, tmp_path, capsys):
    keys = {"twist_deg": 90} | keys
    line = refused(keys, tmp_path, capsys)
    assert f"dots.0: {key} = {keys[key]:g}: 1Pb (A) and 1Pb (B) clash" in line
    value = float(re.search(remedy, line)[1])
    assert value != keys[key]
    pair(**keys | {key: value})
    if key == "pb_distance_ang":
        with pytest.raises(InputError, match="clash"):
            pair(**keys | {key: value - 0.1})


# SIESTA


@pytest.fixture
def pseudopotentials(tmp_path):
    """Headers alone: what is tested writes input and computes nothing; there are no files of Cs and S here."""
    folder = tmp_path / "pseudopotentials"
    folder.mkdir()
    for element, like in (
        ("C", "C"),
        ("H", "H"),
        ("Pb", "Pb"),
        ("Br", "Br"),
        ("Au", "Au"),
        ("Cs", "H"),
        ("S", "Br"),
    ):
        text = (PSEUDOPOTENTIALS / f"{like}.psf").read_text()
        (folder / f"{element}.psf").write_text(text.replace(like, element, 1) if element != like else text)
    return folder


def test_siesta_holds_the_dots_and_keeps_the_fragments(pseudopotentials, tmp_path):
    built = pair(free="linker")
    write_structure(built, tmp_path / "pair.extxyz")
    settings = SiestaSettings(pseudopotentials=str(pseudopotentials))
    siesta_input(tmp_path / "pair.extxyz", settings, tmp_path / "run", fmax_ev_per_ang=0.05)
    fdf = sisl.get_sile(tmp_path / "run" / "siesta.fdf")
    assert fdf.get("MD.TypeOfRun") == "CG"
    (line,) = fdf.get("Geometry.Constraints")
    held = {
        number
        for ends in re.findall(r"(\d+) -- (\d+)", line)
        for number in range(int(ends[0]), int(ends[1]) + 1)
    }
    linker = set(np.flatnonzero(built.arrays[FRAGMENT] == 2) + 1)
    assert held == set(range(1, len(built) + 1)) - linker
    # `coupling` finds the two dots in the folder of a finished run by these.
    kept = read_structure(tmp_path / "run" / "structure.extxyz")
    assert joined_dots(kept).linker == "hexanedithiol"
    np.testing.assert_array_equal(kept.arrays[FRAGMENT], built.arrays[FRAGMENT])


def test_the_study_runs_on_siesta_with_its_pseudopotentials(pseudopotentials, in_checkout):
    values = read_yaml(PAPER) | {"engine": "siesta", "siesta": {"pseudopotentials": str(pseudopotentials)}}
    study = make_study(parse_config(values), CLUSTERS)
    names = {
        dot.id: {path.name for path in study.engine_files(dot.id, gold=True)} for dot in study.joined_dots
    }
    common = {"Cs.psf", "Pb.psf", "Br.psf", "Au.psf"}
    assert names["C3"] == common | {"C.psf", "H.psf", "S.psf"}
    assert names["none-C3"] == common
    # GFN1-xTB brings the linker into place first; it holds the dots as SIESTA does.
    assert all(study.is_pre_relaxed(dot.id) for dot in study.joined_dots)
    (pseudopotentials / "S.psf").unlink()
    with pytest.raises(InputError, match=r"S\.ps"):
        make_study(parse_config(values), CLUSTERS)


def test_matrices_of_siesta_give_couplings():
    """Recorded PbBr2: its two Br as the dots, Pb between."""
    run = read_run(SIESTA_RUNS / "converged")
    device = Device.from_hamiltonian(run.hamiltonian)
    everything = range(device.n_orbitals)
    bromine = np.flatnonzero(run.atoms.numbers == 35)
    first, second = (np.flatnonzero(device.orbital_atoms == atom) for atom in bromine)
    found = frontier_couplings(
        device.block("H", everything), device.block("S", everything), first, second,
        float(run.valence_electrons.sum()),
    )["HOMO"]  # fmt: skip
    levels = run.eigenvalues_ev[: int(run.valence_electrons.sum()) // 2]
    assert found.degeneracy == 1
    # The splitting is the distance of two levels of the file.
    assert np.abs(levels[-1] - levels[:-1] - found.splitting_ev).min() < 1e-5
    assert found.splitting_ev == pytest.approx(
        np.hypot(found.levels_ev[0] - found.levels_ev[1], 2 * found.coupling_ev)
    )
