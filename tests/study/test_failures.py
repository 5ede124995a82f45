"""What fails for a scientific reason is recorded in the place of its results; all else fails the job."""

import json
import runpy
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from qdjunction import cli
from qdjunction.core.errors import AnalysisError, EngineError, InputError, MachineError, StructureError
from qdjunction.core.files import write_json
from qdjunction.interference.settings import InterferenceSettings
from qdjunction.report.collect import collect
from qdjunction.report.drawing import draw, write_figure
from qdjunction.report.page import write_report
from qdjunction.report.plan import planned_figures
from qdjunction.report.redraw import write_figures
from qdjunction.steps.interference import series
from qdjunction.structure.perovskite.catalogue import load_dot
from qdjunction.structure.perovskite.dot import build_dot
from qdjunction.structure.xyz import read_structure, write_structure
from qdjunction.study.failures import Failure, find_failures, forget_failures, read_failure
from qdjunction.study.job import running
from qdjunction.study.study_file import read_study
from support.paths import CLUSTERS, RECORDED, ROOT


def job(
    folder, policy="record", rule="hamiltonian", case=("12Pb", "L-R3"), inputs=(), outputs=("h.nc", "h.json")
):
    """What Snakemake hands to a script, as far as it is used."""
    config = {"study": "s", "on_failure": policy, "dots": [{"dot": "12Pb", "contacts": ["L-R3"]}]}
    return SimpleNamespace(
        config=config,
        rule=rule,
        params={},
        wildcards=list(case),
        input=[str(folder / name) for name in inputs],
        output=[str(folder / name) for name in outputs],
        log=[str(folder / "job.log")],
    )


class NamedValues(dict):
    """Parameters as Snakemake hands them over."""

    __getattr__ = dict.__getitem__


class NamedPaths(list):
    """Inputs or outputs as Snakemake hands them over, some of them by name."""

    def __init__(self, paths, **names):
        super().__init__(paths)
        vars(self).update(names)


def run(one, error=None, **words):
    """Run a body that may fail; give the exit status of the script."""
    try:
        with running(one, **words):
            if error:
                raise error
            for path in one.output:
                Path(path).write_text("a result")
    except SystemExit as end:
        return end.code
    return 0


@pytest.mark.parametrize("error", [EngineError, StructureError, AnalysisError])
def test_a_scientific_failure_is_recorded_in_every_output(tmp_path, error):
    assert run(job(tmp_path), error("The SCF is stuck.")) == 0
    expected = Failure("hamiltonian", "12Pb/L-R3", error.__name__, "The SCF is stuck.")
    for name in ("h.nc", "h.json"):
        assert read_failure(tmp_path / name) == expected
    assert read_failure(tmp_path / "h.nc").provenance.qdjunction
    assert "The SCF is stuck." in (tmp_path / "job.log").read_text()


def test_a_lost_contact_fails_its_junction_alone_and_the_reason_names_the_geometry(tmp_path):
    """The script of a batch, on a dot of which one halide has left: no gold there, the other junction is computed."""
    dot = build_dot(load_dot("1Pb", CLUSTERS), cation="Cs")
    dot.positions[dot.info["contacts"]["L"]["atom"]] += np.array(dot.info["contacts"]["L"]["direction"])
    relaxed = tmp_path / "relaxed.extxyz"
    write_structure(dot, relaxed)
    names = ("L-R2", "R1-R2")
    one = job(tmp_path, case=("1Pb",), inputs=["relaxed.extxyz"])
    one.input = NamedPaths(one.input, structure=one.input[0])
    structures = [str(tmp_path / f"{name}.extxyz") for name in names]
    hamiltonians = [str(tmp_path / f"{name}.nc") for name in names]
    one.output = NamedPaths(structures + hamiltonians, structures=structures, hamiltonians=hamiltonians)
    one.threads, one.resources = 1, {}
    params = {
        "workdir": str(tmp_path / "work"),
        "seeds": {},
        "tips": {},
        "engine": {"name": "xtb", "settings": {}},
        "contacts": {name: name.split("-") for name in names},
        "electrodes": {"layers": 1},
    }
    one.params = NamedValues(params)
    runpy.run_path(str(ROOT / "workflow" / "scripts" / "hamiltonian.py"), {"snakemake": one})
    for path in (tmp_path / "L-R2.extxyz", tmp_path / "L-R2.nc"):
        failure = read_failure(path)
        assert (failure.error, failure.case) == ("StructureError", "1Pb/L-R2")
        assert failure.reason.startswith(f"{relaxed}: Contact 'L' is no longer a contact")
        assert "bonded to no Pb" in failure.reason
    assert read_failure(tmp_path / "R1-R2.nc") is None
    assert len(read_structure(tmp_path / "R1-R2.extxyz")) == len(dot) + 2


