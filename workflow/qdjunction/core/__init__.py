"""Foundations of the library: errors, units, files, schema, provenance, logs, locks."""
