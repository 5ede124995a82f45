"""Coherent transport through any system with H and S; nothing here is specific to quantum dots."""

from qdjunction.transport.axis import parse_axis, transport_axis
from qdjunction.transport.device import Cell, Device
from qdjunction.transport.kpoints import KAverage, k_averaged_transmission, transverse_k
from qdjunction.transport.leads.base import Lead
from qdjunction.transport.leads.bulk import Bulk, ElectrodeLead, attach_electrodes
from qdjunction.transport.leads.cluster import Cluster, ClusterLead, attach_clusters
from qdjunction.transport.leads.contract import LeadKind, LeadSettings
from qdjunction.transport.leads.electrode import Electrode, shifted
from qdjunction.transport.leads.electrode_region import alignment_ev
from qdjunction.transport.leads.registry import LEADS
from qdjunction.transport.leads.surface import surface_green
from qdjunction.transport.leads.wide_band import WideBand, WideBandLead
from qdjunction.transport.leads.wire import Wire, WireLead, why_no_wire
from qdjunction.transport.observables.adaptive_transmission import AdaptiveTransmission, adaptive_transmission
from qdjunction.transport.observables.bond_currents import bond_currents, orbital_currents
from qdjunction.transport.observables.complex_bands import ComplexBands, complex_bands
from qdjunction.transport.observables.conductance import conductance, conductance_slope, thermal_window
from qdjunction.transport.observables.contract import JunctionContext, Observable, ObservableSettings
from qdjunction.transport.observables.current_voltage import (
    linear_response_current,
    rigid_shift,
    rigid_shift_current,
)
from qdjunction.transport.observables.density import (
    InjectedDensity,
    density_grid,
    injected_density,
    local_density_of_states,
    spectral_function,
)
from qdjunction.transport.observables.eigenchannels import Eigenchannels, eigenchannels
from qdjunction.transport.observables.level_correction import correct_levels
from qdjunction.transport.observables.orbital_interference import OrbitalInterference, orbital_interference
from qdjunction.transport.observables.registry import OBSERVABLES
from qdjunction.transport.observables.spin_transmission import spin_transmission
from qdjunction.transport.observables.thermoelectric import (
    Thermoelectric,
    linear_response_table,
    response_energies,
    thermoelectric,
)
from qdjunction.transport.populations import mulliken_populations
from qdjunction.transport.tbt import write_tbt
from qdjunction.transport.text import parse_energies, parse_kpoints, parse_leads, parse_spin
from qdjunction.transport.transmission import (
    Transmission,
    read_transmission,
    transmission,
    write_transmission,
)

__all__ = [
    "LEADS",
    "OBSERVABLES",
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
    "JunctionContext",
    "KAverage",
    "Lead",
    "LeadKind",
    "LeadSettings",
    "Observable",
    "ObservableSettings",
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
    "mulliken_populations",
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
    "spin_transmission",
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
