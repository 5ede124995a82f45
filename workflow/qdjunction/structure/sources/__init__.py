"""Sources of the structures of a study, one module each."""
