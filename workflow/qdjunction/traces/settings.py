"""Every threshold of the trace analysis, its unit and its default.

The defaults of `JumpSettings` are those of the selection published with Zheng et al., Nat. Commun. 10, 5458
(2019).
"""

from itertools import combinations
from math import isclose, isfinite
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from qdjunction.core.errors import InputError
from qdjunction.core.limits import Length, Log10Conductance, Nanometres
from qdjunction.core.schema import Section
from qdjunction.traces.analyses.registry import ANALYSES

Fraction = Annotated[float, Field(ge=0, le=1)]


class ReadSettings(Section):
    """Columns and units of the trace files."""

    pattern: str = "*"
    """Pattern of the file names to read in a folder, e.g. `goodtrace-trace-*.txt`; hidden files are never read."""
    displacement_unit: Literal["nm", "ang", "pm", "um", "m", "volts"] = "nm"
    """Unit of the displacement; piezo `volts` need `nm_per_volt`. A file that names another unit is left out."""
    conductance_unit: Literal[
        "log10_g0",
        "g0",
        "siemens",
        "microsiemens",
        "nanosiemens",
        "amperes",
        "microamperes",
        "nanoamperes",
        "picoamperes",
        "volts",
    ] = "log10_g0"
    """Unit of the conductance column: log10(G/G0), G/G0, G in S, uS or nS, a current, which needs `bias_v`, or the
    volts of its amplifier, which also need `gain_v_per_a`."""
    displacement_column: int = Field(default=0, ge=0, le=10_000)
    """Column of the displacement in a text file, the first being 0."""
    conductance_column: int = Field(default=1, ge=0, le=10_000)
    """Column of the conductance in a text file, the first being 0."""
    trace_column: int | None = Field(default=None, ge=0, le=10_000)
    """Column of the trace number in a text file with several traces; by default they are split at restarts."""
    nm_per_volt: float | None = Field(default=None, ge=-1e5, le=1e5)
    """Calibration of the piezo (nm/V), negative if the electrodes separate as the voltage falls."""
    reverse_displacement: bool = False
    """Whether the displacement falls while the junction opens, in any unit; volts may have a negative `nm_per_volt`
    instead."""
    bias_v: float | None = Field(default=None, ge=-5, le=5)
    """Bias to convert a current into a conductance (V), negative if the current is; by default that of the set, from
    which it may differ only in its sign."""
    gain_v_per_a: float | None = Field(default=None, ge=-1e15, le=1e15)
    """Gain of the current amplifier (V/A), negative if it inverts."""
    direction: Literal["pull", "push"] = "pull"
    """Traces to analyse where the displacement goes back and forth: of the opening or of the closing junction; those of
    the other direction are left out. Traces of a closing junction are reversed, so that their displacement rises."""

    @model_validator(mode="after")
    def _columns_and_calibrations(self) -> "ReadSettings":
        columns = {
            name: getattr(self, name)
            for name in ("displacement_column", "conductance_column", "trace_column")
            if getattr(self, name) is not None
        }
        for (first, column), (second, other) in combinations(columns.items(), 2):
            if column == other:
                raise ValueError(f"{first} and {second} are both {column}; choose two different columns")
        if self.nm_per_volt is not None and not (isfinite(self.nm_per_volt) and self.nm_per_volt != 0):
            raise ValueError(
                f"nm_per_volt = {self.nm_per_volt} is no calibration; give the nm that 1 V moves"
            )
        for name, unit in (("bias_v", "V"), ("gain_v_per_a", "V/A")):
            if (value := getattr(self, name)) is not None and not (isfinite(value) and value != 0):
                raise ValueError(f"{name} = {value}: give a number of {unit} other than zero")
        if self.conductance_unit == "volts" and self.gain_v_per_a is None:
            raise ValueError("conductance_unit is volts; give the gain of the amplifier as gain_v_per_a")
        if self.displacement_unit == "volts" and self.nm_per_volt is None:
            raise ValueError("displacement_unit is volts; give the calibration of the piezo as nm_per_volt")
        return self

    @property
    def needs_bias(self) -> bool:
        """Whether the conductance column is a current, or the volts of its amplifier."""
        return self.conductance_unit == "volts" or self.conductance_unit.endswith("amperes")

    def at_bias(self, bias_v: float) -> "ReadSettings":
        """Return the settings for traces that were measured at a bias.

        Parameters
        ----------
        bias_v : float
            The bias (V). `ReadSettings.bias_v` may make it negative.

        Raises
        ------
        InputError
            If `ReadSettings.bias_v` is another bias.
        """
        if self.bias_v is None:
            return self.model_copy(update={"bias_v": bias_v})
        if not isclose(self.bias_v, bias_v) and not isclose(self.bias_v, -abs(bias_v)):
            raise InputError(
                f"its bias is {bias_v:g} V, but traces.read.bias_v is {self.bias_v:g}; leave the latter out, or give "
                f"{-abs(bias_v):g} for currents that are counted the other way"
            )
        return self


