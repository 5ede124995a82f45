"""A molecule of the user's own through a real Snakemake, from its file to T(E) and the report."""

import json

import numpy as np
import pytest
import sisl
import xarray
from ase import Atoms
from ase.io import read

from qdjunction.cli import main
from qdjunction.structure.junction import lead_atoms
from qdjunction.structure.xyz import read_structure
from qdjunction.study.study_file import read_study
from support.paths import MOLECULE
from support.workflow import finish, rules_of

pytestmark = pytest.mark.workflow

CONFIG = """\
study: benzenedithiol
dots:
  - source: file
    path: molecule.xyz
    name: benzenedithiol
    sites: {L: {atom: S farthest along -x}, R: {atom: S farthest along +x}}
    contacts: [L-R]
electrodes: {layers: 2}
transport: {energy_min_ev: -3.0, energy_max_ev: 3.0, energy_step_ev: 0.05}
"""
COUPLING_EV = 1.0
"""The default of wide-band leads."""


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("molecule")
    molecule = read(MOLECULE)
    for atom, out in ((10, 1), (11, -1)):  # the hydrogens of the thiols
        molecule += Atoms("H", positions=[molecule.positions[atom] + [0.14 * out, 1.33, 0]])
    molecule.write(folder / "molecule.xyz")
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


def test_gold_binds_the_thiolate_of_the_relaxed_thiol(results):
    folder = results / "benzenedithiol"
    assert read_structure(folder / "relaxed.extxyz").get_chemical_formula() == "C6H6S2"
    junction = read_structure(folder / "L-R" / "junction.extxyz")
    assert junction.get_chemical_formula() == "C6H4Au8S2"


def test_the_transmission_is_that_of_a_dense_inverse(results):
    """T = Tr[Gamma_L G Gamma_R G^dagger] written out with NumPy on the matrices that sisl reads."""
    folder = results / "benzenedithiol" / "L-R"
    with sisl.get_sile(folder / "hamiltonian.nc") as sile:
        matrices = sile.read_hamiltonian()
    h, s = matrices.Hk(format="array").real, matrices.Sk(format="array").real
    gamma = np.zeros((2, *h.shape))
    for side, atoms in enumerate(lead_atoms(read_structure(folder / "junction.extxyz"))):
        lead = np.ix_(*[matrices.geometry.a2o(atoms, all=True)] * 2)
        gamma[side][lead] = COUPLING_EV * s[lead]
    with xarray.open_dataset(folder / "transmission.nc") as t:
        for energy in t.energy.values[::20]:
            green = np.linalg.inv(energy * s - h + 0.5j * gamma.sum(axis=0))
            by_hand = np.trace(gamma[0] @ green @ gamma[1] @ green.conj().T).real
            assert float(t.transmission.sel(energy=energy)) == pytest.approx(by_hand, rel=1e-12, abs=1e-12)


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
