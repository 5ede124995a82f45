"""The memory that a run says it needs, what it takes, and what is free."""

import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from qdjunction.core.errors import TransportError
from qdjunction.transport import WideBandLead, transmission
from qdjunction.transport.solvers.memory import GIB, _control_groups, available_bytes
from support.known_systems import random_device

MEASURED = """
import resource, sys
import numpy as np
from qdjunction.transport import Device, WideBandLead, transmission
from qdjunction.transport.transmission import SOLVERS

n, solver = 1400, sys.argv[1]
distance = np.abs(np.arange(n)[:, None] - np.arange(n))
S = np.exp(-distance / 1.5)
device = Device(-2.0 * S + np.diag(np.linspace(-1, 1, n)), S)
leads = WideBandLead(device, orbitals=np.arange(40)), WideBandLead(device, orbitals=np.arange(n - 40, n))
del S, distance
transmission(Device(np.eye(4)), *(WideBandLead(Device(np.eye(4)), [i]) for i in (0, 3)), [0.5, 0.6], solver)
predicted = SOLVERS[solver].memory_bytes(device, *leads, 4)
# Nothing but the run may raise the peak: what was freed above is taken first.
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")
before = int(next(l for l in open("/proc/self/status") if l.startswith("VmRSS")).split()[1]) * 1024
transmission(device, *leads, np.linspace(-1, 1, 4), solver)
peak = int(next(l for l in open("/proc/self/status") if l.startswith("VmHWM")).split()[1]) * 1024
print(predicted, peak - before)
"""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs the proc files of Linux")
@pytest.mark.parametrize("solver", ["contact-reduction", "direct"])
def test_prediction_holds(solver):
    run = subprocess.run([sys.executable, "-c", MEASURED, solver], capture_output=True, text=True, check=True)
    predicted, taken = map(int, run.stdout.split())
    assert taken < predicted, "a run that was let in must not be killed"
    assert predicted < 2 * taken + 0.05 * GIB, "nor one refused that would have fitted"


def test_too_little_is_said_before_the_run(monkeypatch):
    device = random_device(50)
    leads = WideBandLead(device, [0]), WideBandLead(device, [24])
    # The package's `transmission` is the function of that name.
    module = sys.modules[transmission.__module__]
    monkeypatch.setattr(module, "available_bytes", lambda: 1000)
    for solver in ("contact-reduction", "direct", "layers", "auto"):
        with pytest.raises(
            TransportError, match=r"needs \d\.\d\d GiB of memory beside H and S, and 0\.00 GiB"
        ):
            transmission(device, *leads, np.linspace(-1, 1, 5), solver)
    assert "spectrum" not in device.__dict__, "nothing was computed"


def test_what_is_free():
    free = available_bytes()
    assert free is None or 0 < free < 2**50


@pytest.mark.parametrize("version", [1, 2])
def test_limits_of_batch_systems(tmp_path, version):
    """A job in a group of 8 GiB below one of 4 GiB, of which 1 GiB is used and a quarter of that is cache."""
    names = {
        1: ("memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
        2: ("", "memory.max", "memory.current", "inactive_file"),
    }
    controllers, limit, used, cached = names[version]
    top = tmp_path / controllers
    for folder, allowed in ((top / "slurm/job", 8 * GIB), (top / "slurm", 4 * GIB)):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / limit).write_text(f"{allowed}\n")
        (folder / used).write_text(f"{GIB}\n")
        (folder / "memory.stat").write_text(f"anon 3\n{cached} {GIB // 4}\n")
    (top / limit).write_text("max\n")
    own = tmp_path / "own"
    own.write_text(f"3:cpu:/x\n{'7:memory' if version == 1 else '0:'}:/slurm/job\n")
    assert min(_control_groups(tmp_path, own)) == 3.25 * GIB


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs the proc files of Linux")
def test_own_limit_counts():
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    try:
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + GIB, hard))
        assert 0.9 * GIB < available_bytes() <= GIB
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
