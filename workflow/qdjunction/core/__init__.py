"""What every other part builds on: errors, units, files, schema, provenance, logs, locks."""
