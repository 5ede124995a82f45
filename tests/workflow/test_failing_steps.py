"""Each step of a study failing in turn, for real: the report comes to its end, says so, and all can be done again."""

import shutil

import netCDF4
import numpy as np
import pytest

from qdjunction import cli
from qdjunction.study.failures import find_failures, read_failure
from qdjunction.transport import read_transmission
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
resources: {contacts_per_job: 3}
"""

STEPS = {
    "hamiltonian": ("study:", "xtb: {max_iterations: 2}\nstudy:", "SCF"),
    "relax": ("{start: scratch}", "{start: scratch, max_steps: 3}", "3 steps"),
}

BEYOND = CONFIG.replace("study:", "interference: {reference: lumo, offset_ev: 6}\nstudy:")
"""With a headline energy that T(E) does not cover."""


class Study:
    """A finished study, in which steps fail."""

    def __init__(self, folder):
        self.folder, self.results = folder, folder / "results"
        (folder / "study.yaml").write_text(CONFIG)
        finish(folder)
        for name in NAMES:
            shutil.copy(self.results / DOT / name / "hamiltonian.nc", folder / f"{name}.nc")

    @property
    def page(self):
        return (self.results / "report" / "index.html").read_text()

    def failure(self, *names):
        """What a file of the dot records in the place of a result."""
        return read_failure(self.results.joinpath(DOT, *names))

    def transmissions(self):
        return [
            read_transmission(self.results / DOT / name / "transmission.nc").transmission for name in NAMES
        ]

    def run_again(self, *words):
        """Run it once more and return what failed."""
        self.said = finish(self.folder, "--rerun-triggers", "mtime", *words)
        return find_failures(self.results)

    def forget(self):
        """Forget the failures, so that their steps are done again."""
        assert cli.main(["failures", str(self.results), "--forget"]) == 0
        assert not find_failures(self.results)

    def restore(self, name):
        """Put back H and S of a junction."""
        shutil.copy(self.folder / f"{name}.nc", self.results / DOT / name / "hamiltonian.nc")

    def spoil(self, name):
        """Give the gold of a junction an overlap that no wave functions have."""
        spoilt = self.folder / "spoilt.nc"
        shutil.copy(self.folder / f"{name}.nc", spoilt)
        with netCDF4.Dataset(spoilt, "a") as file:
            sparse, tags = file["SPARSE"], file["qdjunction"]["tags"][:]
            first_gold = file["lasto"][np.flatnonzero(tags >= 10)[0] - 1]
            columns = sparse["list_col"][:] - 1
            rows = np.repeat(np.arange(len(sparse["n_col"])), sparse["n_col"][:])
            overlap = sparse["S"][:]
            overlap[(rows >= first_gold) & (columns >= first_gold) & (rows != columns)] *= 6
            sparse["S"][:] = overlap
        spoilt.replace(self.results / DOT / name / "hamiltonian.nc")


@pytest.mark.slow
def test_steps_that_fail_in_turn_are_in_the_report_and_done_again(tmp_path):
    """After each failure the cause is removed and the next step fails: a run ends with its own failures alone."""
    study = Study(tmp_path)
    undisturbed = study.transmissions()

    for failing in (NAMES[:1], NAMES[1:], NAMES):
        for name in failing:
            study.spoil(name)
        failures = study.run_again()
        cases = {failure.case for failure in failures if failure.step == "transmission"}
        assert cases == {f"{DOT}/{name}" for name in failing}
        assert "is not positive definite" in study.page
        for name in NAMES:
            assert (study.failure(name, "transmission.nc") is not None) == (name in failing)
            assert (study.failure(name, "local_density.nc") is not None) == (name in failing)
        assert (study.failure("series.json") is not None) == (failing == NAMES)
        study.run_again()
        assert "Nothing to be done" in study.said
        study.forget()
        for name in failing:
            study.restore(name)

    for rule, (old, new, reason) in STEPS.items():
        (tmp_path / "study.yaml").write_text(CONFIG.replace(old, new, 1))
        # As of a study that was run with these settings from the start.
        shutil.rmtree(study.results / "work", ignore_errors=True)
        failures = study.run_again("--forcerun", rule)
        assert {failure.step for failure in failures} == {rule}
        assert all(reason in failure.reason for failure in failures)
        assert len(failures) == (len(NAMES) if rule == "hamiltonian" else 1)
        assert "What failed" in study.page
        study.forget()

    (tmp_path / "study.yaml").write_text(BEYOND)
    assert not study.run_again("--forcerun", "series")
    assert "does not lie within" in study.page

    (tmp_path / "study.yaml").write_text(CONFIG)
    assert not study.run_again("--forcerun", "series")
    assert "What failed" not in study.page
    assert "does not lie within" not in study.page
    np.testing.assert_allclose(study.transmissions(), undisturbed, rtol=1e-4)
