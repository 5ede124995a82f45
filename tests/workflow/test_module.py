"""The workflow as a module of another one, by the Snakefile where the standard layout has it."""

import pytest

from support.paths import ROOT
from support.processes import run
from support.workflow import rules_of

pytestmark = pytest.mark.workflow

SNAKEFILE = f"""\
configfile: "config.yaml"

module bromide:
    snakefile: {str(ROOT / "workflow" / "Snakefile")!r}
    config: config["bromide"]

use rule * from bromide as bromide_*

module chloride:
    snakefile: {str(ROOT / "workflow" / "Snakefile")!r}
    config: config["chloride"]

use rule * from chloride as chloride_*

rule both:
    default_target: True
    input: rules.bromide_all.input, rules.chloride_all.input
"""
CONFIG = """\
bromide:
  study: bromide
  results: bromide
  dots: [{dot: 1Pb, halide: Br, contacts: [short, long]}]
chloride:
  study: chloride
  results: chloride
  dots: [{dot: 1Pb, halide: HALIDE, contacts: [long]}]
"""


@pytest.fixture
def snakemake(tmp_path):
    (tmp_path / "workflow").mkdir()
    (tmp_path / "workflow" / "Snakefile").write_text(SNAKEFILE)

    def run_here(*words, halide="Cl"):
        (tmp_path / "config.yaml").write_text(CONFIG.replace("HALIDE", halide))
        return run("snakemake", "--cores", 1, *words, cwd=tmp_path)

    return run_here


def test_two_studies_of_one_workflow(snakemake, tmp_path):
    dots = ("bromide/1Pb_MAPbBr3/dot.extxyz", "chloride/1Pb_MAPbCl3/dot.extxyz")
    done = snakemake(*dots)
    assert done.returncode == 0, done.stderr
    assert all((tmp_path / dot).is_file() for dot in dots)
    done = snakemake("-n")
    assert done.returncode == 0, done.stderr
    planned = rules_of(done.stdout + done.stderr)
    assert planned.count("bromide_transmission") == 2
    assert planned.count("chloride_transmission") == 1
    assert {"bromide_report", "chloride_report", "both"} < set(planned)
    assert not {"bromide_dot", "chloride_dot"} & set(planned)


def test_the_file_of_the_standard_layout_plans_the_study(tmp_path):
    study = "study: s\ndots: [{dot: 1Pb, contacts: [long]}]\n"
    (tmp_path / "config.yaml").write_text(study)
    planned = []
    for name in ("Snakefile", "workflow/Snakefile"):
        done = run("snakemake", "-n", "--snakefile", ROOT / name, "--configfile", "config.yaml", cwd=tmp_path)
        planned.append(rules_of(done.stdout + done.stderr))
    assert "report" in planned[0]
    assert set(planned[1]) - set(planned[0]) == {"default"}


def test_an_error_names_the_module(snakemake):
    done = snakemake("-n", halide="F")
    assert done.returncode == 1
    assert "config of the module chloride: dots" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
