"""Coherent transport on any H and S: it knows matrices, not quantum dots."""

from .conductance import conductance, thermal_window
from .density import InjectedDensity, injected_density, local_density_of_states
from .device import Device
from .grammar import WideBand, parse_energies, parse_leads
from .leads import Lead, WideBandLead
from .transmission import Transmission, read_transmission, transmission, write_transmission

__all__ = [
    "Device",
    "InjectedDensity",
    "Lead",
    "Transmission",
    "WideBand",
    "WideBandLead",
    "conductance",
    "injected_density",
    "local_density_of_states",
    "parse_energies",
    "parse_leads",
    "read_transmission",
    "thermal_window",
    "transmission",
    "write_transmission",
]
