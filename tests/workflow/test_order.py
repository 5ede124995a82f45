"""The order in which Snakemake starts jobs, and the threads it gives them."""

import re

import pytest

from support.paths import PSEUDOPOTENTIALS
from support.workflow import finish

pytestmark = pytest.mark.workflow

STUDY = """\
study: large_first
dots:
  - {dot: 8Pb, cation: Cs, contacts: [L-R1]}
  - {dot: 1Pb, cation: Cs, contacts: [short, long]}
relax: {start: scratch, fmax_ev_per_ang: 1.0}
electrodes: {layers: 2}
transport: {energy_min_ev: -4, energy_max_ev: 6, energy_step_ev: 0.05}
"""

SCREEN = """\
study: screening
screen:
  - {dots: [8Pb, 1Pb], cations: [Cs], halides: [Br], contacts: [L-R1, L-R2]}
"""

SIESTA = """\
study: siesta
engine: siesta
dots:
  - {dot: 1Pb, contacts: [short, long]}
siesta: {pseudopotentials: pseudopotentials}
"""


def snakemake(folder, config, *words):
    (folder / "study.yaml").write_text(config)
    return finish(folder, *words)


def jobs(output):
    """Rule, dot, priority and threads of each job, in the order of the output."""
    blocks = re.findall(r"^(?:local)?rule (\w+):\n((?:    .*\n)+)", output, re.MULTILINE)
    found = []
    for rule, block in blocks:
        values = dict(re.findall(r"^    (\w+): (.*)$", block, re.MULTILINE))
        dot = re.match(r"dot=(\w+)", values.get("wildcards", ""))
        found.append((rule, dot and dot[1], int(values.get("priority", 0)), int(values.get("threads", 1))))
    return found


def test_small_dots_go_first(tmp_path):
    """On one core, all of the small dot is done before the relaxation of the large one, though that is listed first."""
    targets = [f"results/1Pb_CsPbBr3/{name}/transmission.nc" for name in ("short", "long")]
    targets.append("results/8Pb_CsPbBr3/relaxed.extxyz")
    run = jobs(snakemake(tmp_path, STUDY, "--cores", "1", "--", *targets))
    dots = [dot for _, dot, _, _ in run if dot]
    assert dots == sorted(dots)
    assert sorted(rule for rule, dot, _, _ in run if dot == "1Pb_CsPbBr3") == [
        "dot", "hamiltonian", "hamiltonian", "relax", "transmission", "transmission",
    ]  # fmt: skip


@pytest.mark.parametrize("config", [STUDY, SCREEN])
def test_jobs_of_the_embedded_engine_take_one_thread(tmp_path, config):
    planned = jobs(snakemake(tmp_path, config, "-n", "--cores", "8"))
    assert {"relax", "hamiltonian", "transmission"} <= {rule for rule, *_ in planned}
    assert {threads for *_, threads in planned} == {1}
    priorities = {
        dot: {priority for _, of, priority, _ in planned if of == dot} for _, dot, *_ in planned if dot
    }
    assert len(priorities) == 2
    assert all(len(found) == 1 for found in priorities.values())
    assert min(priorities["1Pb_CsPbBr3"]) > min(priorities["8Pb_CsPbBr3"]) > 0


def test_more_threads_are_given_by_rule(tmp_path):
    planned = jobs(snakemake(tmp_path, STUDY, "-n", "--cores", "8", "--set-threads", "relax=4"))
    assert {threads for rule, *_, threads in planned if rule == "relax"} == {4}
    assert {threads for rule, *_, threads in planned if rule != "relax"} == {1}


def test_siesta_keeps_its_two(tmp_path):
    (tmp_path / "pseudopotentials").symlink_to(PSEUDOPOTENTIALS)
    planned = jobs(snakemake(tmp_path, SIESTA, "-n", "--cores", "8"))
    assert {threads for rule, *_, threads in planned if rule in ("relax", "hamiltonian")} == {2}
    assert {threads for rule, *_, threads in planned if rule not in ("relax", "hamiltonian")} == {1}
