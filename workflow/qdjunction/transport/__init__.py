"""Coherent transport on any H and S: it knows matrices, not quantum dots."""

from .adaptive import AdaptiveTransmission, adaptive_transmission
from .channels import Eigenchannels, bond_currents, eigenchannels
from .cluster import ClusterLead, attach_clusters
from .conductance import conductance, conductance_slope, thermal_window
from .density import InjectedDensity, injected_density, local_density_of_states
from .device import Device
from .electrode import Electrode, ElectrodeLead, alignment_ev, attach_electrodes, shifted
from .grammar import (
    Bulk,
    Cluster,
    LeadChoice,
    WideBand,
    Wire,
    parse_energies,
    parse_kpoints,
    parse_leads,
)
from .kpoints import KAverage, k_averaged_transmission, transverse_k
from .leads import Lead, WideBandLead
from .orbitals import OrbitalInterference, correct_levels, orbital_interference
from .surface import surface_green
from .tbt import write_tbt
from .thermoelectric import Thermoelectric, linear_response_table, thermoelectric
from .transmission import Transmission, read_transmission, transmission, write_transmission
from .wire import WireLead

__all__ = [
    "AdaptiveTransmission",
    "Bulk",
    "Cluster",
    "ClusterLead",
    "Device",
    "Eigenchannels",
    "Electrode",
    "ElectrodeLead",
    "InjectedDensity",
    "KAverage",
    "Lead",
    "LeadChoice",
    "OrbitalInterference",
    "Thermoelectric",
    "Transmission",
    "WideBand",
    "WideBandLead",
    "Wire",
    "WireLead",
    "adaptive_transmission",
    "alignment_ev",
    "attach_clusters",
    "attach_electrodes",
    "bond_currents",
    "conductance",
    "conductance_slope",
    "correct_levels",
    "eigenchannels",
    "injected_density",
    "k_averaged_transmission",
    "linear_response_table",
    "local_density_of_states",
    "orbital_interference",
    "parse_energies",
    "parse_kpoints",
    "parse_leads",
    "read_transmission",
    "shifted",
    "surface_green",
    "thermal_window",
    "thermoelectric",
    "transmission",
    "transverse_k",
    "write_tbt",
    "write_transmission",
]
