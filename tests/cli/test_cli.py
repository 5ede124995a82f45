"""The command line on the smallest real dot: every command, from the dot to the decay."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import sisl
import xarray

from qdjunction.cli import main
from qdjunction.structure.xyz import read_structure
from support.paths import ROOT


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A Cs4PbCl6 dot taken all the way to its transmissions."""
    here = tmp_path_factory.mktemp("cli")

    def run(*words):
        assert main([str(word) for word in words]) == 0, words

    run("dot", "1Pb", "--cation", "Cs", "--halide", "Cl", "--output", here / "dot.extxyz")
    run(
        "relax", here / "dot.extxyz", "--engine", "xtb", "--threads", "1", "--output", here / "relaxed.extxyz"
    )
    run("hamiltonian", here / "relaxed.extxyz", "--threads", "1", "--output", here / "bare.nc")
    for right in ("R1", "R2"):
        run(
            *("junction", here / "relaxed.extxyz", "--left", "L", "--right", right),
            *("--layers", "2", "--output", here / f"{right}.extxyz"),
        )
        run("hamiltonian", here / f"{right}.extxyz", "--threads", "1", "--output", here / f"{right}.nc")
        run(
            *("transmission", here / f"{right}.nc", "--energies=-1:1:0.1", "--leads", "wide-band:1.0"),
            *("--output", here / f"t-{right}.nc"),
        )
    return here


def test_files_open_in_the_field_s_tools(folder):
    assert str(read_structure(folder / "relaxed.extxyz").symbols) == "PbCl6Cs4"
    assert (folder / "relaxed.json").exists()
    with sisl.get_sile(folder / "R1.nc") as sile:
        H = sile.read_hamiltonian()
    assert not H.orthogonal
    with xarray.open_dataset(folder / "t-R1.nc") as t:
        assert t.energy.attrs["units"] == "eV"
        np.testing.assert_allclose(t.energy, np.linspace(-1, 1, 21), atol=1e-12)
        assert (t.transmission > 0).all()
        assert "GFN1-xTB" in t.attrs["engine"]


def test_lead_atoms_and_fermi_energy_can_be_named(folder, tmp_path):
    """The tagged leads named by hand, E_F moved by 0.5 eV: the same T(E), moved."""
    left = ",".join(map(str, np.flatnonzero(read_structure(folder / "R2.extxyz").get_tags() == 11)))
    first = np.flatnonzero(read_structure(folder / "R2.extxyz").get_tags() == 21)
    code = main(
        [
            *("transmission", str(folder / "R2.nc"), "--energies=-1.5:0.5:0.1", "--fermi", "0.5"),
            *("--left-atoms", left, "--right-atoms", f"{first[0]}-{first[-1]}"),
            *("--output", str(tmp_path / "t.nc")),
        ]
    )
    assert code == 0
    with xarray.open_dataset(tmp_path / "t.nc") as moved, xarray.open_dataset(folder / "t-R2.nc") as tagged:
        np.testing.assert_allclose(moved.transmission, tagged.transmission, rtol=1e-8)


def test_any_two_atoms_of_any_file_make_a_junction(folder, tmp_path):
    """The contacts of the dot once more, by index and by rule, from a file that has lost their names: the same gold."""
    dot = read_structure(folder / "dot.extxyz")
    ends = {name: dot.info["contacts"][name] for name in ("L", "R2")}
    dot.cell = [30, 30, 30]
    dot.write(tmp_path / "dot.vasp")
    for words in (
        ("--left-atom", str(ends["L"]["atom"]), "--right-atom", str(ends["R2"]["atom"])),
        (
            "--left-atom",
            "Cl farthest along -z",
            "--right-atom",
            "Cl farthest along z",
            "--left-direction=0,0,-1",
        ),
    ):
        out = tmp_path / "junction.extxyz"
        assert (
            main(["junction", str(tmp_path / "dot.vasp"), *words, "--layers", "2", "--output", str(out)]) == 0
        )
        made = read_structure(out)
        named = tmp_path / "named.extxyz"
        words = [
            "junction",
            str(folder / "dot.extxyz"),
            "--right",
            "R2",
            "--layers",
            "2",
            "--output",
            str(named),
        ]
        assert main(words) == 0
        np.testing.assert_allclose(made.positions, read_structure(named).positions, atol=1e-7)
        assert list(made.symbols) == list(read_structure(named).symbols)
        assert list(made.info["contacts"]["L"]["anchor"]) == ["chloride"]


