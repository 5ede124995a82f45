"""Compare the analysis with simulated traces of known truth and print its accuracy.

Recall and precision of the jump rule versus noise and versus the width of the transition; the five-class structure. For
peaks see ``peak_coverage.py``. Run with ``OMP_NUM_THREADS=1 python
benchmarks/traces/known_truth.py``.
"""

from itertools import islice

from sklearn.metrics import adjusted_rand_score

from qdjunction.traces.clustering import classify
from qdjunction.traces.selection import find_jump
from qdjunction.traces.settings import JumpSettings, SimulationSettings, TracesSettings
from qdjunction.traces.simulation import SlidingSeries, simulate

SERIES = SlidingSeries(("L-R1", "L-R2", "L-R3", "L-R4"), (3.9, 9.2, 14.5, 17.5), (-1.54, -2.72, -4.9, -3.9))


def recall_and_precision(settings: SimulationSettings, count: int) -> tuple[float, float]:
    """Return recall and precision of the selection of traces with a jump."""
    true = found = both = 0
    for item in islice(simulate(SERIES, settings), count):
        selected = find_jump(item.trace, JumpSettings()) is not None
        true += item.has_jump
        found += selected
        both += selected and item.has_jump
    return both / true, both / max(found, 1)


def show_jump_rule(count: int = 400) -> None:
    """Print recall and precision."""
    print(f"jump rule, {count} traces each: white noise (decades), transition (nm): recall, precision")
    for noise in (0.01, 0.02, 0.05, 0.08, 0.1, 0.15):
        for transition in (0.01, 0.015, 0.03):
            settings = SimulationSettings(noise_decades=noise, transition_nm=transition, seed=7)
            recall, precision = recall_and_precision(settings, count)
            print(f"  {noise:5.2f} {transition:6.3f}: {recall:.3f} {precision:.3f}", flush=True)


def show_classes(count: int = 1000) -> None:
    """Print the agreement of the classes with the truth and their stability."""
    for seed in (1, 2, 3):
        simulation = SimulationSettings(seed=seed, points=6000, bound_fraction=0.8, slide_fraction=0.75)
        items = list(islice(simulate(SERIES, simulation), count))
        labels: dict[str, int] = {}
        classes = classify([item.trace for item in items], TracesSettings(), labels.__setitem__)
        truth = {item.trace.name: item.sites for item in items}
        agreement = adjusted_rand_score([truth[name] for name in labels], list(labels.values()))
        print(
            f"five classes of {count} traces, seed {seed}: adjusted Rand index to the truth {agreement:.3f}"
        )
        for item in classes.stability:
            print(
                f"  {item.classes} classes: "
                f"agreement {item.agreement_mean:.3f}, silhouette {item.silhouette:.2f}"
            )


if __name__ == "__main__":
    show_classes()
    show_jump_rule()
