"""netCDF files on file systems without flock: the C library's flock is made to fail for a whole process."""

import errno

import pytest

from support.paths import GOLD
from support.processes import environment, preloaded, python

REFUSE = """\
#include <errno.h>
#include <stdlib.h>
int flock(int descriptor, int operation) { errno = atoi(getenv("FLOCK_ERRNO")); return -1; }
"""

WORK = """\
import sys
from qdjunction.core.matrix_files import read_matrices
from qdjunction.steps.transport import compute_transmission
from qdjunction.transport import parse_leads, read_transmission
source, folder = sys.argv[1:]
gold = read_matrices(source).tile(6, 2)
gold.write(f"{folder}/gold.nc")
for name in ("t.nc", "t.TBT.nc"):
    compute_transmission(f"{folder}/gold.nc", [-1.0, 0.0], parse_leads("wide-band:1"), f"{folder}/{name}", [0], [5])
print(*read_transmission(f"{folder}/t.nc").transmission)
"""


@pytest.fixture(scope="module")
def no_flock(tmp_path_factory):
    return preloaded(REFUSE, tmp_path_factory.mktemp("preload"))


def run(folder, library, script, number):
    variables = environment(LD_PRELOAD=str(library), FLOCK_ERRNO=str(number))
    variables.pop("HDF5_USE_FILE_LOCKING", None)
    return python("-c", script, GOLD / "siesta.nc", folder, env=variables)


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def test_every_read_and_write_works_without_flock(tmp_path, no_flock, number):
    done = run(tmp_path, no_flock, WORK, number)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.split()) == 2
    assert (tmp_path / "t.TBT.nc").is_file()


def test_netcdf_alone_fails_there(tmp_path, no_flock):
    """What the test above would meet without the library's setting."""
    done = run(tmp_path, no_flock, "import netCDF4, sys; netCDF4.Dataset(sys.argv[1])", errno.ENOLCK)
    assert "HDF error" in done.stderr