class JumpSettings(Section):
    """The selection of traces with a conductance jump, as published."""

    upper_log10_g: Log10Conductance = 0.8
    """The window starts at the last point above this log10(G/G0)."""
    lower_log10_g: Log10Conductance = -7.0
    """The window ends at the first point below this log10(G/G0); traces without a window are dropped."""
    resampled_points: int = Field(default=5000, ge=2, le=1_000_000)
    """Number of points to which a window is resampled; a window with fewer is dropped."""
    rise_points: int = Field(default=30, ge=1, le=1_000_000)
    """A jump rises within this many resampled points ..."""
    rise_decades: float = Field(default=0.4, gt=0, le=20)
    """... by more than this many decades."""
    foot_lower_log10_g: Log10Conductance = -6.0
    """A jump starts above this log10(G/G0) ..."""
    foot_upper_log10_g: Log10Conductance = -4.5
    """... and below this one."""
    points_before: int = Field(default=150, ge=1, le=1_000_000)
    """Number of resampled points kept before the foot of the jump."""
    points_after: int = Field(default=250, ge=1, le=1_000_000)
    """Number of resampled points kept from the foot on, the foot included."""
    peak_search_points: tuple[int, int] = (-31, 149)
    """Range in which the top of the jump is searched, in resampled points from the foot, both ends included."""
    height_search_points: tuple[int, int] = (9, 149)
    """Range in which the largest conductance, for the jump height, is searched, likewise."""

    @model_validator(mode="after")
    def _ordered(self) -> "JumpSettings":
        if not self.lower_log10_g < self.upper_log10_g:
            raise ValueError(
                f"lower_log10_g = {self.lower_log10_g} is not below upper_log10_g = {self.upper_log10_g}"
            )
        if not self.foot_lower_log10_g < self.foot_upper_log10_g:
            raise ValueError(
                f"foot_lower_log10_g = {self.foot_lower_log10_g} is not below "
                f"foot_upper_log10_g = {self.foot_upper_log10_g}"
            )
        if self.resampled_points < max(self.points_before + self.points_after, self.rise_points + 3):
            raise ValueError(
                f"resampled_points = {self.resampled_points} cannot hold a window of {self.points_before} "
                f"points "
                f"before and {self.points_after} after a jump; set more points or a shorter window"
            )
        for name in ("peak_search_points", "height_search_points"):
            first, last = getattr(self, name)
            if not -self.points_before <= first <= last < self.points_after:
                raise ValueError(
                    f"{name} = {(first, last)} does not lie within the window of {-self.points_before} to "
                    f"{self.points_after - 1} points around the foot"
                )
        return self


