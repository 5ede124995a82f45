"""SIESTA, the production engine: inputs, runs, restarts, corrections, and extraction of H and S.

The public names are imported only when they are asked for, so that reading a configuration needs no sisl.
"""

from importlib import import_module
from typing import Any

_HOME = {
    "Launch": "launch",
    "SiestaSettings": "settings",
    "SiestaEngine": "engine",
    "electronic_structure_from_run": "extraction",
    "read_hamiltonian": "extraction",
    "write_siesta_input": "inputs",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
