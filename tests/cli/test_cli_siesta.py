"""The commands that write what SIESTA reads and read what it left."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import sisl
from ase.build import bulk

from qdjunction.cli import main
from qdjunction.cli.parser import parse
from qdjunction.engine.siesta.settings import SiestaSettings
from qdjunction.engine.store import read_electronic_structure
from qdjunction.structure.xyz import read_structure
from support.paths import PSEUDOPOTENTIALS, SIESTA_RUNS


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with an unrelaxed 1Pb dot."""
    monkeypatch.chdir(tmp_path)
    assert main(["dot", "1Pb", "--output", "dot.extxyz"]) == 0
    return tmp_path


def test_the_input_is_whole_and_says_what_was_asked(here):
    words = ["siesta-input", "dot.extxyz", "--pseudopotentials", str(PSEUDOPOTENTIALS)]
    words += ["--protocol", "fast", "--mesh-cutoff-ry", "333", "--fdf", "WriteDenchar=true"]
    assert main([*words, "--output", "run"]) == 0
    fdf = sisl.get_sile("run/siesta.fdf")
    assert fdf.read_geometry().na == len(read_structure("dot.extxyz"))
    assert fdf.get("PAO.EnergyShift", unit="Ry") == pytest.approx(0.02)
    assert fdf.get("MeshCutoff", unit="Ry") == 333
    assert fdf.get("WriteDenchar") is True
    assert fdf.get("MD.TypeOfRun") is None
    assert sorted(path.stem for path in Path("run").glob("*.psf")) == ["Br", "C", "H", "N", "Pb"]

    assert main([*words, "--fmax", "0.02", "--output", "relaxation"]) == 0
    fdf = sisl.get_sile("relaxation/siesta.fdf")
    assert fdf.get("MD.TypeOfRun") == "CG"
    assert fdf.get("MD.MaxForceTol", unit="eV/Ang") == pytest.approx(0.02)


def test_a_lead_gets_its_k_points(here):
    lead = bulk("Au", cubic=True)
    lead.write("lead.extxyz")
    words = ["siesta-input", "lead.extxyz", "--pseudopotentials", str(PSEUDOPOTENTIALS), "--output", "lead"]
    assert main([*words, "--lead", "4x3"]) == 0
    grid = np.array(
        [line.split() for line in sisl.get_sile("lead/siesta.fdf").get("kgrid_Monkhorst_Pack")], float
    )
    assert np.diag(grid)[:2].tolist() == [4, 3]
    assert grid[2, 2] * lead.cell.lengths()[2] >= 150


def test_a_finished_run_becomes_a_hamiltonian(tmp_path):
    output = tmp_path / "h.nc"
    words = ["hamiltonian", "--engine", "siesta", "--from", str(SIESTA_RUNS / "converged")]
    assert main([*words, "--output", str(output)]) == 0
    structure = read_electronic_structure(output)
    assert structure.engine.name == "siesta"
    assert not structure.engine.embedded
    assert structure.homo_ev < 0 < structure.lumo_ev
    assert structure.atoms.get_tags().tolist() == [0, 10, 20]


BAD = {
    "no pseudopotentials": (
        ["siesta-input", "dot.extxyz", "--pseudopotentials", "none", "--output", "run"],
        "none: there is no",
    ),
    "protocol": (["siesta-input", "dot.extxyz", "--protocol", "best", "--output", "run"], "'best'"),
    "no run": (["hamiltonian", "--engine", "siesta", "--from", ".", "--output", "h.nc"], "one fdf file"),
    "a failed run": (
        ["hamiltonian", "--engine", "siesta", "--from", str(SIESTA_RUNS / "scf-stuck"), "--output", "h.nc"],
        "SCF",
    ),
    "lead": (["siesta-input", "dot.extxyz", "--lead", "4", "--output", "run"], "--lead = '4'"),
    "both": (["hamiltonian", "dot.extxyz", "--from", ".", "--output", "h.nc"], "either a structure"),
    "neither": (["hamiltonian", "--output", "h.nc"], "either a structure"),
    "no key": (
        ["siesta-input", "dot.extxyz", "--fdf", "MeshCutoff 300 Ry", "--output", "run"],
        "--fdf KEY=VALUE",
    ),
    "two lines": (["siesta-input", "dot.extxyz", "--fdf", "A=1\nB", "--output", "run"], "--fdf: siesta.fdf"),
    "no such engine": (
        ["relax", "dot.extxyz", "--engine", "siest", "--output", "x.extxyz"],
        "no engine 'siest'; choose one of siesta, xtb",
    ),
    "no program": (
        [
            *("relax", "dot.extxyz", "--engine", "siesta", "--pseudopotentials", str(PSEUDOPOTENTIALS)),
            *("--output", "x.extxyz"),
        ],
        "could not be started with 'no-siesta-here'",
    ),
}


def test_settings_of_another_engine_are_unknown(here, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["relax", "dot.extxyz", "--pseudopotentials", ".", "--output", "x.extxyz"])
    assert "unrecognized arguments: --pseudopotentials" in capsys.readouterr().err


def test_settings_and_fdf_keys_reach_the_engine_and_its_record():
    words = ["relax", "dot.extxyz", "--engine", "siesta", "--protocol", "fast", "--mesh-cutoff-ry", "250"]
    words += ["--basis-by-element", "Au=SZ", "--fdf", "SCF.Mix=density", "--output", "x.extxyz"]
    engine = parse(words).make_engine()
    assert engine.settings == SiestaSettings(
        protocol="fast", mesh_cutoff_ry=250, basis_by_element={"Au": "SZ"}, fdf={"SCF.Mix": "density"}
    )
    assert engine.info.settings["fdf"] == {"SCF.Mix": "density"}
    assert engine.info.settings["energy_shift_ry"] == 0.02


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A study on SIESTA with its pseudopotentials."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(PSEUDOPOTENTIALS, "pseudopotentials")
    Path("mine.yaml").write_text("study: s\nengine: siesta\ndots:\n  - {dot: 1Pb, contacts: [short]}\n")
    return tmp_path


def test_the_pseudopotentials_of_a_study_are_listed(study, capsys):
    assert main(["pseudopotentials", "mine.yaml"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["Pb", "psf", "PBE", "none", "4", "pseudopotentials/Pb.psf"] in rows
    assert [row[0] for row in rows[1:-1]] == ["Pb", "Br", "C", "N", "H", "Au"]


def test_every_pseudopotential_that_is_missing_or_unfit_is_named(study, capsys):
    Path("pseudopotentials/Au.psf").unlink()
    lda = Path("pseudopotentials/H.psf")
    lda.write_text(lda.read_text().replace("H  pb", "H  ca", 1))
    assert main(["pseudopotentials", "mine.yaml"]) == 2
    captured = capsys.readouterr()
    assert sum("missing or unfit" in line for line in captured.out.splitlines()) == 2
    assert "H.psf: was made with LDA, the calculation uses PBE" in captured.err
    assert "Au.psf: is missing" in captured.err
    assert "pseudo-dojo.org" in captured.err
    assert main(["pseudopotentials", "mine.yaml", "--folder", str(PSEUDOPOTENTIALS)]) == 0


@pytest.mark.parametrize(("words", "message"), BAD.values(), ids=BAD)
def test_bad_input_is_one_sentence_and_exit_code_2(here, monkeypatch, capsys, words, message):
    monkeypatch.setenv("SIESTA_COMMAND", "no-siesta-here")
    assert main(words) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert "Traceback" not in captured.err
    assert not Path(words[-1]).exists()