def test_decay_prints_beta_and_the_verdict(folder, capsys):
    files = [str(folder / f"t-{right}.nc") for right in ("R1", "R2", "R1")]
    assert main(["decay", *files, "--distances", "3,5,8", "--at", "0.5"]) == 0
    out = capsys.readouterr().out
    assert "beta" in out
    assert "+0.5 eV" in out


def test_check_lists_the_junctions(capsys):
    assert main(["check", str(ROOT / "config.yaml")]) == 0
    out = capsys.readouterr().out
    assert "12Pb_MAPbBr3/L-R4  L to R4" in out
    assert "7 junctions" in out


def test_mixtures_are_reproducible(tmp_path):
    def made(name, seed):
        words = ["dot", "8Pb", "--halide", "Br0.72Cl0.28", "--seed", seed, "--output", str(tmp_path / name)]
        assert main(words) == 0
        return (tmp_path / name).read_bytes()

    assert made("a.extxyz", "1") == made("b.extxyz", "1")
    assert made("c.extxyz", "2") != made("a.extxyz", "1")


BAD = {
    "unknown dot": (["dot", "5Pb", "--output", "x.extxyz"], "no dot '5Pb'"),
    "halide": (["dot", "1Pb", "--halide", "At", "--output", "x.extxyz"], "At"),
    "cation": (["dot", "1Pb", "--cation", "FA", "--output", "x.extxyz"], "FA"),
    "missing file": (["junction", "none.extxyz", "--right", "R1", "--output", "x.extxyz"], "none.extxyz"),
    "contact": (["junction", "{dot}", "--right", "R9", "--output", "x.extxyz"], "R9"),
    "no contact": (["junction", "{dot}", "--output", "x.extxyz"], "--right is missing"),
    "one atom": (["junction", "{dot}", "--left-atom", "1", "--output", "x.extxyz"], "without --right-atom"),
    "names and atoms": (
        ["junction", "{dot}", "--left", "L", "--left-atom", "1", "--right-atom", "2", "--output", "x.extxyz"],
        "leave them out beside",
    ),
    "direction of a name": (
        ["junction", "{dot}", "--right", "R1", "--right-direction", "0,0,1", "--output", "x.extxyz"],
        "names no atom; give --right-atom, an index or a rule",
    ),
    "no rule": (
        ["junction", "{dot}", "--left-atom", "Cl far", "--right-atom", "2", "--output", "x.extxyz"],
        "--left-atom = 'Cl far': write an index",
    ),
    "atom out of range": (
        ["junction", "{dot}", "--left-atom", "1", "--right-atom", "11", "--output", "x.extxyz"],
        "--right-atom = 11: the structure has 11 atoms, counted from 0 to 10",
    ),
    "same atom": (
        ["junction", "{dot}", "--left-atom", "3", "--right-atom", "3", "--output", "x.extxyz"],
        "--right-atom = 3: contact 'L' is atom 3",
    ),
    "anchor": (
        [
            "junction",
            "{dot}",
            "--left-atom",
            "1",
            "--right-atom",
            "2",
            "--left-anchor",
            "thiol",
            "--output",
            "x.extxyz",
        ],
        "--left-anchor = 'thiol': there is no such anchor",
    ),
    "negative distance": (
        ["junction", "{dot}", "--right", "R1", "--apex-distance", "-2", "--output", "x.extxyz"],
        "apex_distance_ang = -2.0",
    ),
    "engine": (["relax", "{dot}", "--engine", "vasp", "--output", "x.extxyz"], "vasp"),
    "gold already": (
        ["junction", "{junction}", "--right", "R1", "--output", "x.extxyz"],
        "R1.extxyz: The structure has gold tips already",
    ),
    "no tips to relax": (
        ["relax", "{dot}", "--free", "contact", "--output", "x.extxyz"],
        "relaxed.extxyz: The left tip has 0",
    ),
    "no tips": (["transmission", "{bare}", "--output", "x.nc"], "bare.nc: The left tip has 0"),
    "no matrices": (
        ["transmission", "{dot}", "--output", "x.nc"],
        "sisl finds no Hamiltonian in it (NotImplementedError: no format that it knows)",
    ),
    "energies": (["transmission", "{h}", "--energies=1:0:0.1", "--output", "x.nc"], ": --energies: '1.0:0.0"),
    "energies of the ldos": (["transmission", "{h}", "--ldos=x", "--output", "x.nc"], ": --ldos: 'x'"),
    "leads": (["transmission", "{h}", "--leads", "magic", "--output", "x.nc"], ": --leads: 'magic'"),
    "eta": (["transmission", "{h}", "--eta", "0.001", "--output", "x.nc"], ": --eta: wide-band leads"),
    "k points": (["transmission", "{h}", "--kpoints", "0", "--output", "x.nc"], ": --kpoints: '0'"),
    "folder": (
        ["junction", ".", "--left-atom", "0", "--right-atom", "1", "--output", "x.extxyz"],
        ".: is a folder",
    ),
    "folder of names": (["junction", ".", "--right", "R1", "--output", "x.extxyz"], ". is a folder"),
    "no anchor": (
        [
            "junction",
            "{dot}",
            "--left-atom",
            "0",
            "--left-direction=0,0,1",
            "--right-atom",
            "1",
            "--output",
            "x.xyz",
        ],
        "another atom, describe the anchor in a study, under the key anchors, or give --apex-distance\n",
    ),
    "odd gold": (
        [
            "junction",
            "{dot}",
            "--right",
            "R1",
            "--left-tip",
            "blunt",
            "layers=2",
            "site=top",
            "--output",
            "x.extxyz",
        ],
        "let the tips have an even number of gold atoms together",
    ),
    "steps": (
        ["relax", "{dot}", "--fmax", "1e-4", "--max-steps", "0", "--workdir", "w", "--output", "x.xyz"],
        "Raise --max-steps; the relaxation",
    ),
    "anchors of a molecule": (
        ["molecule", "CCO", "--output", "x.extxyz"],
        "Name them by --left-atom and --right-atom",
    ),
    "site of a molecule": (
        [
            "molecule",
            "SCCS",
            "--left-atom",
            "0",
            "--right-atom",
            "9",
            "--right-anchor",
            "thiolate",
            "--output",
            "x.xyz",
        ],
        ": --right-anchor: atom 9 is H bonded to S",
    ),
    "one side": (["transmission", "{h}", "--left-atoms", "1", "--output", "x.nc"], "--right-atoms"),
    "atoms": (
        ["transmission", "{h}", "--left-atoms", "x", "--right-atoms", "1", "--output", "x.nc"],
        "--left-atoms",
    ),
    "no such atom": (
        ["transmission", "{h}", "--left-atoms", "0", "--right-atoms", "999", "--output", "x.nc"],
        "999",
    ),
    "distances": (["decay", "{t}", "{t}", "{t}", "--distances", "3,5"], "2 distances for 3 files"),
    "not numbers": (["decay", "{t}", "--distances", "near"], "--distances"),
    "energy off the grid": (["decay", "{t}", "{t}", "{t}", "--distances", "3,5,7", "--at", "9"], "9"),
    "config": (["check", "none.yaml"], "none.yaml"),
}


@pytest.mark.parametrize(("words", "message"), BAD.values(), ids=BAD)
def test_bad_input_is_one_sentence_and_exit_code_2(folder, tmp_path, monkeypatch, capsys, words, message):
    monkeypatch.chdir(tmp_path)
    paths = {"dot": folder / "relaxed.extxyz", "junction": folder / "R1.extxyz", "bare": folder / "bare.nc"}
    paths |= {"h": folder / "R1.nc", "t": folder / "t-R1.nc"}
    assert main([word.format(**paths) for word in words]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert "Traceback" not in captured.err
    assert not list(tmp_path.glob("x.*"))


def test_the_installed_command_explains_itself():
    command = Path(sys.executable).with_name("qdjunction")
    run = subprocess.run([command, "--help"], capture_output=True, text=True, check=True)
    for name in ("dot", "junction", "relax", "hamiltonian", "transmission", "decay", "check"):
        assert re.search(rf"^    {name}\b", run.stdout, re.MULTILINE)
    assert subprocess.run([command, "nonsense"], capture_output=True, check=False).returncode == 2