class HistogramSettings(Section):
    """Bins and axes of the histograms."""

    log10_g_range: tuple[Log10Conductance, Log10Conductance] = (-8.0, 1.0)
    """Conductance axis, log10(G/G0)."""
    log10_g_bins: int = Field(default=900, ge=2, le=10_000)
    """Bins of the conductance axis."""
    displacement_range_nm: tuple[Nanometres, Nanometres] = (-0.5, 4.0)
    """Displacement axis (nm), zero where the gold contact breaks."""
    displacement_bins: int = Field(default=450, ge=2, le=10_000)
    """Bins of the displacement axis."""
    zero_log10_g: Log10Conductance = -0.3
    """The zero of displacement is the last point above this log10(G/G0): the gold contact breaks there."""
    aligned_range_nm: tuple[Nanometres, Nanometres] = (-0.1, 0.17)
    """Displacement axis of the jump-aligned histogram (nm), zero at the foot of the jump."""
    aligned_log10_g_range: tuple[Log10Conductance, Log10Conductance] = (-1.4, 1.4)
    """Conductance axis of the jump-aligned histogram, decades from the foot of the jump."""
    aligned_bins: int = Field(default=200, ge=2, le=10_000)
    """Bins of either axis of the jump-aligned histogram."""
    cut_log10_g: Log10Conductance = -5.4
    """The displacement distribution is taken where a trace first falls below this log10(G/G0)."""
    groups: int = Field(default=32, ge=8, le=1_000_000)
    """Groups of traces that the delete-a-group jackknife of every interval leaves out in turn."""

    @model_validator(mode="after")
    def _ordered(self) -> "HistogramSettings":
        for name in ("log10_g_range", "displacement_range_nm", "aligned_range_nm", "aligned_log10_g_range"):
            low, high = getattr(self, name)
            if not low < high:
                raise ValueError(f"{name} = {(low, high)} is empty; give the lower end first")
        return self


class PeakSettings(Section):
    """Gaussian peaks of the one-dimensional conductance histogram."""

    count: Annotated[int, Field(ge=1, le=12)] | Literal["auto"] = 3
    """Number of peaks; `auto` chooses it by an information criterion over groups of traces."""
    fit_range_log10_g: tuple[Log10Conductance, Log10Conductance] = (-6.0, -0.8)
    """Part of the conductance axis that is fitted, log10(G/G0)."""
    guesses_log10_g: tuple[Log10Conductance, ...] = ()
    """Approximate positions of the peaks, log10(G/G0); by default the most prominent maxima."""
    confidence: float = Field(default=0.95, gt=0, lt=1)
    """Confidence level of the intervals."""

    @model_validator(mode="after")
    def _as_many_guesses_as_peaks(self) -> "PeakSettings":
        low, high = self.fit_range_log10_g
        if not low < high:
            raise ValueError(f"fit_range_log10_g = {(low, high)} is empty; give the lower end first")
        if self.guesses_log10_g and len(self.guesses_log10_g) != self.count != "auto":
            raise ValueError(
                f"{len(self.guesses_log10_g)} guesses for {self.count} peaks; give one guess per peak, or none"
            )
        if self.guesses_log10_g and self.count == "auto":
            raise ValueError("count is auto, and guesses_log10_g are given; give one of them")
        if any(not low < guess < high for guess in self.guesses_log10_g):
            raise ValueError(
                f"guesses_log10_g = {self.guesses_log10_g} are not all within the fitted range {(low, high)}"
            )
        return self


class PlateauSettings(Section):
    """Plateau lengths and displacements."""

    half_width_decades: float = Field(default=0.5, gt=0, le=20)
    """A plateau is the part of a trace within this many decades of the level of its peak."""
    shortest_nm: float = Field(default=0.25, ge=0, le=1000)
    """Shortest plateau (nm); tunnelling, which is not a plateau, passes a decade in 0.2 nm at 5 decades/nm."""


