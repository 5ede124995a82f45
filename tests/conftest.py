"""The order of the tests, and the recorded files that are too large for the repository."""

import os
import shlex
import shutil
from pathlib import Path

import pytest

# So that an assertion that fails in a helper shows its values.
pytest.register_assert_rewrite("support")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start the files that run Snakemake or Slurm first: begun last, the longest would keep one process busy alone."""
    long = {item.path for item in items for name in ("workflow", "slurm") if item.get_closest_marker(name)}
    items.sort(key=lambda item: item.path not in long)


@pytest.fixture(scope="session")
def siesta_reference(pytestconfig: pytest.Config) -> Path:
    """The large recorded SIESTA files."""
    named = os.environ.get("QDJUNCTION_SIESTA_REFERENCE")
    folder = Path(named) if named else pytestconfig.rootpath.parent / "shared" / "reference" / "siesta"
    if not (folder / "README.md").is_file():
        pytest.skip(f"the recorded SIESTA files are not in {folder}; set QDJUNCTION_SIESTA_REFERENCE")
    return folder


@pytest.fixture(scope="session")
def drawn_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of the recorded study with its figures and its page, as the rules write them; not to be changed."""
    from support.drawn_study import draw_recorded
    from support.shared import shared

    return shared(tmp_path_factory, "drawn", draw_recorded) / "results"


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The variables of an environment that holds the wheel of this checkout and does not see the checkout."""
    from support.installed import build, installed_environment
    from support.shared import shared

    return installed_environment(shared(tmp_path_factory, "wheel", build))


@pytest.fixture(scope="session")
def siesta_command() -> str:
    """The real program."""
    command = os.environ.get("SIESTA_COMMAND", "")
    if not command or shutil.which(shlex.split(command)[0]) is None:
        pytest.skip("SIESTA_COMMAND does not name a SIESTA binary")
    return command
