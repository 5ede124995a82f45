"""The core without extras in an environment that holds nothing else, and what is said where an extra is missing."""

import importlib.metadata
import os
import subprocess
import sys
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from qdjunction.core.extras import EXTRAS
from support.paths import CLUSTERS, RECORDED, ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def closure(requirements, extras=("",)):
    """The distributions that pip installs here for some requirements, by canonical name."""
    found = {}
    wanted = [(Requirement(line), extras) for line in requirements]
    while wanted:
        requirement, given = wanted.pop()
        if requirement.marker and not any(requirement.marker.evaluate({"extra": extra}) for extra in given):
            continue
        name = canonicalize_name(requirement.name)
        key = (name, frozenset(requirement.extras))
        if key not in found:
            found[key] = importlib.metadata.distribution(name)
            below = ("", *requirement.extras)
            wanted += [(Requirement(line), below) for line in found[key].requires or []]
    return {name: distribution for (name, _), distribution in found.items()}


@pytest.fixture(scope="module")
def core(tmp_path_factory):
    """Run Python with `[project.dependencies]`, what these require, and this checkout; return the finished process."""
    site = tmp_path_factory.mktemp("site-packages")
    distributions = closure(PROJECT["dependencies"])
    assert not {"snakemake", "tblite", "scikit-learn", "pyarrow", "plotly", "jinja2"} & set(distributions)
    for distribution in distributions.values():
        for top in {file.parts[0] for file in distribution.files} - {"..", "__pycache__"}:
            if not (site / top).exists():
                (site / top).symlink_to(distribution.locate_file(top))
    path = os.pathsep.join([str(site), str(ROOT / "workflow")])

    def run(*arguments):
        # -S leaves out the environment's own site-packages.
        return subprocess.run(
            [sys.executable, "-S", *map(str, arguments)],
            capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": path},
        )  # fmt: skip

    return run


def test_transport_imports(core):
    done = core("-c", "import qdjunction.transport, sys; print('snakemake' in sys.modules)")
    assert (done.returncode, done.stdout) == (0, "False\n"), done.stderr


def test_help(core):
    done = core("-m", "qdjunction.cli", "--help")
    assert done.returncode == 0, done.stderr
    assert "transmission" in done.stdout


def test_transmission(core, tmp_path):
    done = core(
        "-m", "qdjunction.cli", "transmission", RECORDED / "1Pb_MAPbBr3" / "hamiltonian.nc", "--energies=-1:1:1",
        "--left-atoms", "0", "--right-atoms", "5", "--output", tmp_path / "t.nc",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "t.nc").stat().st_size > 0


def test_structures_and_checks(core, tmp_path):
    """The dot is built, and a study is checked on a computer that cannot run it."""
    done = core(
        "-m",
        "qdjunction.cli",
        "dot",
        "1Pb",
        "--clusters",
        CLUSTERS,
        "--output",
        tmp_path / "dot.xyz",
    )
    assert done.returncode == 0, done.stderr
    done = core("-m", "qdjunction.cli", "check", ROOT / "config.yaml", "--clusters", CLUSTERS)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("words", "extra"),
    [
        (["figures", RECORDED, "--output", "{}/figures"], "report"),
        (["relax", RECORDED / "1Pb_MAPbBr3" / "dot.extxyz", "--output", "{}/relaxed.xyz"], "xtb"),
        (["traces", "select", "{}", "--output", "{}/jumps.csv"], "traces"),
        (["traces", "simulate", "--log10-g=-1,-2", "--distances=4,9", "--output", "{}/t.parquet"], "traces"),
        (["run", ROOT / "config.yaml"], "workflow,report,xtb"),
    ],
)
def test_a_missing_extra_is_named_before_any_work(core, tmp_path, words, extra):
    done = core("-m", "qdjunction.cli", *(str(word).replace("{}", str(tmp_path)) for word in words))
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1, done.stderr
    assert f'not installed; type: pip install "qdjunction[{extra}]"\n' in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_extras_bring_what_the_library_imports_from_them():
    brings = importlib.metadata.packages_distributions()
    assert EXTRAS
    for extra, packages in EXTRAS.items():
        listed = {
            canonicalize_name(Requirement(line).name) for line in PROJECT["optional-dependencies"][extra]
        }
        for package in packages:
            assert {canonicalize_name(name) for name in brings[package]} <= listed, (extra, package)