class ClassSettings(Section):
    """Spectral clustering of single traces."""

    number: int = Field(default=5, ge=2, le=20)
    """Number of classes."""
    sample_traces: int = Field(default=1500, ge=50, le=1_000_000)
    """Number of randomly drawn traces on which the classes are found; others join that of their nearest neighbours."""
    log10_g_bins: int = Field(default=24, ge=4, le=10_000)
    """Conductance bins of the features of a trace."""
    displacement_bins: int = Field(default=8, ge=1, le=10_000)
    """Displacement bins of the features of a trace; 1 ignores the displacement."""
    log10_g_range: tuple[Log10Conductance, Log10Conductance] = (-6.5, -0.5)
    """Conductance range of the features, log10(G/G0)."""
    displacement_range_nm: tuple[Nanometres, Nanometres] = (0.0, 2.5)
    """Displacement range of the features (nm), zero where the gold contact breaks."""
    neighbours: int = Field(default=20, ge=2, le=1_000_000)
    """Number of nearest neighbours to which a trace is linked."""
    repeats: int = Field(default=10, ge=2, le=1_000_000)
    """Number of subsamples on which the stability is measured."""
    subsample: float = Field(default=0.8, gt=0.5, lt=1)
    """Fraction of the sample in each subsample."""
    largest_classes: int = Field(default=8, ge=2, le=20)
    """Stability is computed for 2 up to this many classes."""
    seed: int = Field(default=0, ge=0, lt=2**32)
    """Seed of all random numbers."""

    @model_validator(mode="after")
    def _enough_traces(self) -> "ClassSettings":
        for name in ("log10_g_range", "displacement_range_nm"):
            low, high = getattr(self, name)
            if not low < high:
                raise ValueError(f"{name} = {(low, high)} is empty; give the lower end first")
        return self


class NoiseSettings(Section):
    """Flicker noise of the plateaus."""

    per_nm: tuple[float, float] = (20.0, 200.0)
    """Spatial frequencies between which the noise power is integrated (1/nm): temporal ones over the pulling speed."""

    @model_validator(mode="after")
    def _ordered(self) -> "NoiseSettings":
        low, high = self.per_nm
        if not 0 < low < high <= 1e6:
            raise ValueError(
                f"per_nm = {self.per_nm} are no two frequencies; give the lower one first, above zero"
            )
        return self


class CorrelationSettings(Section):
    """Two-dimensional correlation histogram."""

    log10_g_range: tuple[Log10Conductance, Log10Conductance] = (-6.5, -0.5)
    """Conductance axis, log10(G/G0)."""
    bins: int = Field(default=100, ge=2, le=1000)
    """Bins of the axis."""

    @model_validator(mode="after")
    def _ordered(self) -> "CorrelationSettings":
        if not self.log10_g_range[0] < self.log10_g_range[1]:
            raise ValueError(f"log10_g_range = {self.log10_g_range} is empty; give the lower end first")
        return self


class AlignSettings(Section):
    """Alignment of traces along the displacement by cross-correlation."""

    largest_shift_nm: float = Field(default=0.3, gt=0, le=100)
    """Largest shift of a trace (nm), in either direction."""
    step_nm: float = Field(default=0.01, gt=0, le=10)
    """Step of the displacement (nm)."""
    log10_g_range: tuple[Log10Conductance, Log10Conductance] = (-6.5, -0.8)
    """Conductances that are compared, log10(G/G0): below gold and above the floor, which would hold
    every trace fast."""
    tolerance_decades: float = Field(default=0.3, gt=0, le=5)
    """Traces whose conductances differ by about this much still overlap (decades); take at least the spread of a level
    over the traces, or a difference in level is mistaken for a shift along a sloped plateau."""
    sample_traces: int = Field(default=1500, ge=20, le=1_000_000)
    """Number of randomly drawn traces whose mean all traces are aligned with."""
    iterations: int = Field(default=30, ge=1, le=1000)
    """Most repetitions of shifting the traces and averaging them."""
    seed: int = Field(default=0, ge=0, lt=2**32)
    """Seed of the random numbers."""

    @model_validator(mode="after")
    def _ordered(self) -> "AlignSettings":
        if not self.log10_g_range[0] < self.log10_g_range[1]:
            raise ValueError(f"log10_g_range = {self.log10_g_range} is empty; give the lower end first")
        if not self.step_nm <= self.largest_shift_nm <= 1000 * self.step_nm:
            raise ValueError(
                f"largest_shift_nm = {self.largest_shift_nm} is not 1 to 1000 steps of step_nm = {self.step_nm}"
            )
        return self


