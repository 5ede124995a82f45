"""Time kwant on an orthogonalised system: ``python kwant_peer.py system.npz`` prints one line of JSON.

Runs in any Python that has kwant, not necessarily the one that has qdjunction.
"""

import json
import sys
import time

import kwant
import numpy as np


class Fixed:
    """A self-energy that is the same at every energy."""

    def __init__(self, sigma):
        self.sigma = sigma

    def __call__(self, energy, *arguments, **keywords):
        """Return the self-energy, whatever the energy."""
        return self.sigma


def main() -> None:
    data = np.load(sys.argv[1])
    H, ends, energies = data["H"], data["ends"], data["energies"]
    starts = np.concatenate([[0], ends[:-1]])
    sites = [slice(a, b) for a, b in zip(starts, ends, strict=True)]
    lattice = kwant.lattice.chain()
    system = kwant.Builder()
    for i, rows in enumerate(sites):
        system[lattice(i)] = H[rows, rows]
    for i, rows in enumerate(sites):
        for j, columns in enumerate(sites[:i]):
            block = H[rows, columns]
            if block.any():
                system[lattice(i), lattice(j)] = block
    for side in ("left", "right"):
        sigma = data[f"sigma_{side}"]
        interface = [lattice(int(i)) for i in data[f"sites_{side}"]]
        lead = kwant.builder.SelfEnergyLead(Fixed(sigma), interface, parameters=())
        system.leads.append(lead)
    system = system.finalized()
    start = time.process_time()
    values = [
        kwant.greens_function(system, energy, in_leads=[1], out_leads=[0]).transmission(0, 1)
        for energy in energies
    ]
    seconds = time.process_time() - start
    module = type(kwant.solvers.default.smatrix.__self__).__module__
    factors = "MUMPS" if module.endswith("mumps") else "SciPy's sparse LU, no MUMPS"
    print(json.dumps({"seconds": seconds, "values": values, "factors": factors}))


if __name__ == "__main__":
    main()
