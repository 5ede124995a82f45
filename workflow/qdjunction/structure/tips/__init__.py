"""Gold tips, one module per kind."""
