"""The order of the tests."""

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start the files that run Snakemake or Slurm first: begun last, the longest would keep one process busy alone."""
    long = {item.path for item in items for name in ("workflow", "slurm") if item.get_closest_marker(name)}
    items.sort(key=lambda item: item.path not in long)
