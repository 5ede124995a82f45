"""The observables: modules of this package, and of other distributions by entry points."""

from typing import Any

from qdjunction.core.registry import Registry
from qdjunction.transport.observables.contract import Observable

OBSERVABLES: Registry[Observable[Any]] = Registry(
    "qdjunction.transport.observables", "qdjunction.observables", "observable"
)
"""Every observable by its name."""
