"""Coherent transport on any H and S: it knows matrices, not quantum dots."""

from .adaptive import AdaptiveTransmission, adaptive_transmission
from .axis import parse_axis, transport_axis
from .bias import linear_response_current, rigid_shift, rigid_shift_current
from .channels import Eigenchannels, bond_currents, eigenchannels, orbital_currents
from .cluster import ClusterLead, attach_clusters
from .complex_bands import ComplexBands, complex_bands
from .conductance import conductance, conductance_slope, thermal_window
from .density import (
    InjectedDensity,
    density_grid,
    injected_density,
    local_density_of_states,
    spectral_function,
)
from .device import Cell, Device
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
    parse_spin,
)
from .kpoints import KAverage, k_averaged_transmission, transverse_k
from .leads import Lead, WideBandLead
from .orbitals import OrbitalInterference, correct_levels, orbital_interference
from .surface import surface_green
from .tbt import write_tbt
from .thermoelectric import Thermoelectric, linear_response_table, response_energies, thermoelectric
from .transmission import Transmission, read_transmission, transmission, write_transmission
from .wire import WireLead, why_no_wire

__all__ = [
    "AdaptiveTransmission",
    "Bulk",
    "Cell",
    "Cluster",
    "ClusterLead",
    "ComplexBands",
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
    "complex_bands",
    "conductance",
    "conductance_slope",
    "correct_levels",
    "density_grid",
    "eigenchannels",
    "injected_density",
    "k_averaged_transmission",
    "linear_response_current",
    "linear_response_table",
    "local_density_of_states",
    "orbital_currents",
    "orbital_interference",
    "parse_axis",
    "parse_energies",
    "parse_kpoints",
    "parse_leads",
    "parse_spin",
    "read_transmission",
    "response_energies",
    "rigid_shift",
    "rigid_shift_current",
    "shifted",
    "spectral_function",
    "surface_green",
    "thermal_window",
    "thermoelectric",
    "transmission",
    "transport_axis",
    "transverse_k",
    "why_no_wire",
    "write_tbt",
    "write_transmission",
]
