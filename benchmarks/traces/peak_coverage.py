"""Measure how often intervals of peak positions contain the true level, and how many peaks `auto` chooses.

Levels are printed with the highest first; set k has the seed 1000 + k, and `auto` is run for the seeds 0, 1 and 2. The
tables of docs/traces.md. Run with ``OMP_NUM_THREADS=1 python benchmarks/traces/peak_coverage.py [--sets 40]``.
"""

import argparse
from itertools import islice

import numpy as np

from qdjunction.core.errors import InputError
from qdjunction.traces.analysis import analyse
from qdjunction.traces.histogram import fit_peaks
from qdjunction.traces.peak_number import choose_peaks
from qdjunction.traces.settings import SimulationSettings
from qdjunction.traces.simulation import SlidingSeries, simulate

RANGE = (-6.0, -0.8)
SEED = 1000
# Plateaus that extend equally to both sides of their middle, so that the mean level is the given one.
SYMMETRIC = {"points": 6000, "slide_fraction": 1.0, "plateau_offset_nm": 0.25, "position_spread_nm": 0.03}
LEVELS = (-1.54, -2.72, -4.13)


def series(levels: tuple[float, ...], distances: tuple[float, ...] | None = None) -> SlidingSeries:
    distances = distances or tuple(4.0 + 5.0 * site for site in range(len(levels)))
    return SlidingSeries(tuple(f"L-R{site + 1}" for site in range(len(levels))), distances, levels)


def coverage(levels: tuple[float, ...], traces: int, sets: int, **settings: float) -> None:
    sites, count = series(levels), len(levels)
    held, errors, failed = np.zeros(count), [], 0
    for seed in range(sets):
        simulation = SimulationSettings.model_validate(SYMMETRIC | settings | {"seed": SEED + seed})
        result = analyse(item.trace for item in islice(simulate(sites, simulation), traces))
        try:
            fit = fit_peaks(result.log10_g, count, fit_range=RANGE)
        except InputError as error:
            failed += 1
            print(error)
            continue
        for k, (peak, true) in enumerate(zip(fit.peaks, sorted(levels), strict=True)):
            held[k] += peak.centre_interval[0] <= true <= peak.centre_interval[1]
        errors.append([peak.centre - true for peak, true in zip(fit.peaks, sorted(levels), strict=True)])
    made = sets - failed
    order = slice(None, None, -1)  # the highest level first, as in the series
    shares = ", ".join(f"{share:.0%}" for share in (held / made)[order])
    mean = ", ".join(f"{error:+.3f}" for error in np.mean(errors, axis=0)[order])
    print(f"{levels} | {traces} | {settings} | {made} sets | {shares} | {mean}", flush=True)


def chosen(levels: tuple[float, ...], distances: tuple[float, ...], traces: int, seed: int) -> None:
    simulation = SimulationSettings(seed=seed)
    result = analyse(item.trace for item in islice(simulate(series(levels, distances), simulation), traces))
    positions, _ = choose_peaks(result.log10_g, fit_range=RANGE)
    fit = fit_peaks(result.log10_g, len(positions), fit_range=RANGE, guesses=positions)
    print(
        f"auto: {levels} | {traces} | seed {seed} | {', '.join(f'{peak.centre:.2f}' for peak in fit.peaks)}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=40)
    sets = parser.parse_args().sets
    for seed in (0, 1, 2):
        for traces in (100, 300):
            chosen((-1.54, -2.72, -4.9, -3.9), (3.9, 9.2, 14.5, 17.5), traces, seed)
            chosen((-1.54, -2.72, -4.13), (3.9, 9.2, 14.5), traces, seed)
            chosen((-1.9, -3.7), (3.9, 9.2), traces, seed)
    for traces in (100, 250, 500):
        coverage(LEVELS, traces, sets, bound_fraction=1.0)
    coverage(LEVELS, 250, sets, bound_fraction=0.85)
    coverage(LEVELS, 250, sets, bound_fraction=0.5)
    coverage(LEVELS, 250, sets, bound_fraction=1.0, noise_decades=0.1)
    coverage((-2.0, -2.6, -4.13), 250, sets, bound_fraction=1.0)


if __name__ == "__main__":
    main()