def test_stop_fails_the_job(tmp_path):
    assert run(job(tmp_path, "stop"), EngineError("The SCF is stuck.")) == 1
    assert not (tmp_path / "h.nc").exists()


@pytest.mark.parametrize("error", [MachineError("Out of memory."), InputError("Damaged file.")])
def test_a_failure_of_the_machine_or_of_a_file_is_no_outcome(tmp_path, error):
    assert run(job(tmp_path), error) == 1
    assert not (tmp_path / "h.nc").exists()


def test_a_bug_is_no_outcome(tmp_path):
    with pytest.raises(ZeroDivisionError):
        run(job(tmp_path), ZeroDivisionError())
    assert not (tmp_path / "h.nc").exists()


def test_what_hangs_on_a_failure_is_left_out_and_says_so(tmp_path):
    run(job(tmp_path), EngineError("The SCF is stuck."))
    after = job(tmp_path, rule="transmission", inputs=["h.nc"], outputs=["t.nc"])
    assert run(after) == 0
    assert read_failure(tmp_path / "t.nc") == read_failure(tmp_path / "h.nc")
    assert run(job(tmp_path, "stop", inputs=["h.nc"], outputs=["t2.nc"])) == 1
    assert run(job(tmp_path, inputs=["h.nc"], outputs=["t2.nc"]), required=[]) == 0
    assert (tmp_path / "t2.nc").read_text() == "a result"


def test_results_are_no_failures(tmp_path):
    assert read_failure(tmp_path / "absent") is None
    files = [path for path in RECORDED.rglob("*") if path.is_file()]
    assert len(files) > 20
    assert all(read_failure(path) is None for path in files)
    assert find_failures(RECORDED) == {}


def test_a_damaged_record_is_one_clear_error(tmp_path):
    run(job(tmp_path), EngineError("The SCF is stuck."))
    text = (tmp_path / "h.nc").read_text()
    for damaged in (text[:60], text.replace('"The SCF is stuck."', "[3]")):
        (tmp_path / "h.nc").write_text(damaged)
        with pytest.raises(InputError, match=r"h\.nc: a damaged record of a failure"):
            read_failure(tmp_path / "h.nc")


@pytest.fixture
def study_without_short(tmp_path):
    """The recorded study as it would be had the SCF of its short junction failed."""
    results = tmp_path / "results"
    shutil.copytree(RECORDED, results)
    dot = results / "1Pb_MAPbBr3"
    files = [
        f"short/{name}" for name in ("hamiltonian.nc", "transmission.nc", "frontier.json", "local_density.nc")
    ]
    run(
        job(dot, case=("1Pb_MAPbBr3", "short"), outputs=files),
        EngineError("The SCF of <b>65</b> atoms does not converge."),
    )
    series(
        {"short": ["L", "R1"], "long": ["L", "R2"]},
        [dot / name / "transmission.nc" for name in ("short", "long")],
        [dot / name / "frontier.json" for name in ("short", "long")],
        300.0, InterferenceSettings(), dot / "conductance.csv", dot / "series.csv", dot / "series.json",
    )  # fmt: skip
    return read_study(results)


def test_the_rest_of_a_study_is_untouched(study_without_short, tmp_path):
    folder = study_without_short.results / "1Pb_MAPbBr3"
    summary = json.loads((folder / "series.json").read_text())["series"][0]
    assert summary["kind"] == "incomplete"
    assert summary["junctions"] == ["long"]
    assert "short failed" in summary["sentence"]

    results = collect(study_without_short)
    assert [failure.case for failure in results.failures] == ["1Pb_MAPbBr3/short"]
    for figure in planned_figures(study_without_short):
        write_figure(draw(results, figure), tmp_path / "figures" / figure.stem)
    write_report(results, tmp_path / "index.html", tmp_path / "figures")
    page = (tmp_path / "index.html").read_text()
    assert "What failed" in page
    assert "The SCF of &lt;b&gt;65&lt;/b&gt; atoms does not converge." in page
    before = collect(read_study(RECORDED))
    for now, then in zip(results.dots[0].junctions, before.dots[0].junctions[1:], strict=True):
        assert (now.transmission.transmission == then.transmission.transmission).all()


