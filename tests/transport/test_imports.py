"""The transport core is imported without a workflow engine, and without what only files and tables need."""

import subprocess
import sys

HEAVY = (
    "snakemake",
    "sisl",
    "xarray",
    "pandas",
    "netCDF4",
    "matplotlib",
    "plotly",
    "sklearn",
    "statsmodels",
    "tblite",
)


def test_the_core_imports_neither_a_workflow_engine_nor_readers_of_files():
    code = "import sys, qdjunction.transport; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "numpy" in loaded
    assert not set(HEAVY) & set(loaded)
