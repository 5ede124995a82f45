"""Dots, contacts, electrodes and junctions as ASE atoms."""
