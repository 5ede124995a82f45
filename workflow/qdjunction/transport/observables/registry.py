"""The observables: modules of this package, and of other distributions by entry points."""

from typing import TYPE_CHECKING, Any

from qdjunction.core.kinds import table_of
from qdjunction.core.registry import Registry
from qdjunction.transport.observables.contract import Observable, ObservableSettings

OBSERVABLES: Registry[Observable[Any]] = Registry(
    "qdjunction.transport.observables", "qdjunction.observables", "observable"
)
"""Every observable by its name."""

if TYPE_CHECKING:
    StudyObservable = ObservableSettings
else:
    StudyObservable = table_of(OBSERVABLES, "the observable {}")
    """Type of an entry of the key ``transport.observables`` of a study."""
