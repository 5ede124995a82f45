"""Solvers for T(E): contact reduction, dense Green's function, layers."""
