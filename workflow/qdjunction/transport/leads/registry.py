"""The kinds of leads: modules of this package, and of other distributions by entry points."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator

from qdjunction.core.kinds import table_of
from qdjunction.core.registry import Registry
from qdjunction.transport.leads.contract import LeadKind, LeadSettings

LEADS: Registry[LeadKind] = Registry("qdjunction.transport.leads", "qdjunction.leads", "kind of lead")
"""Every kind of lead by its name."""

DEFAULT = "wide-band"
"""The kind where none is named."""

_UNUSED = {"electrode": None, "eta_ev": None, "kpoints": [1, 1], "coupling_ev": 1.0}
"""What earlier study records hold for the keys of other kinds."""


def _without_unused(value: Any) -> Any:
    """Leave out what a record holds for the keys that a kind of lead does not have."""
    name = value.get("kind", DEFAULT) if isinstance(value, Mapping) else None
    if not isinstance(name, str) or name not in LEADS:
        return value
    own = LEADS[name].Settings.model_fields
    return {
        key: given
        for key, given in value.items()
        if not (key in _UNUSED and given == _UNUSED[key] and (given is None or key not in own))
    }


if TYPE_CHECKING:
    StudyLeads = LeadSettings
else:
    StudyLeads = Annotated[
        table_of(
            LEADS,
            "{} leads",
            DEFAULT,
            {name: kind.not_in_study for name, kind in LEADS.items() if kind.not_in_study},
        ),
        BeforeValidator(_without_unused),
    ]
    """Type of the key ``transport.leads`` of a study: the settings of any kind that its junctions can have."""