class SegmentSettings(Section):
    """Plateaus of single traces, without levels of the histogram."""

    step_nm: float = Field(default=0.01, gt=0, le=10)
    """Step of the displacement over which the trace is averaged (nm)."""
    shortest_nm: float = Field(default=0.1, gt=0, le=1000)
    """Shortest plateau (nm)."""
    smallest_step_decades: float = Field(default=0.7, gt=0, le=20)
    """Smallest step that divides two plateaus of the shortest length (decades); one of half the size divides plateaus
    four times as long."""
    steepest_decades_per_nm: float = Field(default=2.5, gt=0, le=1000)
    """Steepest plateau (decades/nm); what is steeper is a transition or tunnelling."""
    log10_g_range: tuple[Log10Conductance, Log10Conductance] = (-6.5, -0.5)
    """Conductances of plateaus, log10(G/G0): above the noise floor and below gold."""

    @model_validator(mode="after")
    def _ordered(self) -> "SegmentSettings":
        if not self.log10_g_range[0] < self.log10_g_range[1]:
            raise ValueError(f"log10_g_range = {self.log10_g_range} is empty; give the lower end first")
        if self.shortest_nm < 3 * self.step_nm:
            raise ValueError(
                f"shortest_nm = {self.shortest_nm} is less than three steps of step_nm = {self.step_nm}; "
                "make the steps smaller"
            )
        return self


class RivalSettings(Section):
    """Interference jump against two contacts or two dots in parallel."""

    levels_log10_g: tuple[Log10Conductance, ...] = ()
    """Computed log10(G/G0) of the sites in the order of sliding; by default those of the prediction that the set is
    drawn with, and without one nothing is compared."""
    spread_decades: float = Field(default=0.3, gt=0, le=5)
    """Standard deviation of the error of a computed conductance (decades)."""


