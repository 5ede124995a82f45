"""Ligands on dots and linkers between them."""
