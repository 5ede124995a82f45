"""Optional dependencies: the packages of each extra, and one clear error if a package is not installed."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from qdjunction.core.errors import InputError

EXTRAS = {
    "report": ("jinja2", "matplotlib", "plotly"),
    "smiles": ("rdkit",),
    "traces": ("igor2", "nptdms", "pyarrow", "sklearn"),
    "workflow": ("snakemake",),
    "xtb": ("tblite",),
}
"""Packages that the library imports, by the extra of ``pyproject.toml`` that installs them."""


def require_extra(*names: str) -> None:
    """Check that the packages of extras are installed, without importing them.

    Raises
    ------
    InputError
        If a package of one of these extras is missing.
    """
    missing = {name: [package for package in EXTRAS[name] if find_spec(package) is None] for name in names}
    if extras := [name for name in names if missing[name]]:
        raise _error([package for name in extras for package in missing[name]], extras)


@contextmanager
def extra(name: str) -> Iterator[None]:
    """Import the packages of an extra within this block.

    Raises
    ------
    InputError
        If one of them is missing; the message names the extra.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise _error([str(error.name).partition(".")[0]], [name]) from None


def _error(packages: list[str], extras: list[str]) -> InputError:
    are = "are" if len(packages) > 1 else "is"
    return InputError(
        f'{", ".join(packages)} {are} not installed; type: pip install "qdjunction[{",".join(extras)}]"'
    )
