"""DFT to transport for single perovskite quantum-dot junctions."""

import os

__version__ = "0.1.0"

# HDF5 fails to open any file on a file system that refuses flock (some Lustre and NFS mounts). Files here are written
# under a temporary name and moved into place once complete, so no reader opens a file that is being written, and no
# lock is needed. HDF5 reads this variable once, when it starts; it must be set before netCDF4 opens a file.
os.environ.setdefault("HDF5_USE_FILE_LOCKING", "FALSE")

# OpenMP reads its environment once, when it is loaded, which is after this. By default its threads spin at every
# barrier, and on a busy machine keep the thread that they wait for off the core; docs/engines.md has measurements.
if not {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"} & set(os.environ):
    os.environ["OMP_WAIT_POLICY"] = "passive"
