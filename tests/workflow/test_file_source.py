"""A molecule of the user's own through a real Snakemake, from its file to T(E) and the report."""

import json
import shutil

import pytest
import xarray
from qdjunction.cli import main
from qdjunction.structure.xyz import read_structure
from qdjunction.study.table import read_study
from support.paths import MOLECULE
from support.workflow import finish, rules_of

pytestmark = pytest.mark.workflow

CONFIG = """\
study: benzenedithiol
dots:
  - source: file
    path: molecule.xyz
    name: benzenedithiol
    sites: {L: {atom: 11}, R: {atom: 10}}
    contacts: [L-R]
electrodes: {layers: 2}
transport: {energy_min_ev: -3.0, energy_max_ev: 3.0, energy_step_ev: 0.05}
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("molecule")
    shutil.copy(MOLECULE, folder / "molecule.xyz")
    (folder / "study.yaml").write_text(CONFIG)
    finish(folder)
    return folder / "results"


def test_the_molecule_is_relaxed_and_kept(results):
    record = json.loads((results / "benzenedithiol" / "relaxed.json").read_text())
    assert record["converged"]
    assert record["integrity"]["is_kept"]
    assert record["integrity"]["contacts"]["L"]["bonded"] == [3]
    made_of = json.loads((results / "benzenedithiol" / "dot.json").read_text())["provenance"]["inputs"]
    assert list(made_of) == ["molecule.xyz"]


def test_current_goes_through_the_molecule(results):
    with xarray.open_dataset(results / "benzenedithiol" / "L-R" / "transmission.nc") as t:
        assert t.sizes == {"energy": 121}
        assert float(t.error_estimate) < 1e-6
        assert 1e-5 < float(t.transmission.sel(energy=0, method="nearest")) < 2


def test_the_report_calls_the_start_what_it_is(results):
    page = (results / "report" / "index.html").read_text()
    assert "geometry as given" in page
    assert "ideal lattice" not in page


def test_results_need_the_file_no_more_but_a_run_does(results, monkeypatch, capsys):
    (results.parent / "molecule.xyz").rename(results.parent / "away.xyz")
    found = read_study(results)
    assert found.dots[0].outline.contacts == {"L": ("S",), "R": ("S",)}
    assert len(read_structure(results / "benzenedithiol" / "relaxed.extxyz")) == found.dots[0].atoms
    monkeypatch.chdir(results.parent)
    assert main(["check", "study.yaml"]) == 2
    assert "study.yaml: dots.0: path = 'molecule.xyz': there is no such file" in capsys.readouterr().err
    (results.parent / "away.xyz").rename(results.parent / "molecule.xyz")
    # The very file again, and a second pair of contacts, make no structure anew.
    more = (results.parent / "study.yaml").read_text().replace("[L-R]", "[L-R, R-L]")
    (results.parent / "more.yaml").write_text(more)
    planned = rules_of(finish(results.parent, "-n", "--configfile", results.parent / "more.yaml"))
    assert "transmission" in planned
    assert "relax" not in planned
