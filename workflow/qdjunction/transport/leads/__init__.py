"""Leads, one module per kind."""
