"""The transport core is imported quickly, without a workflow engine and without what only files and tables need."""

import json
import subprocess
import sys

HEAVY = {
    "snakemake",
    "sisl",
    "xarray",
    "pandas",
    "netCDF4",
    "matplotlib",
    "plotly",
    "sklearn",
    "tblite",
    "scipy.linalg",
    "scipy.sparse",
}

CODE = "import json, sys, qdjunction.transport; print(json.dumps(sorted(sys.modules)))"


def test_the_core_imports_neither_a_workflow_engine_nor_readers_of_files():
    run = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    modules = json.loads(run.stdout)
    assert "numpy" in modules
    assert not HEAVY & set(modules)
