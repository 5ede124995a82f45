"""The transport core is imported quickly, without a workflow engine and without what only files and tables need."""

import json
import os
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

CODE = """
import json, sys, time
begun = time.process_time()
import qdjunction.transport
print(json.dumps([time.process_time() - begun, sorted(sys.modules)]))
"""


def test_the_core_imports_neither_a_workflow_engine_nor_readers_of_files(tmp_path):
    seconds = []
    for _ in range(3):  # the first writes the bytecode that an installation has
        run = subprocess.run(
            [sys.executable, "-X", f"pycache_prefix={tmp_path}", "-c", CODE],
            capture_output=True, text=True, check=True, env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""},
        )  # fmt: skip
        second, modules = json.loads(run.stdout)
        seconds.append(second)
        assert "numpy" in modules
        assert not HEAVY & set(modules)
    assert min(seconds) < 0.5
