"""Coherent transport on any H and S: it knows matrices, not quantum dots."""

from .conductance import conductance
from .density import InjectedDensity, injected_density, local_density_of_states
from .device import Device
from .electrode import Electrode, ElectrodeLead, alignment_ev, attach_electrodes, shifted
from .grammar import Bulk, LeadChoice, WideBand, Wire, parse_energies, parse_leads
from .leads import Lead, WideBandLead
from .surface import surface_green
from .transmission import Transmission, read_transmission, transmission, write_transmission
from .wire import WireLead

__all__ = [
    "Bulk",
    "Device",
    "Electrode",
    "ElectrodeLead",
    "InjectedDensity",
    "Lead",
    "LeadChoice",
    "Transmission",
    "WideBand",
    "WideBandLead",
    "Wire",
    "WireLead",
    "alignment_ev",
    "attach_electrodes",
    "conductance",
    "injected_density",
    "local_density_of_states",
    "parse_energies",
    "parse_leads",
    "read_transmission",
    "shifted",
    "surface_green",
    "transmission",
    "write_transmission",
]
