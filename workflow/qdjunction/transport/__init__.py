"""Coherent transport on any H and S: it knows matrices, not quantum dots."""
