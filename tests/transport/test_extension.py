"""Another distribution brings a kind of lead and an observable, a module each; the library stays as it is."""

from support.distributions import install
from support.paths import CLUSTERS
from support.processes import environment, python

LEAD = '''
from typing import Literal

from qdjunction.core.limits import Coupling
from qdjunction.transport.leads.contract import GAMMA, LeadKind, LeadSettings, check_apart, read_coupling
from qdjunction.transport.leads.wide_band import WideBandLead


class OneSided(LeadSettings):
    """Wide-band leads, the right one ten times weaker."""

    kind: Literal["one-sided"] = "one-sided"
    """Wide-band leads of two strengths."""
    coupling_ev: Coupling = 1.0
    """Broadening of the left side (eV)."""

    def attach(self, device, left_atoms, right_atoms, k=GAMMA):
        check_apart(left_atoms, right_atoms)
        right = WideBandLead(device, right_atoms, 0.1 * self.coupling_ev)
        return device, WideBandLead(device, left_atoms, self.coupling_ev), right


KIND = LeadKind("one-sided", OneSided, "one-sided:1.0", read_coupling)
'''

OBSERVABLE = '''
from typing import Literal

from pydantic import Field
from qdjunction.transport.observables.contract import Observable, ObservableSettings, dataset, quantity


class LevelCountSettings(ObservableSettings):
    """Number of levels of the device in a window."""

    kind: Literal["level-count"] = "level-count"
    """Number of levels."""
    half_width_ev: float = Field(gt=0, le=10)
    """Half width of the window about the Fermi energy (eV)."""


def compute(context, settings):
    device, _, _ = context.single("level count")
    inside = abs(device.spectrum.levels_ev) < settings.half_width_ev
    return dataset({"levels": quantity((), int(inside.sum()), "1", "number of levels in the window")}, {})


def draw(data, axes):
    axes.bar(["levels"], [data["levels"]])


KIND = Observable("level-count", "Levels", "Levels about the Fermi energy.", LevelCountSettings, compute, draw)
'''

USE = """
import json
import sys

import numpy as np
import sisl
import xarray
from qdjunction.core.errors import InputError
from qdjunction.report.plan import files_of
from qdjunction.steps.transport import compute_transmission, observable
from qdjunction.study.config import config_model, parse_config
from qdjunction.study.build import make_study
from qdjunction.transport import parse_leads

values = {
    "study": "s",
    "dots": [{"dot": "1Pb", "contacts": ["short"]}],
    "transport": {
        "leads": {"kind": "one-sided", "coupling_ev": 0.3456789012},
        "observables": [{"kind": "level-count", "half_width_ev": 0.5}],
    },
}
study = make_study(parse_config(values), sys.argv[1])
transport = study.config.transport
assert "1Pb_MAPbBr3/short/level-count.nc" in files_of(study)
assert "half_width_ev" in json.dumps(config_model().model_json_schema())
for section, wrong, message in (
    ("leads", {"kind": "one-sided", "eta_ev": 1e-4}, "eta_ev = 0.0001 is not used by one-sided leads; leave it"),
    ("observables", [{"kind": "level-count"}], "kind level-count needs the key half_width_ev"),
    ("observables", [{"kind": "level-count", "half_width_ev": 99}], "half_width_ev = 99: input should be less than"),
):
    try:
        parse_config(values | {"transport": {section: wrong}})
    except InputError as error:
        assert message in str(error), error
    else:
        raise AssertionError(message)
assert parse_leads("one-sided:0.3456789012") == transport.leads

geometry = sisl.Geometry([[0, 0, 2.5 * i] for i in range(3)], sisl.Atom(6, sisl.Orbital(3)), [30, 30, 30])
hamiltonian = sisl.Hamiltonian(geometry)
hamiltonian.construct([(0.1, 2.6), (0.0, -1.0)])
hamiltonian.write("h.nc")
compute_transmission("h.nc", [0.2], transport.leads, "t.nc", [0], [2], 0.0)
found = xarray.load_dataset("t.nc")
assert json.loads(found.attrs["leads"]) == {"kind": "one-sided", "coupling_ev": 0.3456789012}
g = 0.3456789012
matrix = 0.2 * np.eye(3) - hamiltonian.Hk(format="array") + 0.5j * np.diag([g, 0, 0.1 * g])
np.testing.assert_allclose(found.transmission, 0.1 * g**2 * abs(np.linalg.inv(matrix)[0, 2]) ** 2, rtol=1e-9)
observable("h.nc", transport.observables[0], transport.leads, "n.nc", [0], [2], 0.0)
assert xarray.load_dataset("n.nc").levels == 1  # of -sqrt 2, 0 and sqrt 2 eV
print("done")
"""


def test_a_lead_and_an_observable_come_from_another_distribution(tmp_path):
    for group, module, code in (
        ("leads", "one_sided_lead", LEAD),
        ("observables", "level_count_observable", OBSERVABLE),
    ):
        install(tmp_path, module, f"qdjunction.{group}", f"{module}:KIND", code)
    run = python("-c", USE, CLUSTERS, cwd=tmp_path, env=environment(tmp_path))
    assert run.returncode == 0, run.stderr
    assert run.stdout.endswith("done\n")
