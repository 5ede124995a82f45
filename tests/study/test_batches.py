"""Batches of junctions in one job, and results that outlive the deletion of a job's outputs."""

import re
import shutil

import pytest

from qdjunction.core import resume as resumption
from qdjunction.core.resume import resume, task_key
from qdjunction.engine.registry import make_engine
from qdjunction.engine.siesta import SiestaEngine, SiestaSettings
from qdjunction.engine.xtb.engine import XtbEngine
from qdjunction.steps.electronic import hamiltonian, junction_hamiltonian
from qdjunction.steps.transport import transmission_of_study
from qdjunction.structure.settings import ElectrodeSettings
from qdjunction.structure.xyz import read_structure
from qdjunction.study.build import make_study
from qdjunction.study.config import TransportSettings, parse_config
from qdjunction.study.records import read_record
from support.paths import CLUSTERS, PSEUDOPOTENTIALS, RECORDED

RELAXED = RECORDED / "1Pb_MAPbBr3" / "relaxed.extxyz"
CONTACTS = ["L-R1", "L-R2", "L-R3", "L-R4"]


def study_of(contacts=CONTACTS, per_job=None, more=()):
    values = {
        "study": "batches",
        "resources": {"contacts_per_job": per_job},
        "dots": [{"dot": "12Pb", "contacts": contacts}, *more],
    }
    return make_study(parse_config(values, "study.yaml"), CLUSTERS, "study.yaml")


def screening(*screens):
    values = {"study": "batches", "screen": list(screens)}
    return make_study(parse_config(values, "study.yaml"), CLUSTERS, "study.yaml")


def test_each_junction_of_a_study_has_a_job_of_its_own():
    (batch,) = study_of().batches
    assert batch.rule("hamiltonian") == "hamiltonian"
    assert batch.files("hamiltonian.nc") == ["{dot}/{junction}/hamiltonian.nc"]
    assert batch.folder == "{dot}/{junction}"


def test_one_job_computes_all_junctions_of_a_dot_in_a_screening():
    (batch,) = screening({"dots": ["8Pb", "12Pb"], "halides": ["Br"], "contacts": ["L-R1", "L-R2"]}).batches
    assert batch.files("hamiltonian.nc") == ["{dot}/L-R1/hamiltonian.nc", "{dot}/L-R2/hamiltonian.nc"]
    assert batch.folder == "{dot}"
    assert re.fullmatch(batch.dot_pattern, "12Pb_MAPbBr3")


def test_each_list_of_contacts_has_a_rule_of_its_own_that_knows_its_dots():
    first, second = screening(
        {"dots": ["12Pb"], "halides": ["Br"], "contacts": ["L-R1", "L-R2"]},
        {"dots": ["1Pb"], "halides": ["Br", "Cl"], "contacts": ["short"]},
    ).batches
    assert (first.rule("hamiltonian"), second.rule("hamiltonian")) == ("hamiltonian", "hamiltonian_2")
    names = ["12Pb_MAPbBr3", "1Pb_MAPbBr3", "1Pb_MAPbCl3"]
    assert [bool(re.fullmatch(first.dot_pattern, name)) for name in names] == [True, False, False]
    assert [bool(re.fullmatch(second.dot_pattern, name)) for name in names] == [False, True, True]


def test_a_contact_more_leaves_full_batches_as_they_are():
    before, after = study_of(CONTACTS, 2).batches, study_of([*CONTACTS, "La-R1"], 2).batches
    assert [batch.contacts for batch in before] == [("L-R1", "L-R2"), ("L-R3", "L-R4")]
    assert after[: len(before)] == before
    assert after[2].contacts == ("La-R1",)


@pytest.fixture
def count(tmp_path):
    """A result whose computation can be counted."""
    calls = []

    def compute(path):
        calls.append(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"result {len(calls)}")

    def run(task):
        resume(tmp_path / "out" / "h.nc", tmp_path / "work", task, compute)
        return (tmp_path / "out" / "h.nc").read_text(), len(calls)

    return run


def test_a_result_outlives_the_deletion_of_the_output(count, tmp_path):
    task = task_key(["a"], layers=2)
    assert count(task) == ("result 1", 1)
    (tmp_path / "out" / "h.nc").unlink()
    assert count(task) == ("result 1", 1)
    (kept,) = (tmp_path / "work").iterdir()
    assert kept.samefile(tmp_path / "out" / "h.nc"), "two names, not two files"


@pytest.mark.parametrize("other", [task_key(["b"], layers=2), task_key(["a"], layers=3)])
def test_another_task_is_another_result(count, tmp_path, other):
    count(task_key(["a"], layers=2))
    assert count(other) == ("result 2", 2)
    assert len(list((tmp_path / "work").iterdir())) == 1


def test_an_interrupted_computation_leaves_nothing(tmp_path):
    def interrupted(path):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        resume(tmp_path / "h.nc", tmp_path, "0" * 64, interrupted)
    assert not list(tmp_path.iterdir())


def test_scf_and_transmission_are_not_repeated(tmp_path, caplog):
    caplog.set_level("INFO")
    engine = make_engine("xtb", threads=1)
    folder, work = tmp_path / "short", tmp_path / "work" / "short"
    files = folder / "junction.extxyz", folder / "hamiltonian.nc"
    transport = TransportSettings(energy_min_ev=-4, energy_max_ev=6, energy_step_ev=0.05)

    def run(layers=1):
        caplog.clear()
        junction_hamiltonian(RELAXED, "L", "R1", ElectrodeSettings(layers=layers), engine, work, *files)
        transmission_of_study(files[1], transport, folder / "transmission.nc", tmp_path / "cache", work)
        return [word for word in ("SCF of", "T(E) of") if word in caplog.text]

    assert run() == ["SCF of", "T(E) of"]
    made = [(folder / name).read_bytes() for name in ("hamiltonian.nc", "transmission.nc")]
    shutil.rmtree(folder)
    assert run() == []
    assert [(folder / name).read_bytes() for name in ("hamiltonian.nc", "transmission.nc")] == made
    record = read_record(files[0])
    assert list(record.provenance.inputs) == [str(RELAXED)], "one job made both from the relaxed dot"
    assert record.provenance.settings["right"] == "R1"
    assert run(layers=2) == ["SCF of", "T(E) of"]


def test_another_commit_of_the_library_is_another_task(monkeypatch):
    monkeypatch.setattr(resumption, "commit", lambda: "a")
    before = task_key(["x"])
    monkeypatch.setattr(resumption, "commit", lambda: "b")
    assert task_key(["x"]) != before


def test_another_parameter_file_of_the_engine_is_another_scf(tmp_path, caplog):
    """As a pseudopotential that is replaced under its old name."""
    caplog.set_level("INFO")
    parameters = tmp_path / "Pb.psf"

    class Engine(XtbEngine):
        def inputs(self, atoms):
            return [parameters]

    def repeated():
        caplog.clear()
        hamiltonian(RELAXED, Engine(threads=1), tmp_path / "work", tmp_path / "h.nc")
        return "SCF of" in caplog.text

    parameters.write_text("one")
    assert [repeated(), repeated()] == [True, False]
    parameters.write_text("another")
    assert repeated()


def test_results_of_siesta_depend_on_its_pseudopotentials():
    engine = SiestaEngine(
        SiestaSettings(pseudopotentials=str(PSEUDOPOTENTIALS), pseudopotential_format="psf")
    )
    found = engine.inputs(read_structure(RELAXED))
    assert sorted(path.name for path in found) == ["Br.psf", "C.psf", "H.psf", "N.psf", "Pb.psf"]