def test_where_every_dot_failed_the_report_says_so(study_without_short, tmp_path):
    folder = study_without_short.results / "1Pb_MAPbBr3"
    run(
        job(folder, rule="relax", case=("1Pb_MAPbBr3",), outputs=["relaxed.extxyz", "relaxed.json"]),
        EngineError("Not relaxed."),
    )
    results = collect(study_without_short)
    write_figures(results, tmp_path / "figures")
    write_report(results, tmp_path / "index.html", tmp_path / "figures")
    page = (tmp_path / "index.html").read_text()
    assert "no dot of the study has a result" in page
    assert "Not relaxed." in page


def test_what_was_made_in_spite_of_a_failure_is_forgotten_with_it(study_without_short):
    """A cover or a table of couplings exists without its missing members, and so does what is made from it."""
    root = study_without_short.results
    failed = root / "1Pb_MAPbBr3" / "short" / "frontier.json"
    long = root / "1Pb_MAPbBr3" / "long" / "frontier.json"
    records = {
        "cover.json": [str(failed), str(long)],
        "exciton.json": ["elsewhere/results/cover.json", f"{root.resolve()}/cover.json"],
        "reactions.json": [str(long), f"not{failed.name}"],
        "series/alkanes/series.json": [str(failed.resolve())],
    }
    for name, inputs in records.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        write_json({"provenance": {"inputs": dict.fromkeys(inputs, "0")}}, root / name)
    assert forget_failures(root) == 1
    assert {name: (root / name).exists() for name in records} == {
        "cover.json": False, "exciton.json": False, "reactions.json": True, "series/alkanes/series.json": False,
    }  # fmt: skip
    assert long.exists()


def test_records_beside_the_dots_are_listed_once_they_are_complete(study_without_short):
    """What covers several dots lies at the top of the results; a hidden file there is still being written."""
    root = study_without_short.results
    record = (root / "1Pb_MAPbBr3" / "short" / "frontier.json").read_bytes()
    (failed,) = find_failures(root).values()
    for name in ("coupling.json", ".cover.json.part"):
        (root / name).write_bytes(record)
    (listed,) = find_failures(root).values()
    assert set(listed) - set(failed) == {root / "coupling.json"}
    assert forget_failures(root) == 1
    assert not (root / "coupling.json").exists()
    assert (root / ".cover.json.part").exists()


def test_a_failure_of_a_step_that_covers_several_dots_is_on_the_page(study_without_short, tmp_path):
    """The step itself failed, not a dot of it."""
    root = study_without_short.results
    run(job(root, rule="chain", case=(), outputs=["chain.csv", "chain.json"]), AnalysisError("No trend."))
    results = collect(study_without_short)
    assert [(one.step, one.case) for one in results.failures if one.reason == "No trend."] == [
        ("chain", "study")
    ]
    write_figures(results, tmp_path / "figures")
    write_report(results, tmp_path / "index.html", tmp_path / "figures")
    page = (tmp_path / "index.html").read_text()
    assert page.count("No trend.") == 1
    assert "chain of study: No trend." in (tmp_path / "figures" / "chain.csv").read_text()


def test_failures_are_listed_and_forgotten(study_without_short, capsys):
    root = str(study_without_short.results)
    assert cli.main(["failures", root]) == 0
    said = capsys.readouterr().out
    assert "1Pb_MAPbBr3/short  hamiltonian  EngineError  4 files: The SCF" in said
    assert cli.main(["failures", root, "--forget"]) == 0
    assert find_failures(root) == {}
    assert not (Path(root) / "1Pb_MAPbBr3" / "short" / "transmission.nc").exists()
    assert (Path(root) / "1Pb_MAPbBr3" / "long" / "transmission.nc").exists()
    assert forget_failures(root) == 0
    assert cli.main(["failures", f"{root}/nowhere"]) == 2
