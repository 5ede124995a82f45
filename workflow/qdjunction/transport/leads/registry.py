"""The kinds of leads: modules of this package and entry points of other distributions."""

from qdjunction.core.registry import Registry
from qdjunction.transport.leads.contract import LeadKind

LEADS: Registry[LeadKind] = Registry("qdjunction.transport.leads", "qdjunction.leads", "kind of lead")
"""Every kind of lead by its name."""
