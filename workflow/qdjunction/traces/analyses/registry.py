"""Registry of the analyses of a set of traces."""

from qdjunction.core.registry import Registry
from qdjunction.traces.analyses.contract import Analysis

ANALYSES: Registry[Analysis] = Registry(
    "qdjunction.traces.analyses", "qdjunction.trace_analyses", "analysis of traces"
)
"""Analyses by name."""
