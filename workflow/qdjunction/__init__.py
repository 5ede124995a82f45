"""DFT to transport for single perovskite quantum-dot junctions."""

__version__ = "0.1.0"
