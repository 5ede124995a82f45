"""Exporting a finished study as a Workflow Run RO-Crate."""

from qdjunction.crate.export import write_crate

__all__ = ["write_crate"]
