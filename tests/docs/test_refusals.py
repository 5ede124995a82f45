"""The table of docs/validation.md of what is refused and assumed: each input is made, and gives the answer stated."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import sisl

from qdjunction import cli
from support.paths import DATA, ROOT

INPUTS: dict[str, Callable[[], list[str]]] = {}
"""What makes each input of the table in the working folder, and the words after `qdjunction`."""

ENERGIES = ("--energies=-1,0.3", "--output", "t.nc")
BASE = "study: t\ndots:\n  - {dot: 1Pb, contacts: [short]}\n"
LOST = DATA / "12Pb_MAPbBr3_lost_contact.extxyz"


def row(text: str) -> Callable[[Callable[[], list[str]]], Callable[[], list[str]]]:
    """Register a function under the first column of its row."""

    def register(make: Callable[[], list[str]]) -> Callable[[], list[str]]:
        assert text not in INPUTS
        INPUTS[text] = make
        return make

    return register


def rows() -> list[list[str]]:
    page = (ROOT / "docs" / "validation.md").read_text(encoding="utf-8")
    table = page.split("## What is refused, and what is assumed\n")[1].split("\n## ")[0]
    lines = [line for line in table.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def chain(length: int, roll: int = 0, spin: str = "unpolarized", hopping: float = -1.0) -> sisl.Hamiltonian:
    """A ring of gold atoms along a, 2 Ang apart, moved along it and wrapped into the cell, bonds alternating."""
    places = (np.arange(length) + roll) % length * 2.0
    lattice = sisl.Lattice([2.0 * length, 9, 9], nsc=[3, 1, 1])
    hamiltonian = sisl.Hamiltonian(
        sisl.Geometry(places[:, None] * [1.0, 0, 0], sisl.Atom("Au", [1.5]), lattice), spin=spin
    )
    for i in range(length):
        bond = hopping if i % 2 else -1.0
        j, cell = (i + 1) % length, (1 if (i + roll) % length == length - 1 else 0, 0, 0)
        back = tuple(-x for x in cell)
        if spin == "polarized":
            hamiltonian[i, j, cell] = hamiltonian[j, i, back] = (bond, 0.9 * bond)
        else:
            hamiltonian[i, j, cell] = hamiltonian[j, i, back] = bond
    return hamiltonian


def leads(left: str = "0", right: str = "8") -> list[str]:
    return ["transmission", "h.nc", "--left-atoms", left, "--right-atoms", right, *ENERGIES]


@row("H whose cell ends within the junction: atoms wrapped into the cell")
def _() -> list[str]:
    chain(9, roll=4).write("h.nc")
    return leads()


@row("`--axis` along which the leads do not lie")
def _() -> list[str]:
    chain(9).write("h.nc")
    return [*leads(), "--axis", "c"]


@row("bulk electrode whose atoms or bonds are other than those of the lead region")
def _() -> list[str]:
    chain(12, hopping=-0.6).write("h.nc")
    chain(2, hopping=-0.6).write("electrode.nc")
    return [*leads("1,2", "9,10"), "--leads", "bulk:electrode.nc"]


@row("bulk electrode with another zero of energy")
def _() -> list[str]:
    chain(9).write("h.nc")
    electrode = chain(1, hopping=-1.0)
    electrode.shift(4.5)
    electrode.write("electrode.nc")
    return [*leads(), "--leads", "bulk:electrode.nc"]


@row("file that does not state its Fermi energy")
def _() -> list[str]:
    chain(9).write("h.ham")
    return ["transmission", "h.ham", *leads()[2:]]


@row("matrices of DFTB+")
def _() -> list[str]:
    Path("hamsqr1.dat").write_text("# REAL NALLORB NKPOINT\n T 1 1\n# IKPOINT\n 1\n# MATRIX\n 1.0\n")
    return ["transmission", "hamsqr1.dat", *leads()[2:]]


@row("spin-polarised H")
def _() -> list[str]:
    chain(9, spin="polarized").write("h.nc")
    return leads()


@row("output that is also the input")
def _() -> list[str]:
    chain(9).write("h.nc")
    return ["transmission", "h.nc", "--energies=0", "--output", "h.nc"]


@row("output that is a folder, a device, or in a folder without permission")
def _() -> list[str]:
    Path("t.nc").mkdir()
    return leads()


def configuration(text: str) -> Callable[[], list[str]]:
    def make() -> list[str]:
        Path("c.yaml").write_text(text)
        return ["check", "c.yaml"]

    return make


for case, text in {
    "key that occurs twice": f"{BASE}relax: {{max_steps: 5}}\nrelax: {{fmax_ev_per_ang: 0.1}}\n",
    "tab in YAML": f"{BASE}relax:\n\tmax_steps: 5\n",
    "misspelt key": f"{BASE}relax: {{max_step: 5}}\n",
    "energies of 2000 eV": f"{BASE}transport: {{energy_max_ev: 2000}}\n",
    "temperature of 30,000 K": f"{BASE}transport: {{temperature_k: 30000}}\n",
    "apex distance of 276 Ang (pm typed)": f"{BASE}electrodes: {{apex_distance_ang: 276}}\n",
    "coupling of 1000 eV (meV typed)": f"{BASE}transport: {{leads: {{coupling_ev: 1000}}}}\n",
    "energy step that does not divide the window": f"{BASE}transport: {{energy_step_ev: 0.013}}\n",
    "energy step too coarse for the temperature": f"{BASE}transport: {{energy_step_ev: 0.1}}\n",
    "`kind: wire` in a study": f"{BASE}transport: {{leads: {{kind: wire}}}}\n",
    "traces that are not there": f"{BASE}traces: {{sets: [{{name: a, path: nope}}]}}\n",
    "`results: /`": f"{BASE}results: /\n",
    "contact that is none after the relaxation": (
        f"study: t\ndots:\n  - {{source: file, path: {LOST}, contacts: [Lb-R1]}}\n"
    ),
}.items():
    row(case)(configuration(text))


@row("configuration that is not there")
def _() -> list[str]:
    return ["run", "nope.yaml"]


Z = np.linspace(0.0, 2.0, 200)
LOG_G = np.where(Z < 0.3, 1.0 - Z, -1.5 - 2.7 * Z)


def traces(text: str, *columns: object, newline: str = "\n") -> Callable[[], list[str]]:
    def make() -> list[str]:
        lines = [f"{a:.5f}\t{b:.5f}" for a, b in np.column_stack(columns or (Z, LOG_G))]
        Path("t.txt").write_text(newline.join([*([text] if text else []), *lines, ""]), newline="")
        return ["traces", "show", "t.txt"]

    return make


row("trace over the volts of a piezo")(traces("Piezo voltage (V)\tlog(G/G0)"))
row("trace over Angstrom")(traces("Distance (Å)\tlog(G/G0)"))
row("trace with exchanged columns")(traces("", np.sort(LOG_G), Z))
row("G/G0 where log10(G/G0) is expected")(traces("", Z, 10.0 ** (LOG_G - 1)))
row("trace without headings")(traces(""))
row("several traces in one file")(traces("", np.tile(Z, 3), np.tile(LOG_G, 3)))
row("line ends of CR alone")(traces("z (nm)\tlog10(G/G0)", newline="\r"))


def test_every_row_is_tried():
    assert [row[0] for row in rows()] == [*dict.fromkeys(row[0] for row in rows())]
    assert {row[0] for row in rows()} == set(INPUTS)


@pytest.mark.parametrize("case", INPUTS)
def test_the_answer_is_the_one_stated(case, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (answer, remedy) = next(row[1:] for row in rows() if row[0] == case)
    words = INPUTS[case]()
    code = cli.main(words)
    output = capsys.readouterr()
    said = output.err + output.out
    how, text = re.fullmatch(r"(read, stating |read, |left out: |)`(.+)`", answer).groups()
    assert all(part in said for part in text.split(" ... ")), said
    assert code == (0 if how else 2)
    assert ("left out t.txt" in said) == (how == "left out: ")
    assert remedy
