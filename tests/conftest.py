"""Which tests share a process when pytest-xdist runs several: those around a fixture that takes minutes to make."""

import pytest


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist looks for the marks
def pytest_collection_modifyitems(items):
    for item in items:
        if "slurm" in item.keywords:
            group = "slurm"  # there is one Slurm on a machine
        elif "traced" in item.fixturenames:
            group = "traced"
        elif "workflow" in item.keywords and "study" in item.fixturenames:
            group = item.path.stem
        else:
            continue
        item.add_marker(pytest.mark.xdist_group(group))
