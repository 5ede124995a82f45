"""Measure the plateaus of single traces and the alignment by cross-correlation on simulated traces of known truth.

A plateau is found if the overlap of its displacement with that of a site is more than half of both together. Recall is
the share of the sites at least 0.1 nm long that are found, precision the share of the plateaus that are a site; errors
are mean and standard deviation over the pairs. For the alignment, errors of the shifts are those of the traces that
visit at least three sites; the gain in overlap is that of the sample, with its control. Run with ``OMP_NUM_THREADS=1
python benchmarks/traces/single_trace_truth.py [--traces 400]``.
"""

import argparse
import time
from itertools import islice

import numpy as np

from qdjunction.traces.alignment import align_sample, aligned_traces
from qdjunction.traces.segments import plateaus_of_traces
from qdjunction.traces.settings import AlignSettings, SegmentSettings, SimulationSettings, TracesSettings
from qdjunction.traces.simulation import SimulatedTrace, SlidingSeries, simulate

DISTANCES = (3.9, 9.2, 14.5, 17.5)
LEVELS = (-1.54, -2.72, -4.9, -3.9)
BASE = {"points": 7000, "length_nm": 2.6, "seed": 3}


def simulated(count: int, levels: tuple[float, ...] = LEVELS, **changed: object) -> list[SimulatedTrace]:
    names = tuple(f"L-R{site + 1}" for site in range(len(levels)))
    series = SlidingSeries(names, DISTANCES[: len(levels)], levels)
    return list(islice(simulate(series, SimulationSettings.model_validate(BASE | changed)), count))


def show_plateaus(case: str, items: list[SimulatedTrace], **options: float) -> None:
    """Print recall, precision and errors of the plateaus."""
    settings = TracesSettings(segments=SegmentSettings.model_validate(options))
    begun = time.process_time()
    found = dict(plateaus_of_traces([item.trace for item in items], settings))
    seconds = time.process_time() - begun
    true = matched = all_found = right = 0
    errors = []
    complete = [item for item in items if item.trace.name in found]
    for item in complete:
        plateaus = found[item.trace.name]
        sites = [one for one in item.plateaus if one.end_nm - one.start_nm >= settings.segments.shortest_nm]
        true += len(sites)
        all_found += len(plateaus)
        right += len(plateaus) == len(sites)
        for site in sites:
            for one in plateaus:
                shared = min(one.end_nm, site.end_nm) - max(one.start_nm, site.start_nm)
                if shared > 0.5 * (max(one.end_nm, site.end_nm) - min(one.start_nm, site.start_nm)):
                    matched += 1
                    errors.append((one.log10_g - site.log10_g, one.length_nm - (site.end_nm - site.start_nm)))
    (level, length), (of_level, of_length) = np.mean(errors, axis=0), np.std(errors, axis=0)
    print(
        f"{case} | {matched / true:.3f} | {matched / all_found:.3f} | {right / len(complete):.1%} | "
        f"{level:+.3f} ± {of_level:.3f} | {length:+.3f} ± {of_length:.3f} | {1e3 * seconds / len(items):.2f} ms",
        flush=True,
    )


def show_alignment(case: str, items: list[SimulatedTrace], **options: float) -> None:
    """Print errors of the shifts and the gain."""
    settings = TracesSettings(align=AlignSettings.model_validate(options))
    traces = [item.trace for item in items]
    template, control = align_sample(traces, settings)
    shift = np.concatenate([shift for _, _, shift, _ in aligned_traces(traces, template, settings)])
    far = np.array([item.sites >= 3 for item in items])
    of_shift = f"{shift[far].std():.3f}" if far.any() else f"{shift.std():.3f}"
    offset, error = "", ""
    if far.any() and (true := np.array([item.offset_nm for item in items])).any():
        offset, error = f"{true[far].std():.3f}", f"{(shift + true)[far].std():.3f}"
    print(
        f"{case} | {offset} | {of_shift} | {error} | {template.gain:.2f} | {control.gain:.2f} | "
        f"{template.repetitions}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--traces", type=int, default=400)
    count = parser.parse_args().traces
    print(
        "plateaus: recall, precision, traces with the right number, error of level (decades) and length (nm)"
    )
    show_plateaus("forward model as it is", simulated(count))
    show_plateaus("white noise 0.1 decades", simulated(count, noise_decades=0.1))
    show_plateaus("slow noise 0.1 decades", simulated(count, flicker_decades=0.1))
    show_plateaus("slow noise 0.2 decades", simulated(count, flicker_decades=0.2))
    show_plateaus("sites left with a spread of 0.1 nm", simulated(count, position_spread_nm=0.1))
    show_plateaus("transitions of 0.1 nm", simulated(count, transition_nm=0.1))
    for step in (0.6, 0.4, 0.3, 0.2):
        levels = (-2.0, -2.0 - step, -2.0 - 2 * step)
        show_plateaus(
            f"three sites, steps of {step} decades", simulated(count, levels, slope_decades_per_nm=0.0)
        )
    finer = {"smallest_step_decades": 0.4}
    near = simulated(count, (-2.0, -2.3, -2.6), slope_decades_per_nm=0.0)
    show_plateaus("steps of 0.3 decades, smallest step 0.4", near, **finer)
    show_plateaus("forward model as it is, smallest step 0.4", simulated(count), **finer)
    print(
        "alignment: spread of the offsets, of the shifts, of the error (nm); gain in overlap, control; repetitions"
    )
    show_alignment("offsets of 0.1 nm", simulated(count, offset_spread_nm=0.1))
    sharp = {"offset_spread_nm": 0.1, "position_spread_nm": 0.02}
    show_alignment("the same, sites left with a spread of 0.02 nm", simulated(count, **sharp))
    wide = sharp | {"level_spread_decades": 0.3}
    show_alignment("the same, levels spread by 0.3 decades", simulated(count, **wide))
    show_alignment("the same, tolerance 0.1 decades", simulated(count, **sharp), tolerance_decades=0.1)
    show_alignment("no offsets", simulated(count))
    show_alignment("no offsets, levels spread by 0.3 decades", simulated(count, level_spread_decades=0.3))
    show_alignment("no offsets, half without a dot", simulated(count, bound_fraction=0.5))
    show_alignment("tunnelling alone", simulated(count, bound_fraction=0.0))


if __name__ == "__main__":
    main()
