"""The commands that write what SIESTA reads and read what it left."""

from pathlib import Path

import numpy as np
import pytest
import sisl
from ase.build import bulk
from qdjunction.cli import main
from qdjunction.engine.store import read_electronic_structure
from qdjunction.structure.xyz import read_structure

DATA = Path(__file__).parents[1] / "data" / "siesta"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with an unrelaxed 1Pb dot."""
    monkeypatch.chdir(tmp_path)
    assert main(["dot", "1Pb", "--output", "dot.extxyz"]) == 0
    return tmp_path


def test_the_input_is_whole_and_says_what_was_asked(here):
    words = ["siesta-input", "dot.extxyz", "--pseudos", str(DATA / "pseudopotentials"), "--protocol", "fast"]
    assert main([*words, "--output", "run"]) == 0
    fdf = sisl.get_sile("run/siesta.fdf")
    assert fdf.read_geometry().na == len(read_structure("dot.extxyz"))
    assert fdf.get("MeshCutoff", unit="Ry") == 100
    assert fdf.get("MD.TypeOfRun") is None
    assert sorted(path.stem for path in Path("run").glob("*.psf")) == ["Br", "C", "H", "N", "Pb"]

    assert main([*words, "--fmax", "0.02", "--output", "relaxation"]) == 0
    fdf = sisl.get_sile("relaxation/siesta.fdf")
    assert fdf.get("MD.TypeOfRun") == "CG"
    assert fdf.get("MD.MaxForceTol", unit="eV/Ang") == pytest.approx(0.02)


def test_a_lead_gets_its_k_points(here):
    lead = bulk("Au", cubic=True)
    lead.write("lead.extxyz")
    words = ["siesta-input", "lead.extxyz", "--pseudos", str(DATA / "pseudopotentials"), "--output", "lead"]
    assert main([*words, "--lead", "4x3"]) == 0
    grid = np.array(
        [line.split() for line in sisl.get_sile("lead/siesta.fdf").get("kgrid_Monkhorst_Pack")], float
    )
    assert np.diag(grid)[:2].tolist() == [4, 3]
    assert grid[2, 2] * lead.cell.lengths()[2] >= 150


def test_a_finished_run_becomes_a_hamiltonian(tmp_path):
    output = tmp_path / "h.nc"
    assert (
        main(
            ["hamiltonian", "--engine", "siesta", "--from", str(DATA / "converged"), "--output", str(output)]
        )
        == 0
    )
    structure = read_electronic_structure(output)
    assert structure.engine.name == "siesta"
    assert not structure.engine.embedded
    assert structure.homo_ev < 0 < structure.lumo_ev
    assert structure.atoms.get_tags().tolist() == [0, 10, 20]


BAD = {
    "no pseudopotentials": (
        ["siesta-input", "dot.extxyz", "--pseudos", "none", "--output", "run"],
        "none: there is no",
    ),
    "protocol": (["siesta-input", "dot.extxyz", "--protocol", "best", "--output", "run"], "'best'"),
    "no run": (["hamiltonian", "--engine", "siesta", "--from", ".", "--output", "h.nc"], "one fdf file"),
    "a failed run": (
        ["hamiltonian", "--engine", "siesta", "--from", str(DATA / "scf-stuck"), "--output", "h.nc"],
        "SCF",
    ),
    "lead": (["siesta-input", "dot.extxyz", "--lead", "4", "--output", "run"], "--lead = '4'"),
    "both": (["hamiltonian", "dot.extxyz", "--from", ".", "--output", "h.nc"], "either a structure"),
    "neither": (["hamiltonian", "--output", "h.nc"], "either a structure"),
    "another engine": (["hamiltonian", "--from", ".", "--output", "h.nc"], "add --engine siesta"),
    "pseudos for xtb": (["relax", "dot.extxyz", "--pseudos", ".", "--output", "x.extxyz"], "--engine siesta"),
    "no program": (
        [
            *("relax", "dot.extxyz", "--engine", "siesta", "--pseudos", str(DATA / "pseudopotentials")),
            *("--output", "x.extxyz"),
        ],
        "could not be started with 'no-siesta-here'",
    ),
}


@pytest.mark.parametrize(("words", "message"), BAD.values(), ids=BAD)
def test_bad_input_is_one_sentence_and_exit_code_2(here, monkeypatch, capsys, words, message):
    monkeypatch.setenv("SIESTA_COMMAND", "no-siesta-here")
    assert main(words) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert "Traceback" not in captured.err
    assert not Path(words[-1]).exists()
