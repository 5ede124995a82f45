"""Measure how often the criterion decides rightly between an interference jump and its rivals.

Sets of simulated traces of known truth; the computed conductances that the analysis is given have random errors of the
spread that it is told. Run with ``OMP_NUM_THREADS=1 python benchmarks/traces/rival_decisions.py [--sets 40]``.
"""

import argparse
from collections import Counter
from itertools import islice

import numpy as np

from qdjunction.traces.rivals import HYPOTHESES, Region, fit_rivals, verdict
from qdjunction.traces.selection import find_jump
from qdjunction.traces.settings import JumpSettings, SimulationSettings
from qdjunction.traces.simulation import SlidingSeries, simulate

SERIES = SlidingSeries(("L-R1", "L-R2", "L-R3", "L-R4"), (3.9, 9.2, 14.5, 17.5), (-1.54, -2.72, -4.9, -3.9))
SPREAD = 0.3


def decisions(truth: str, jumps: int, sets: int, spread: float, same_site: bool = False) -> Counter[str]:
    """Return how often each hypothesis was decided for; an empty name counts the sets that are undecided."""
    counted: Counter[str] = Counter()
    rule = JumpSettings()
    for number in range(sets):
        random = np.random.default_rng([7, number])
        simulation = SimulationSettings(points=7000, length_nm=2.6, jump=truth, seed=100 + number)
        found = []
        levels = SERIES.log10_g
        for item in islice(simulate(SERIES, simulation), 20 * jumps):
            jump = find_jump(item.trace, rule)
            if jump is None:
                continue
            height = jump.plateau_after_log10_g - jump.plateau_before_log10_g
            # The second contact always at the site that the interference jump would lead to.
            if same_site and abs(height - 1.0) > 0.35:
                continue
            found.append((jump.plateau_before_log10_g, height))
            if len(found) == jumps:
                break
        given = tuple(np.array(levels) + spread * random.standard_normal(len(levels)))
        if given[3] <= given[2]:
            counted["no increase computed"] += 1
            continue
        before, heights = np.array(found).T
        counted[verdict(fit_rivals(before, heights, given, spread, Region.of(rule))) or "undecided"] += 1
    return counted


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=40)
    sets = parser.parse_args().sets
    for jumps in (10, 30, 100):
        for truth in HYPOTHESES:
            print(truth, jumps, dict(decisions(truth, jumps, sets, SPREAD)), flush=True)
    for truth in HYPOTHESES[1:]:
        print(
            truth, "at the site of the jump", 30, dict(decisions(truth, 30, sets, SPREAD, True)), flush=True
        )


if __name__ == "__main__":
    main()
