"""Leads, a module a kind."""
