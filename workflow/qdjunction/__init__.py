"""DFT to transport for single perovskite quantum-dot junctions."""

import os

__version__ = "0.1.0"

# libgomp reads its environment once, when it is loaded, which is after this. Its threads otherwise spin for
# milliseconds at every barrier, and keep a busy machine from the very thread they wait for.
if not {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"} & set(os.environ):
    os.environ["GOMP_SPINCOUNT"] = "1000"
