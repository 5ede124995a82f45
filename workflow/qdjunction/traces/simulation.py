"""Forward model: traces simulated from the computed conductances at each contact site.

The tip slides along a row of sites while the junction is stretched. Each site determines the conductance over a
range of displacement, then the next site follows, and at some site the contact breaks off. The preceding gold contact,
parallel tunnelling through the solvent and the amplifier's floor complete a trace; the true sites are recorded with
it. The model predicts histograms from theory and tests the analysis; it does not compute any force or
current.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from qdjunction.core.errors import InputError
from qdjunction.core.extras import extra
from qdjunction.core.files import atomic_write
from qdjunction.traces.settings import SimulationSettings
from qdjunction.traces.trace import Trace

with extra("traces"):
    import pyarrow as pa
    import pyarrow.parquet as pq

RISE_DECADES = 0.4
"""Increase of log10 G (decades) that is a jump, as in the published rule."""

_TEN_TO_NINETY = 2 * np.log(9)  # width of a logistic step from 10 % to 90 %, in units of its scale


@dataclass(frozen=True)
class SlidingSeries:
    """Conductance at the sites that the tip slides over.

    Attributes
    ----------
    names : tuple of str
        Names of the contacts in the order of sliding: ``L-R1``, ``L-R2``, ...
    distance_ang : tuple of float
        Distance of the two contact atoms (Ang), ascending.
    log10_g : tuple of float
        log10(G/G0).

    Raises
    ------
    InputError
        If the lengths differ or the distances do not ascend.
    """

    names: tuple[str, ...]
    distance_ang: tuple[float, ...]
    log10_g: tuple[float, ...]

    def __post_init__(self) -> None:
        if not 0 < len(self.names) == len(self.distance_ang) == len(self.log10_g):
            raise InputError(
                f"a sliding series has {len(self.names)} names, {len(self.distance_ang)} distances and "
                f"{len(self.log10_g)} conductances; give one of each per site"
            )
        if not np.isfinite([*self.distance_ang, *self.log10_g]).all():
            raise InputError(
                "a sliding series has a distance or a conductance that is not a number; leave that site out"
            )
        if np.any(np.diff(self.distance_ang) <= 0):
            raise InputError(
                f"the distances {self.distance_ang} of a sliding series do not ascend; sort the sites by "
                f"distance"
            )

    def jump_sites(self, rise_decades: float = RISE_DECADES) -> tuple[int, ...]:
        """Return the sites (from 0) whose conductance is more than `rise_decades` above that of the previous site."""
        return tuple(int(site) + 1 for site in np.flatnonzero(np.diff(self.log10_g) > rise_decades))


@dataclass(frozen=True)
class TruePlateau:
    """The plateau of a site in a simulated trace.

    Attributes
    ----------
    start_nm, end_nm : float
        Recorded displacement of its ends (nm).
    log10_g : float
        log10(G/G0) in its middle, without noise.
    """

    start_nm: float
    end_nm: float
    log10_g: float


@dataclass(frozen=True)
class SimulatedTrace:
    """A simulated trace with its true sites and jump.

    Attributes
    ----------
    trace : Trace
        The trace as an instrument would record it.
    sites : int
        Number of sites that the contact visited before it broke off; 0 without a dot.
    jump_displacement_nm : float
        Recorded displacement of the last jump (nm); NaN without one.
    offset_nm : float
        Displacement of all plateaus together (nm).
    plateaus : tuple of TruePlateau
        Plateaus of the sites that the contact visited.
    """

    trace: Trace
    sites: int
    jump_displacement_nm: float
    offset_nm: float
    plateaus: tuple[TruePlateau, ...]

    @property
    def has_jump(self) -> bool:
        """Whether the contact slid onto a site of much higher conductance."""
        return bool(np.isfinite(self.jump_displacement_nm))


def simulate(
    series: SlidingSeries, settings: SimulationSettings | None = None, *, start: int = 0
) -> Iterator[SimulatedTrace]:
    """Yield an infinite stream of simulated traces; limit it with ``itertools.islice``.

    Parameters
    ----------
    series : SlidingSeries
        The computed series.
    settings : SimulationSettings, optional
        Settings of the model.
    start : int
        Number of the first trace. Trace i does not depend on where the stream starts.

    Yields
    ------
    SimulatedTrace
        A trace with its true sites and jump.
    """
    settings = settings or SimulationSettings()
    number = start
    while True:
        yield simulate_trace(series, settings, number)
        number += 1


def simulate_trace(series: SlidingSeries, settings: SimulationSettings, number: int) -> SimulatedTrace:
    """Return trace `number` of a series; see `simulate`."""
    random = np.random.default_rng([settings.seed, number])
    z = np.linspace(-settings.contact_nm, settings.length_nm - settings.contact_nm, settings.points)
    sites = _sites_reached(len(series.names), settings, random)
    # Numbers of their own, so that the others do not depend on the spread.
    offset = settings.offset_spread_nm * random.spawn(1)[0].standard_normal()
    first = settings.plateau_offset_nm + offset
    middles = first + 0.1 * (np.array(series.distance_ang) - series.distance_ang[0])
    ends = _plateau_ends(middles, settings, random)
    levels = np.array(series.log10_g) + settings.level_spread_decades * random.standard_normal()

    if settings.jump != "interference":
        sites = _with_second_path(series, levels, sites, settings, random)

    gap = z + settings.snap_back_nm + settings.snap_back_spread_nm * random.standard_normal()
    conductance = 10.0 ** (settings.solvent_log10_g - settings.solvent_decades_per_nm * gap)
    if sites:
        bound = z < ends[sites - 1]
        conductance[bound] += 10.0 ** _sliding_log10_g(
            z[bound], levels[:sites], middles[:sites], ends, settings
        )
    gold = z < 0
    # From ten conductance quanta down to the last one, which lasts for a while before it breaks.
    conductance[gold] = 10.0 ** np.clip(-1.4 * z[gold] / settings.contact_nm - 0.4, 0.0, None)

    recorded = _recorded(conductance, z[1] - z[0], settings, random)
    drift = settings.drift_nm / settings.length_nm * random.standard_normal()
    reading = z + drift * (z - z[0])
    jumps = np.flatnonzero(np.diff(levels[:sites]) > RISE_DECADES) + 1
    jump = float(np.interp(ends[jumps[-1] - 1], z, reading)) if len(jumps) else float("nan")
    starts = np.append(0.0, ends[:-1])
    slope = settings.slope_decades_per_nm
    inside = levels - slope * ((starts + ends) / 2 - middles)
    plateaus = tuple(
        TruePlateau(start, end, level)
        for start, end, level in zip(
            *(np.interp(at[:sites], z, reading).tolist() for at in (starts, ends)),
            inside[:sites].tolist(),
            strict=True,
        )
    )
    return SimulatedTrace(
        Trace(f"simulated-{number}", reading, recorded), sites, jump, float(offset), plateaus
    )


def write_simulation(path: str | Path, traces: Iterator[SimulatedTrace]) -> int:
    """Write simulated traces, one row each, with the true values in further columns; `open_traces` reads the file.

    Parameters
    ----------
    path : str or Path
        A ``.parquet`` file.
    traces : iterator of SimulatedTrace
        A finite stream.

    Returns
    -------
    int
        Number of traces written.

    Raises
    ------
    InputError
        If the name has another suffix.
    """
    path = Path(path)
    if path.suffix != ".parquet":
        raise InputError(
            f"{path}: simulated traces are written as .parquet; correct the suffix '{path.suffix}'"
        )
    schema = pa.schema(
        [
            ("trace", pa.string()),
            ("displacement_nm", pa.list_(pa.float64())),
            ("log10_g", pa.list_(pa.float64())),
            ("true_sites", pa.int64()),
            ("true_jump_displacement_nm", pa.float64()),
        ]
    )
    written = 0
    # A dictionary does not help for noise; its bytes compress better with sign and exponent split from the rest.
    columns = ["displacement_nm.list.element", "log10_g.list.element"]
    packed = {"compression": "zstd", "use_dictionary": ["trace"], "use_byte_stream_split": columns}
    with atomic_write(path) as temporary, pq.ParquetWriter(temporary, schema, **packed) as writer:
        for item in traces:
            row = [
                item.trace.name,
                item.trace.displacement_nm,
                item.trace.log10_g,
                item.sites,
                item.jump_displacement_nm,
            ]
            writer.write_batch(
                pa.record_batch(
                    [pa.array([value], field.type) for value, field in zip(row, schema, strict=True)],
                    schema=schema,
                )
            )
            written += 1
    return written


def is_simulation(path: str | Path) -> bool:
    """Return whether a file of traces was written by `write_simulation`."""
    path = Path(path)
    if path.suffix != ".parquet" or not path.is_file():
        return False
    return "true_sites" in pq.read_schema(path).names


def _sites_reached(sites: int, settings: SimulationSettings, random: np.random.Generator) -> int:
    if random.random() >= settings.bound_fraction:
        return 0
    slides = random.random(sites - 1) < settings.slide_fraction
    return 1 + int(np.logical_and.accumulate(slides).sum())


def _with_second_path(
    series: SlidingSeries,
    levels: NDArray[np.float64],
    sites: int,
    settings: SimulationSettings,
    random: np.random.Generator,
) -> int:
    """Put a second path in parallel in place of the first jump, or of the last site, and return the sites visited.

    The contact stays at the site before, and the conductance of the second path, at a random site, adds to it; then
    both break. `levels` is changed.
    """
    at = next(iter(series.jump_sites()), len(levels) - 1)
    if not 0 < at < sites:
        return sites
    computed = np.array(series.log10_g)
    if settings.jump == "second_contact":
        second = levels[random.choice(np.delete(np.arange(len(levels)), at - 1))]
    else:
        second = random.choice(computed) + settings.level_spread_decades * random.standard_normal()
    levels[at] = np.log10(10.0 ** levels[at - 1] + 10.0**second)
    return at + 1


def _plateau_ends(
    middles: NDArray[np.float64], settings: SimulationSettings, random: np.random.Generator
) -> NDArray[np.float64]:
    """Return the displacement at which each site is left: about half-way to the next, with a random spread."""
    half = np.diff(middles) / 2 if len(middles) > 1 else np.array([settings.plateau_offset_nm])
    ends = middles + np.append(half, half[-1])
    ends = ends + settings.position_spread_nm * random.standard_normal(len(ends))
    return np.maximum.accumulate(np.maximum(ends, 0.0))


def _sliding_log10_g(
    z: NDArray[np.float64],
    levels: NDArray[np.float64],
    middles: NDArray[np.float64],
    ends: NDArray[np.float64],
    settings: SimulationSettings,
) -> NDArray[np.float64]:
    scale = settings.transition_nm / _TEN_TO_NINETY
    total: NDArray[np.float64] = levels[0] - settings.slope_decades_per_nm * (z - middles[0])
    rises = np.diff(levels) + settings.slope_decades_per_nm * np.diff(middles)
    for rise, end in zip(rises, ends, strict=False):
        total += rise / (1 + np.exp(-np.clip((z - end) / scale, -50, 50)))
    return total


def _recorded(
    conductance: NDArray[np.float64],
    step_nm: float,
    settings: SimulationSettings,
    random: np.random.Generator,
) -> NDArray[np.float64]:
    """Return log10(G/G0) with the amplifier's floor and noise added."""
    floor = 10.0**settings.floor_log10_g
    signal = conductance / (conductance + floor)
    memory = np.exp(-step_nm / settings.flicker_nm)
    kicks = random.standard_normal(len(conductance)) * np.sqrt(1 - memory**2)
    kicks[0] = random.standard_normal()
    flicker = lfilter([1.0], [1.0, -memory], kicks)
    white = random.standard_normal(len(conductance))
    # Near its floor an amplifier shows only its own noise, not that of the junction.
    spread = settings.noise_decades * signal + settings.floor_noise_decades * (1 - signal)
    noise = spread * white + settings.flicker_decades * signal * flicker
    return np.asarray(np.log10(conductance + floor) + noise)
