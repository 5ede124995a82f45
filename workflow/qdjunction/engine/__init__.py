"""Electronic structure: one contract, several engines."""
