"""Each step of a study failing in turn, for real: the report comes to its end, says so, and all can be done again."""

import shutil
from pathlib import Path

import netCDF4
import numpy as np
import pytest

from qdjunction import cli
from qdjunction.study.failures import find_failures, read_failure
from support.workflow import finish

DOT = "1Pb_CsPbCl3"
NAMES = ("short", "long", "R1-R2")
pytestmark = pytest.mark.workflow

CONFIG = """\
study: failures
dots:
  - {dot: 1Pb, cation: Cs, halide: Cl, contacts: [short, long, R1-R2]}
relax: {start: scratch}
electrodes: {layers: 2}
transport: {energy_min_ev: -4, energy_max_ev: 6, energy_step_ev: 0.05}
"""


def page(folder):
    return (folder / "results" / "report" / "index.html").read_text()


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A study in which nothing has failed."""
    folder = tmp_path_factory.mktemp("finished")
    (folder / "study.yaml").write_text(CONFIG)
    finish(folder)
    return folder


@pytest.fixture
def study(finished, tmp_path):
    """A copy of it."""
    return Path(shutil.copytree(finished, tmp_path / "study", symlinks=True))


def spoil(path, part):
    """Make the overlap of the gold, or of the dot, of a junction one that no wave functions have."""
    with netCDF4.Dataset(path, "a") as file:
        sparse, tags = file["SPARSE"], file["qdjunction"]["tags"][:]
        first_gold = file["lasto"][np.flatnonzero(tags >= 10)[0] - 1]
        columns = sparse["list_col"][:] - 1
        rows = np.repeat(np.arange(len(sparse["n_col"])), sparse["n_col"][:])
        if part == "gold":
            chosen = (rows >= first_gold) & (columns >= first_gold)
        else:
            chosen = (rows < first_gold) & (columns < first_gold)
        overlap = sparse["S"][:]
        overlap[chosen & (rows != columns)] *= 6
        sparse["S"][:] = overlap


@pytest.mark.slow
@pytest.mark.parametrize("failing", [NAMES[:1], NAMES[1:], NAMES], ids=lambda names: ",".join(names))
def test_failed_transmissions_leave_the_rest_and_are_done_again(study, failing):
    results = study / "results" / DOT
    for name in failing:
        shutil.copy(results / name / "hamiltonian.nc", study / f"{name}.nc")
        spoil(results / name / "hamiltonian.nc", "gold")
    finish(study, "--rerun-triggers", "mtime")
    failures = find_failures(study / "results")
    assert {(f.step, f.case) for f in failures} >= {("transmission", f"{DOT}/{name}") for name in failing}
    assert "is not positive definite" in page(study)
    for name in NAMES:
        assert (read_failure(results / name / "transmission.nc") is not None) == (name in failing)
        assert (read_failure(results / name / "local_density.nc") is not None) == (name in failing)
    assert (read_failure(results / "series.json") is not None) == (failing == NAMES)
    assert "Nothing to be done" in finish(study, "--rerun-triggers", "mtime")

    for name in failing:
        shutil.copy(study / f"{name}.nc", results / name / "hamiltonian.nc")
    assert cli.main(["failures", str(study / "results"), "--forget"]) == 0
    finish(study, "--rerun-triggers", "mtime")
    assert not find_failures(study / "results")
    assert "What failed" not in page(study)


STEPS = {
    "relax": ("{start: scratch}", "{start: scratch, max_steps: 3}", "3 steps"),
    "hamiltonian": ("study:", "xtb: {max_iterations: 2}\nstudy:", "SCF"),
    "series": ("study:", "interference: {reference: lumo, offset_ev: 6}\nstudy:", "does not lie within"),
}


@pytest.mark.slow
@pytest.mark.parametrize(("rule", "change"), STEPS.items(), ids=STEPS)
def test_a_step_that_fails_is_in_the_report_and_done_again(study, rule, change):
    old, new, reason = change
    (study / "study.yaml").write_text(CONFIG.replace(old, new, 1))
    shutil.rmtree(study / "results" / "work")
    # As of a study that was run with these settings from the start.
    finish(study, "--rerun-triggers", "mtime", "--forcerun", rule)
    failures = find_failures(study / "results")
    assert {failure.step for failure in failures} == {rule}
    assert all(reason in failure.reason for failure in failures)
    assert len(failures) == (len(NAMES) if rule == "hamiltonian" else 1)
    assert "What failed" in page(study)

    (study / "study.yaml").write_text(CONFIG)
    assert cli.main(["failures", str(study / "results"), "--forget"]) == 0
    finish(study, "--rerun-triggers", "mtime")
    assert not find_failures(study / "results")
    assert "What failed" not in page(study)