class SimulationSettings(Section):
    """The forward model: from conductances at contact sites to traces."""

    points: int = Field(default=20_000, ge=100, le=1_000_000)
    """Number of points of a trace."""
    length_nm: Length = 4.0
    """Displacement over a trace (nm)."""
    contact_nm: Length = 0.4
    """Displacement before the gold contact breaks (nm): G falls from a few G0 to 1 G0."""
    snap_back_nm: float = Field(default=0.5, ge=0, le=1000)
    """Gap that opens at once when the gold contact breaks (nm)."""
    snap_back_spread_nm: float = Field(default=0.05, ge=0, le=1000)
    """Standard deviation of the snap-back over traces (nm)."""
    bound_fraction: Fraction = 0.85
    """Fraction of traces with a dot; the others only tunnel through the solvent."""
    slide_fraction: Fraction = 0.9
    """Probability that a contact slides to the next site instead of breaking off."""
    plateau_offset_nm: Nanometres = 0.18
    """Middle of the first plateau (nm); the others follow at the distances between the sites."""
    offset_spread_nm: float = Field(default=0.0, ge=0, le=1000)
    """Standard deviation over traces of the displacement of all plateaus together (nm)."""
    position_spread_nm: float = Field(default=0.05, ge=0, le=1000)
    """Standard deviation of the displacement at which a contact slides to the next site (nm)."""
    level_spread_decades: float = Field(default=0.15, ge=0, le=20)
    """Standard deviation of log10 G of a plateau over traces, shared by all plateaus of a trace."""
    slope_decades_per_nm: float = Field(default=0.6, ge=0, le=100)
    """Decrease of log10 G along a plateau (decades/nm); its middle has the computed conductance."""
    transition_nm: Length = 0.015
    """Width of the transition from one site to the next (nm), from 10 % to 90 %."""
    jump: Literal["interference", "second_contact", "second_dot"] = "interference"
    """What makes a jump: the next site, or at its place a second contact of the dot or a second dot in parallel."""
    solvent_log10_g: Log10Conductance = -1.5
    """log10(G/G0) of tunnelling through the solvent, extrapolated to zero gap."""
    solvent_decades_per_nm: float = Field(default=5.0, gt=0, le=100)
    """Decrease of the solvent tunnelling with the gap (decades/nm)."""
    floor_log10_g: Log10Conductance = -7.4
    """log10(G/G0) of the amplifier's noise floor."""
    floor_noise_decades: float = Field(default=0.2, ge=0, le=20)
    """Standard deviation of log10 G at the noise floor."""
    noise_decades: float = Field(default=0.02, ge=0, le=20)
    """Standard deviation of the white noise of log10 G above the floor."""
    flicker_decades: float = Field(default=0.05, ge=0, le=20)
    """Standard deviation of the slow (exponentially correlated) noise of log10 G above the floor."""
    flicker_nm: Length = 0.1
    """Correlation length of the slow noise (nm)."""
    drift_nm: float = Field(default=0.0, ge=0, le=1000)
    """Standard deviation of the drift of the displacement reading over a trace (nm)."""
    seed: int = Field(default=0, ge=0, lt=2**32)
    """Seed of all random numbers; trace i does not depend on the number of traces."""

    @model_validator(mode="after")
    def _contact_inside_the_trace(self) -> "SimulationSettings":
        if not self.contact_nm < self.length_nm:
            raise ValueError(
                f"contact_nm = {self.contact_nm} fills the trace of length_nm = {self.length_nm}; "
                f"make it shorter"
            )
        return self


class TracesSettings(Section):
    """Break-junction traces: reading, selection, histograms, classes and the forward model."""

    read: ReadSettings = ReadSettings()
    """Columns and units of the trace files."""
    jump: JumpSettings = JumpSettings()
    """Selection of the traces with a jump."""
    histogram: HistogramSettings = HistogramSettings()
    """Bins and axes."""
    peaks: PeakSettings = PeakSettings()
    """Gaussian peaks of the conductance histogram."""
    plateaus: PlateauSettings = PlateauSettings()
    """Plateau lengths and displacements."""
    classes: ClassSettings = ClassSettings()
    """Classes of traces, by spectral clustering."""
    noise: NoiseSettings = NoiseSettings()
    """Flicker noise."""
    correlate: CorrelationSettings = CorrelationSettings()
    """Correlation histogram."""
    align: AlignSettings = AlignSettings()
    """Alignment by cross-correlation."""
    segments: SegmentSettings = SegmentSettings()
    """Plateaus of single traces."""
    rivals: RivalSettings = RivalSettings()
    """Rivals of the interference jump."""
    analyses: tuple[str, ...] | None = None
    """Analyses to run, by the names of their commands, such as `[plateaus, classes]`; by default all, and an empty list
    for none."""
    simulation: SimulationSettings = SimulationSettings()
    """The forward model."""

    @field_validator("analyses")
    @classmethod
    def _known(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for name in names or ():
            if name not in ANALYSES:
                raise ValueError(f"there is no analysis '{name}'; choose among {', '.join(ANALYSES)}")
        return names

    @property
    def enabled(self) -> tuple[str, ...]:
        """Names of the analyses to run."""
        return tuple(name for name in ANALYSES if self.analyses is None or name in self.analyses)
