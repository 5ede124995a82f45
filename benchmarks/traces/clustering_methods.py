"""Compare the classes with those of a published method on simulated traces of known truth.

The published method describes each trace by a histogram of 28 x 28 bins of displacement and conductance and divides the
descriptions by k-means++ with Euclidean distances (B. Lemmer et al., Nat. Commun. 7, 12922 (2016); D. Cabosart et al.,
Appl. Phys. Lett. 114, 143102 (2019)). This is an implementation of the description, not the authors' program. Both
methods get the same traces, axes and true number of classes. The times are of one core and include the descriptions;
stability is measured for two classes on two subsamples only. Run with ``OMP_NUM_THREADS=1 python
benchmarks/traces/clustering_methods.py [--traces 1000]``.
"""

import argparse
import time
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from qdjunction.traces.analysis import broken_window
from qdjunction.traces.clustering import classify
from qdjunction.traces.settings import ClassSettings, SimulationSettings, TracesSettings
from qdjunction.traces.simulation import SlidingSeries, simulate
from qdjunction.traces.trace import Trace

SERIES = SlidingSeries(("L-R1", "L-R2", "L-R3", "L-R4"), (3.9, 9.2, 14.5, 17.5), (-1.54, -2.72, -4.9, -3.9))
SIDE = 28
CASES = {
    "five kinds": {},
    "levels spread by 0.3 decades": {"level_spread_decades": 0.3},
    "sites left with a spread of 0.1 nm": {"position_spread_nm": 0.1},
    "white noise of 0.1 decades": {"noise_decades": 0.1},
    "rare: 5 % without a dot": {"bound_fraction": 0.95, "slide_fraction": 0.9},
}


def histogram_and_k_means(
    traces: list[Trace], settings: TracesSettings
) -> tuple[list[str], NDArray[np.int64]]:
    """Return names and classes of the complete traces by the published method."""
    bins = settings.classes
    names, rows = [], []
    for trace in traces:
        broken = broken_window(trace, settings)
        if broken is None:
            continue
        window, zero = broken
        counts, _, _ = np.histogram2d(
            trace.displacement_nm[window] - zero,
            trace.log10_g[window],
            bins=SIDE,
            range=(bins.displacement_range_nm, bins.log10_g_range),
        )
        names.append(trace.name)
        rows.append(counts.ravel())
    found = KMeans(bins.number, init="k-means++", n_init=10, random_state=bins.seed).fit_predict(
        np.array(rows)
    )
    return names, found


def ours(traces: list[Trace], settings: TracesSettings) -> tuple[list[str], NDArray[np.int64]]:
    """Return names and classes of the complete traces by `classify`."""
    labels: dict[str, int] = {}
    classify(traces, settings, labels.__setitem__)
    return list(labels), np.array(list(labels.values()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--traces", type=int, default=1000)
    count = parser.parse_args().traces
    # The least that the measures of stability allow, so that they hardly add to the time.
    settings = TracesSettings(classes=ClassSettings(repeats=2, largest_classes=2))
    for case, changed in CASES.items():
        scores: dict[str, list[float]] = {"ours": [], "published": []}
        seconds: dict[str, list[float]] = {"ours": [], "published": []}
        for seed in (1, 2, 3):
            simulation = SimulationSettings.model_validate(
                {"seed": seed, "points": 6000, "bound_fraction": 0.8, "slide_fraction": 0.75} | changed
            )
            items = list(islice(simulate(SERIES, simulation), count))
            truth = {item.trace.name: item.sites for item in items}
            traces = [item.trace for item in items]
            for method, run in (("ours", ours), ("published", histogram_and_k_means)):
                begun = time.process_time()
                names, labels = run(traces, settings)
                seconds[method].append(time.process_time() - begun)
                scores[method].append(adjusted_rand_score([truth[name] for name in names], labels))
        for method, values in scores.items():
            print(
                f"{case} | {method} | {', '.join(f'{value:.3f}' for value in values)} | "
                f"{np.mean(seconds[method]):.1f} s",
                flush=True,
            )


if __name__ == "__main__":
    main()
