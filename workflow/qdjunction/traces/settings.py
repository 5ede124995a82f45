"""Every threshold of the trace analysis, its unit and its default.

The defaults of `JumpSettings` are those of the selection published with Zheng et al., Nat. Commun. 10, 5458
(2019).
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from qdjunction.core.schema import Section

Positive = Annotated[float, Field(gt=0)]
Fraction = Annotated[float, Field(ge=0, le=1)]


class ReadSettings(Section):
    """What the columns of the files hold."""

    pattern: str = "*"
    """File names to read in a folder, e.g. `goodtrace-trace-*.txt`; hidden files are never read."""
    displacement_unit: Literal["nm", "ang", "pm", "um", "m"] = "nm"
    """Unit of the displacement. A file that names another unit for it is an error."""
    conductance_unit: Literal["log10_g0", "g0", "siemens", "nanosiemens"] = "log10_g0"
    """What the conductance column holds: log10(G/G0), G/G0, or G in S or nS."""
    displacement_column: int = Field(default=0, ge=0)
    """Column of the displacement in a text file, the first being 0."""
    conductance_column: int = Field(default=1, ge=0)
    """Column of the conductance in a text file, the first being 0."""

    @model_validator(mode="after")
    def _two_columns(self) -> "ReadSettings":
        if self.displacement_column == self.conductance_column:
            raise ValueError(
                f"displacement_column and conductance_column are both {self.displacement_column}; "
                "they are two different columns"
            )
        return self


class JumpSettings(Section):
    """The selection of traces with a conductance jump, as published."""

    upper_log10_g: float = 0.8
    """The window opens at the last point above this log10(G/G0)."""
    lower_log10_g: float = -7.0
    """The window closes at the first point below this log10(G/G0); other traces are dropped."""
    resampled_points: int = Field(default=5000, ge=2)
    """Points a window is resampled to; a window with fewer is dropped."""
    rise_points: int = Field(default=30, ge=1)
    """A jump rises within this many resampled points ..."""
    rise_decades: Positive = 0.4
    """... by more than this many decades."""
    foot_lower_log10_g: float = -6.0
    """A jump starts above this log10(G/G0) ..."""
    foot_upper_log10_g: float = -4.5
    """... and below this one."""
    points_before: int = Field(default=150, ge=1)
    """Resampled points kept before the foot of the jump."""
    points_after: int = Field(default=250, ge=1)
    """Resampled points kept from the foot on, the foot included."""
    peak_search_points: tuple[int, int] = (-31, 149)
    """Where the top of the jump is looked for, in resampled points from the foot, both ends included."""
    height_search_points: tuple[int, int] = (9, 149)
    """Where the largest conductance that makes the jump height is looked for, likewise."""

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
                f"before and {self.points_after} after a jump; ask for more points or a shorter window"
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

    log10_g_range: tuple[float, float] = (-8.0, 1.0)
    """Conductance axis, log10(G/G0)."""
    log10_g_bins: int = Field(default=900, ge=2)
    """Bins of the conductance axis."""
    displacement_range_nm: tuple[float, float] = (-0.5, 4.0)
    """Displacement axis (nm), zero where the gold contact breaks."""
    displacement_bins: int = Field(default=450, ge=2)
    """Bins of the displacement axis."""
    zero_log10_g: float = -0.3
    """The zero of displacement is the last point above this log10(G/G0): the gold contact breaks there."""
    aligned_range_nm: tuple[float, float] = (-0.1, 0.17)
    """Displacement axis of the jump-aligned histogram (nm), zero at the foot of the jump."""
    aligned_log10_g_range: tuple[float, float] = (-1.4, 1.4)
    """Conductance axis of the jump-aligned histogram, decades from the foot of the jump."""
    aligned_bins: int = Field(default=200, ge=2)
    """Bins of either axis of the jump-aligned histogram."""
    cut_log10_g: float = -5.4
    """The displacement distribution is taken where a trace first falls below this log10(G/G0)."""
    groups: int = Field(default=32, ge=8)
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

    count: int = Field(default=3, ge=1, le=12)
    """Number of peaks."""
    fit_range_log10_g: tuple[float, float] = (-6.0, -0.8)
    """Part of the conductance axis that is fitted, log10(G/G0)."""
    guesses_log10_g: tuple[float, ...] = ()
    """Where the peaks are about, log10(G/G0); by default the most prominent maxima."""
    confidence: float = Field(default=0.95, gt=0, lt=1)
    """Confidence of the intervals."""

    @model_validator(mode="after")
    def _as_many_guesses_as_peaks(self) -> "PeakSettings":
        low, high = self.fit_range_log10_g
        if not low < high:
            raise ValueError(f"fit_range_log10_g = {(low, high)} is empty; give the lower end first")
        if self.guesses_log10_g and len(self.guesses_log10_g) != self.count:
            raise ValueError(
                f"{len(self.guesses_log10_g)} guesses for {self.count} peaks; give one guess a peak, or none"
            )
        if any(not low < guess < high for guess in self.guesses_log10_g):
            raise ValueError(f"guesses_log10_g = {self.guesses_log10_g} leave the fitted range {(low, high)}")
        return self


class PlateauSettings(Section):
    """Plateau lengths and displacements."""

    half_width_decades: Positive = 0.5
    """A plateau is the part of a trace within this many decades of the level of its peak."""
    shortest_nm: float = Field(default=0.25, ge=0)
    """Shorter stays in the band are no plateau (nm): tunnelling at 5 decades/nm passes a decade in 0.2 nm."""


class ClusterSettings(Section):
    """Spectral clustering of single traces."""

    classes: int = Field(default=5, ge=2, le=20)
    """Number of classes."""
    sample_traces: int = Field(default=1500, ge=50)
    """Traces drawn at random to find the classes; all others join that of their nearest neighbours."""
    log10_g_bins: int = Field(default=24, ge=4)
    """Conductance bins of the features of a trace."""
    displacement_bins: int = Field(default=8, ge=1)
    """Displacement bins of the features of a trace; 1 forgets the displacement."""
    log10_g_range: tuple[float, float] = (-6.5, -0.5)
    """Conductance range of the features, log10(G/G0)."""
    displacement_range_nm: tuple[float, float] = (0.0, 2.5)
    """Displacement range of the features (nm), zero where the gold contact breaks."""
    neighbours: int = Field(default=20, ge=2)
    """Nearest neighbours that a trace is linked to."""
    repeats: int = Field(default=10, ge=2)
    """Subsamples on which the stability is measured."""
    subsample: float = Field(default=0.8, gt=0.5, lt=1)
    """Share of the sample in each of them."""
    largest_classes: int = Field(default=8, ge=2, le=20)
    """Stability is shown for 2 up to this many classes."""
    seed: int = Field(default=0, ge=0)
    """Seed of every random draw."""

    @model_validator(mode="after")
    def _enough_traces(self) -> "ClusterSettings":
        for name in ("log10_g_range", "displacement_range_nm"):
            low, high = getattr(self, name)
            if not low < high:
                raise ValueError(f"{name} = {(low, high)} is empty; give the lower end first")
        return self


class SimulationSettings(Section):
    """The forward model: from conductances at contact sites to traces."""

    points: int = Field(default=20_000, ge=100)
    """Points of a trace."""
    length_nm: Positive = 4.0
    """Displacement of a whole trace (nm)."""
    contact_nm: Positive = 0.4
    """Displacement before the gold contact breaks (nm): G falls from a few G0 to 1 G0."""
    snap_back_nm: float = Field(default=0.5, ge=0)
    """Gap that opens at once when the gold contact breaks (nm)."""
    snap_back_spread_nm: float = Field(default=0.05, ge=0)
    """Standard deviation of the snap-back over traces (nm)."""
    bound_fraction: Fraction = 0.85
    """Share of traces that hold a dot; the others tunnel through the solvent alone."""
    slide_fraction: Fraction = 0.9
    """Chance that a contact slides on to the next site instead of breaking off."""
    plateau_offset_nm: float = 0.18
    """Middle of the first plateau (nm); the others follow at the distances between the sites."""
    position_spread_nm: float = Field(default=0.05, ge=0)
    """Standard deviation of the displacement at which a contact slides on (nm)."""
    level_spread_decades: float = Field(default=0.15, ge=0)
    """Standard deviation of log10 G of a plateau over traces, shared by all plateaus of a trace."""
    slope_decades_per_nm: float = Field(default=0.6, ge=0)
    """Fall of log10 G along a plateau (decades/nm); its middle has the computed conductance."""
    transition_nm: Positive = 0.015
    """Width over which one site gives way to the next (nm), from 10 % to 90 %."""
    solvent_log10_g: float = -1.5
    """log10(G/G0) of tunnelling through the solvent at the moment of the snap-back's zero gap."""
    solvent_decades_per_nm: Positive = 5.0
    """Fall of the solvent tunnelling with the gap (decades/nm)."""
    floor_log10_g: float = -7.4
    """log10(G/G0) of the amplifier's noise floor."""
    floor_noise_decades: float = Field(default=0.2, ge=0)
    """Standard deviation of log10 G at the noise floor."""
    noise_decades: float = Field(default=0.02, ge=0)
    """Standard deviation of white noise of log10 G above the floor."""
    flicker_decades: float = Field(default=0.05, ge=0)
    """Standard deviation of slow (random-walk like) noise of log10 G above the floor."""
    flicker_nm: Positive = 0.1
    """Displacement over which the slow noise forgets itself (nm)."""
    drift_nm: float = Field(default=0.0, ge=0)
    """Standard deviation of the drift of the displacement reading over a whole trace (nm)."""
    seed: int = Field(default=0, ge=0)
    """Seed; trace i is the same whatever else is drawn."""

    @model_validator(mode="after")
    def _contact_inside_the_trace(self) -> "SimulationSettings":
        if not self.contact_nm < self.length_nm:
            raise ValueError(
                f"contact_nm = {self.contact_nm} fills the whole trace of length_nm = {self.length_nm}; "
                f"make it shorter"
            )
        return self


class TracesSettings(Section):
    """Break-junction traces: reading, selection, histograms, classes and the forward model."""

    read: ReadSettings = ReadSettings()
    """What the columns of the files hold."""
    jump: JumpSettings = JumpSettings()
    """Which traces have a jump."""
    histogram: HistogramSettings = HistogramSettings()
    """Bins and axes."""
    peaks: PeakSettings = PeakSettings()
    """Gaussian peaks of the conductance histogram."""
    plateaus: PlateauSettings = PlateauSettings()
    """Plateau lengths and displacements."""
    clusters: ClusterSettings = ClusterSettings()
    """Spectral clustering."""
    simulation: SimulationSettings = SimulationSettings()
    """The forward model."""
