"""Measure what a bias series can fix: the profile-likelihood interval of the barrier in simulated series.

Conductances of the Simmons model at nine biases from 50 to 250 mV with normal noise, which are fitted with the true
width. Run with ``OMP_NUM_THREADS=1 python benchmarks/traces/simmons_limits.py``.
"""

import numpy as np

from qdjunction.traces.simmons import fit_simmons, simmons_conductance_g0

BIAS_V = np.linspace(0.05, 0.25, 9)
SERIES = 200


def main() -> None:
    print(
        "barrier (eV) | width (nm) | noise (decades) | bounded above | interval contains | median of bounded ones"
    )
    for barrier, width in ((0.5, 2.0), (1.0, 1.0), (1.0, 2.0), (4.0, 1.0), (4.0, 2.0)):
        truth = np.log10(simmons_conductance_g0(BIAS_V, barrier, width, 1.0))
        for noise in (0.001, 0.003, 0.01, 0.03):
            random = np.random.default_rng(0)
            ends = np.array(
                [
                    fit_simmons(
                        BIAS_V, truth + noise * random.standard_normal(len(BIAS_V)), width
                    ).barrier_interval_ev
                    for _ in range(SERIES)
                ]
            )
            bounded = np.isfinite(ends[:, 1])
            held = ((ends[:, 0] <= barrier) & (barrier <= ends[:, 1])).mean()
            middle = np.median(ends[bounded], axis=0) if bounded.mean() > 0.5 else (np.nan, np.nan)
            print(
                f"{barrier} | {width} | {noise} | {bounded.mean():.0%} | {held:.0%} | "
                f"{middle[0]:.2f} to {middle[1]:.2f}"
            )


if __name__ == "__main__":
    main()
