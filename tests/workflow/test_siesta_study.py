"""A study with `engine: siesta`: its plan, its bad input and, with SIESTA_COMMAND, the study itself."""

import json
import os
import re
import signal

import pytest
import xarray

from qdjunction import cli
from qdjunction.study.failures import read_failure
from support.paths import CLUSTERS, PSEUDOPOTENTIALS
from support.workflow import finish, kill, rules_of, snakemake, start, wait_until

pytestmark = pytest.mark.workflow

CONFIG = """\
study: 1Pb_siesta
engine: siesta
dots:
  - dot: 1Pb
    contacts: [short, long]
siesta:
  protocol: fast
  pseudopotentials: pseudopotentials
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "study.yaml").write_text(CONFIG)
    (tmp_path / "pseudopotentials").symlink_to(PSEUDOPOTENTIALS)
    return tmp_path


def change(folder, old, new):
    assert old in CONFIG
    (folder / "study.yaml").write_text(CONFIG.replace(old, new))


def test_the_embedded_engine_relaxes_first(folder):
    dry = finish(folder, "-n")
    assert "pre_relax" in rules_of(dry)
    assert re.search(r"rule relax:\n +input: .*1Pb_MAPbBr3/pre_relaxed.extxyz, pseudopotentials/Pb.psf", dry)


def test_pre_relaxation_can_be_left_out(folder):
    change(folder, "siesta:\n", "relax: {pre_relax: false}\nsiesta:\n")
    assert "pre_relax" not in rules_of(finish(folder, "-n"))


def test_junctions_are_relaxed_only_where_the_study_says_so(folder):
    """Twice, as dots are; their SCF then starts from the density of their own relaxation, and waits for no other."""
    assert not {"relax_junction", "pre_relax_junction"} & set(rules_of(finish(folder, "-n")))
    change(folder, "siesta:\n", "seed_density: true\nelectrodes: {relax: contact}\nsiesta:\n")
    dry = finish(folder, "-n")
    rules = rules_of(dry)
    assert [rules.count(rule) for rule in ("pre_relax_junction", "relax_junction", "hamiltonian")] == [
        2,
        2,
        2,
    ]
    inputs = dict(re.findall(r"^rule (\w+):\n +input: (.*)$", dry, re.MULTILINE))
    assert inputs["pre_relax_junction"] == "results/1Pb_MAPbBr3/relaxed.extxyz"
    assert re.match(
        r"\S+/relaxed.extxyz, \S+/(short|long)/pre_relaxed.extxyz, .*Au.psf", inputs["relax_junction"]
    )
    assert re.match(r"\S+/(short|long)/junction.extxyz, pseudopotentials/", inputs["hamiltonian"])


def test_a_density_is_handed_on_from_contact_to_contact(folder):
    change(folder, "siesta:\n", "seed_density: true\nsiesta:\n")
    dry = finish(folder, "-n")
    assert re.search(r"rule hamiltonian:\n +input: \S+relaxed.extxyz, \S+short/hamiltonian.nc,", dry)


SURFACE = "electrodes: {surface: {size: [6, 6]}}\ntransport: {leads: {kind: bulk, kpoints: [4, 4]}}\n"


def on_surfaces(folder, old="", new=""):
    change(folder, "contacts: [short, long]", "contacts: [long]")
    text = (folder / "study.yaml").read_text() + SURFACE
    assert old in text
    (folder / "study.yaml").write_text(text.replace(old, new))


def test_the_electrode_is_computed_once_and_before_the_junctions(folder):
    on_surfaces(folder)
    dry = finish(folder, "-n")
    assert "Error" not in dry
    rules = rules_of(dry)
    assert [rules.count(rule) for rule in ("electrode", "hamiltonian", "transmission")] == [1, 1, 1]
    inputs = dict(re.findall(r"^rule (\w+):\n +input: (.*)$", dry, re.MULTILINE))
    assert inputs["electrode"] == "pseudopotentials/Au.psf"
    for rule in ("hamiltonian", "transmission", "local_density"):
        assert "results/electrode/electrode.nc" in inputs[rule]


def test_the_engine_alone_relaxes_a_junction_on_surfaces(folder):
    """The embedded engine computes finite structures only; it relaxes the dot."""
    on_surfaces(folder, "electrodes: {surface", "electrodes: {relax: contact, surface")
    dry = finish(folder, "-n")
    rules = rules_of(dry)
    assert "pre_relax" in rules
    assert "pre_relax_junction" not in rules
    inputs = dict(re.findall(r"^rule (\w+):\n +input: (.*)$", dry, re.MULTILINE))
    assert re.fullmatch(r"\S+/relaxed.extxyz, pseudopotentials/\S+psf.*", inputs["relax_junction"])
    assert re.match(r"\S+/long/junction.extxyz, results/electrode/electrode.nc", inputs["hamiltonian"])


BAD_SURFACES = {
    "no surface": ("electrodes: {surface: {size: [6, 6]}}", "", r"end in vacuum; add electrodes.surface"),
    "embedded engine": ("engine: siesta", "engine: xtb", "computes finite structures only"),
    "electrode of one's own": ("kpoints: [4, 4]", "electrode: au.TSHS", "a study computes its own electrode"),
    "finite leads": ("kind: bulk, kpoints: [4, 4]", "kind: cluster", "cluster leads end on finite tips"),
    "neighbouring faces": ("[long]", "[short]", "1Pb_MAPbBr3/short: Contacts 'L' and 'R1' point 90 degrees"),
    "tip too wide": ("size: [6, 6]", "size: [3, 3]", "pyramid of 3 layers comes within 2.88 Ang"),
    "dot too wide": (
        "size: [6, 6]}",
        "size: [4, 4]}, layers: 1",
        r"1Pb_MAPbBr3/long: Dot and tips come within .* electrodes.surface.size \[6, 6\] or larger",
    ),
    "observable at one k": (
        "kpoints: [4, 4]}",
        "kpoints: [4, 4]}, observables: [{kind: orbital-interference}]",
        r"orbital-interference\): has no average over k points",
    ),
    "ensemble of tips": (
        "engine: siesta",
        "ensemble: {tips: {members: 2}}\nengine: siesta",
        "ensemble.tips: tips on surfaces are part of one crystal",
    ),
    "density of the neighbour": (
        "engine: siesta",
        "seed_density: true\nengine: siesta",
        "no density fits another",
    ),
}


@pytest.mark.parametrize(("old", "new", "message"), BAD_SURFACES.values(), ids=BAD_SURFACES)
def test_bad_surfaces_are_one_clear_error(folder, monkeypatch, capsys, old, new, message):
    on_surfaces(folder, old, new)
    monkeypatch.chdir(folder)
    assert cli.main(["check", "study.yaml", "--clusters", str(CLUSTERS)]) == 2
    said = capsys.readouterr().err
    assert re.search(message, said), said
    assert "study.yaml: " in said


BAD = {
    "no folder": ("pseudopotentials: pseudo", "pseudopotentials: no/such/pseudo", "there is no such folder"),
    "no pseudopotential": (
        "contacts:",
        "halide: I\n    contacts:",
        r"no pseudopotential for I \(I.psf\); get it",
    ),
    "another functional": (
        "protocol: fast",
        "functional: LDA",
        "was made with PBE, the calculation uses LDA",
    ),
    "spin": ("protocol: fast", "spin: spin-orbit", "siesta.spin = spin-orbit: a study is closed-shell"),
    "k-points": ("protocol: fast", "kpoints: [2, 1, 1]", "a dot is finite"),
    "misspelt": ("protocol: fast", "mesh_cutof_ry: 200", "did you mean 'mesh_cutoff_ry'"),
}


@pytest.mark.parametrize(("old", "new", "message"), BAD.values(), ids=BAD)
def test_bad_input_is_one_clear_error(folder, monkeypatch, capsys, old, new, message):
    change(folder, old, new)
    monkeypatch.chdir(folder)
    assert cli.main(["check", "study.yaml", "--clusters", str(CLUSTERS)]) == 2
    said = capsys.readouterr().err
    assert re.search(message, said)
    assert "study.yaml: " in said
    assert "Traceback" not in said


def test_bad_input_stops_before_any_job(folder):
    old, new, message = BAD["no pseudopotential"]
    change(folder, old, new)
    run = snakemake(folder)
    assert run.returncode == 1
    assert re.search(message, run.stderr)
    assert "study.yaml: " in run.stderr
    assert "Traceback" not in run.stderr
    assert not (folder / "results").exists()


def with_siesta(test):
    """Mark a test that takes minutes of the real program."""
    needs = pytest.mark.usefixtures("siesta_command")
    return pytest.mark.siesta(pytest.mark.slow(needs(test)))


@with_siesta
def test_a_stuck_scf_is_corrected_then_recorded_with_its_reason(folder):
    """Three corrections, each in status.json; then the study goes on and the failure stands where results would."""
    change(folder, "protocol: fast", "protocol: fast\n  max_scf_iterations: 3")
    (folder / "study.yaml").write_text((folder / "study.yaml").read_text() + "relax: {pre_relax: false}\n")
    finish(folder, "results/1Pb_MAPbBr3/long/transmission.nc", timeout=1800)
    status = json.loads((folder / "results/work/1Pb_MAPbBr3/relax/status.json").read_text())
    assert status["state"] == "failed"
    assert len(status["corrections"]) == 3
    for name in ("relaxed.json", "long/junction.extxyz", "long/transmission.nc"):
        failure = read_failure(folder / "results/1Pb_MAPbBr3" / name)
        assert failure.step == "relax"
        assert status["reason"] in failure.reason


@with_siesta
def test_the_study_runs_on_siesta_through_a_kill(folder):
    """Kill -9 in the middle of the relaxation: no step is lost, and the same command ends at the report."""
    process = start(folder)
    work = folder / "results" / "work" / "1Pb_MAPbBr3" / "relax"
    output = work / "siesta.out"
    wait_until(
        process,
        lambda: output.exists() and output.read_text(errors="replace").count("constrained") >= 5,
        "the fifth geometry of SIESTA",
        timeout=1800,
    )
    lock = json.loads((work / "lock.json").read_text())
    kill(process)
    os.killpg(lock["process_group"], signal.SIGKILL)
    finish(folder, "--unlock")
    finish(folder, "--rerun-incomplete", timeout=7200)

    status = json.loads((work / "status.json").read_text())
    forces = [attempt["forces"] for attempt in status["attempts"]]
    assert status["state"] == "done"
    assert forces[0] >= 5
    record = json.loads((folder / "results" / "1Pb_MAPbBr3" / "relaxed.json").read_text())
    assert record["steps"] == sum(forces) - 1
    assert record["converged"]
    assert not record["engine"]["embedded"]
    page = (folder / "results" / "report" / "index.html").read_text()
    assert "embedded model, not DFT" not in page
    assert "PBE/DZP, Au DZ" in page
    with xarray.open_dataset(folder / "results" / "1Pb_MAPbBr3" / "long" / "transmission.nc") as t:
        assert float(t.transmission.max()) > 0
