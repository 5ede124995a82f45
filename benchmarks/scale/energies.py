"""Measure the largest memory and the processor time of T(E) by the number of energies.

``python benchmarks/scale/energies.py JUNCTION.nc 1000 10000 100000`` prints a row for each number, computed in a
process of its own: from H and S of a finished study to the file of T(E), with wide-band leads.
"""

import resource
import subprocess
import sys
import tempfile
from pathlib import Path


def compute(junction: str, energies: int) -> None:
    """Compute T(E) and print energies, memory (MB), processor time (s) and the size of the file (MB)."""
    import numpy as np

    from qdjunction.steps.transport import compute_transmission
    from qdjunction.transport.leads.wide_band import WideBand

    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "transmission.nc")
        compute_transmission(junction, np.linspace(-2.0, 5.0, energies), WideBand(coupling_ev=1.0), output)
        size = output.stat().st_size / 1e6
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(
        energies, f"{usage.ru_maxrss / 1024:.0f} {usage.ru_utime + usage.ru_stime:.1f} {size:.1f}", flush=True
    )


def main() -> None:
    junction, *numbers = sys.argv[1:]
    if numbers[0] == "--compute":
        compute(junction, int(numbers[1]))
        return
    print("energies memory_mb cpu_s file_mb")
    for number in numbers:
        subprocess.run([sys.executable, __file__, junction, "--compute", number], check=True)


if __name__ == "__main__":
    main()
