"""Types of ``transport.leads`` and ``transport.observables``, whose values are tables of a registered kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator

from qdjunction.core.kinds import table_of
from qdjunction.study import layout
from qdjunction.transport.leads.registry import LEADS
from qdjunction.transport.observables.registry import OBSERVABLES

DEFAULT_LEADS = "wide-band"
"""Kind of lead if none is named."""

_UNUSED = {"electrode": None, "eta_ev": None, "kpoints": [1, 1], "coupling_ev": 1.0}
"""Values that earlier study records contain for keys of other kinds."""


def _without_unused(value: Any) -> Any:
    """Remove the values that a record contains for keys that the kind of lead does not have."""
    name = value.get("kind", DEFAULT_LEADS) if isinstance(value, Mapping) else None
    if not isinstance(name, str) or name not in LEADS:
        return value
    own = LEADS[name].Settings.model_fields
    return {
        key: given
        for key, given in value.items()
        if not (key in _UNUSED and given == _UNUSED[key] and (given is None or key not in own))
    }


if TYPE_CHECKING:
    from qdjunction.transport.leads.contract import LeadSettings
    from qdjunction.transport.observables.contract import ObservableSettings

    StudyLeads = LeadSettings
    StudyObservable = ObservableSettings
else:
    StudyLeads = Annotated[
        table_of(
            LEADS,
            "{} leads",
            DEFAULT_LEADS,
            {name: kind.not_in_study for name, kind in LEADS.items() if kind.not_in_study},
        ),
        BeforeValidator(_without_unused),
    ]
    """Type of ``transport.leads``: the settings of any kind that the junctions of a study can have."""

    StudyObservable = table_of(
        OBSERVABLES,
        "the observable {}",
        refused={name: kind.not_in_study for name, kind in OBSERVABLES.items() if kind.not_in_study}
        | {
            name: "a study writes another result under that name; its distribution has to rename it"
            for name in OBSERVABLES
            if f"{name}.nc" in (layout.HAMILTONIAN, layout.TRANSMISSION, layout.LOCAL_DENSITY)
        },
    )
    """Type of an entry of ``transport.observables``."""
