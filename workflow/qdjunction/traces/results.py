"""Records of the analysis of traces."""

from dataclasses import dataclass
from typing import Annotated, Any

from qdjunction.core.results import NULL_IS_NAN, Real, Result
from qdjunction.traces.simmons import SimmonsFit
from qdjunction.traces.trace import BadTrace, ReasonCount


@dataclass(frozen=True)
class Stability:
    """How well classes found on subsamples agree, for one number of classes.

    Attributes
    ----------
    classes : int
        Number of classes.
    agreement_mean, agreement_min : float
        Adjusted Rand index of the classes of two subsamples on their common traces: 1 is the same
        division, 0 is chance (L. Hubert and P. Arabie, J. Classif. 2, 193 (1985)). Mean and minimum over the
        pairs of subsamples.
    silhouette : float
        Mean silhouette of the full sample: 1 is well separated, 0 is touching.
    """

    classes: int
    agreement_mean: float
    agreement_min: float
    silhouette: float


class PeakRecord(Result):
    """A Gaussian peak with its intervals, in the unit of the axis; `height` in counts per bin."""

    centre: float
    sigma: float
    height: float
    centre_interval: tuple[Real, Real]
    sigma_interval: tuple[Real, Real]


class Unfitted(Result):
    """A maximum of the residual of a fit: position, and height in standard errors."""

    centre: float
    height_errors: float


class PeakNumber(Result):
    """A number of peaks with its criterion; see `qdjunction.traces.peak_number`.

    Attributes
    ----------
    count : int
        Number of peaks.
    deviance : float
        Sum of the deviances of the groups, each predicted from the others.
    above_least : float
        How far that is above the least sum of all numbers.
    error : float
        Standard error of `above_least`.
    """

    count: int
    deviance: float
    above_least: float
    error: float


class FitRecord(Result):
    """Gaussian peaks on a constant background (counts per bin), or the reason why there are none.

    `unfitted` are maxima that the fit leaves over; `numbers` is the criterion by which the number of peaks was chosen.
    """

    reason: str = ""
    peaks: tuple[PeakRecord, ...] = ()
    background: float = 0.0
    unfitted: tuple[Unfitted, ...] = ()
    numbers: tuple[PeakNumber, ...] = ()


class Unused(Result):
    """Number of traces that were read and not used for the same reason."""

    reason: str
    count: int


class Assumption(Result):
    """An assumption, and the number of traces for which it was made."""

    assumed: str
    count: int


class SetSummary(Result):
    """Counts and fits of a set of traces.

    Attributes
    ----------
    name : str
        Name of the set.
    bias_v : float or None
        Bias (V), if it is known.
    source : str
        Folder or file of the traces.
    simulated : bool
        Whether they come from the forward model.
    traces, complete, selectable, jumps : int
        Traces read, with a window, with enough points for the jump rule, with a jump.
    jump_share : (float, float, float)
        Share of the selectable traces that have a jump, with its interval.
    confidence : float
        Confidence level of all intervals.
    bad : tuple of BadTrace
        Files left out with the reasons; `left_out` counts them by reason.
    unused, assumptions : tuple
        Traces read and not used, by reason; assumptions made.
    fits : mapping of str to FitRecord
        Fits by the name of the histogram.
    settings : mapping
        The settings of the analysis.
    """

    name: str = ""
    bias_v: float | None = None
    source: str
    simulated: bool
    traces: int
    complete: int
    selectable: int
    jumps: int
    jump_share: tuple[Real, Real, Real]
    confidence: float
    bad: tuple[BadTrace, ...]
    left_out: tuple[ReasonCount, ...] = ()
    unused: tuple[Unused, ...]
    assumptions: tuple[Assumption, ...]
    fits: dict[str, FitRecord]
    settings: dict[str, Any]
    provenance: dict[str, Any]


class PlateauRecord(Result):
    """The plateaus of one level.

    Attributes
    ----------
    level_log10_g : float
        The level, log10(G/G0).
    traces : int
        Traces with a plateau there.
    median_length_nm : float
        Median of their lengths (nm).
    displacement : FitRecord
        Fit of their displacements (nm).
    spacing_to_next_nm : (float, float, float) or None
        Distance to the plateau below with its interval (nm).
    """

    level_log10_g: float
    traces: int
    median_length_nm: Real
    displacement: FitRecord
    spacing_to_next_nm: tuple[Real, Real, Real] | None


class PlateauSummary(Result):
    """The plateaus of a set, the highest level first, or the reason why there are none."""

    traces: int
    half_width_decades: float
    shortest_nm: float
    confidence: float
    plateaus: tuple[PlateauRecord, ...]
    reason: str
    provenance: dict[str, Any]


class ClassSummary(Result):
    """The classes of a set, the largest first, or the reason why there are none.

    Attributes
    ----------
    sizes : tuple of int
        Traces of each class.
    profiles : tuple
        Mean share of a trace's points, for each class by bins of displacement and of conductance.
    log10_g_range, displacement_range_nm : (float, float)
        Ends of these bins (log10(G/G0); nm).
    stability : tuple of Stability
        Stability for each number of classes.
    eigenvalues : tuple of float
        Eigenvalues of the spectral embedding.
    """

    sizes: tuple[int, ...]
    profiles: tuple[tuple[tuple[float, ...], ...], ...]
    log10_g_range: tuple[float, float]
    displacement_range_nm: tuple[float, float]
    stability: tuple[Annotated[Stability, NULL_IS_NAN], ...]
    eigenvalues: tuple[Real, ...]
    reason: str
    provenance: dict[str, Any]


class NoiseRecord(Result):
    """Noise of the plateaus at one level: their number, and the exponent of the conductance with its interval."""

    level_log10_g: float
    plateaus: int
    exponent: tuple[Real, Real, Real]


class NoiseSummary(Result):
    """Noise of a set by level, between two spatial frequencies (1/nm), or the reason why there is none."""

    levels: tuple[NoiseRecord, ...]
    per_nm: tuple[float, float]
    confidence: float
    reason: str
    provenance: dict[str, Any]


class CorrelationSummary(Result):
    """Correlation histogram of a set: complete traces, and the coefficient that chance exceeds rarely."""

    traces: int
    chance: Real
    confidence: float
    reason: str
    provenance: dict[str, Any]


class OrderRecord(Result):
    """The plateaus of the same number in their traces: traces that have one, and quartiles (25, 50, 75 %).

    Attributes
    ----------
    traces : int
        Traces with at least so many plateaus.
    log10_g, length_nm, slope_decades_per_nm : (float, float, float)
        Quartiles of mean log10(G/G0), length (nm) and slope.
    """

    traces: int
    log10_g: tuple[Real, Real, Real]
    length_nm: tuple[Real, Real, Real]
    slope_decades_per_nm: tuple[Real, Real, Real]


class SegmentSummary(Result):
    """Plateaus of single traces: traces by their number of plateaus, from none on, and `orders` from the first.

    The last entry of `numbers` also counts traces with more plateaus than are distinguished.
    """

    traces: int
    numbers: tuple[int, ...]
    orders: tuple[OrderRecord, ...]
    shortest_nm: float
    smallest_step_decades: float
    steepest_decades_per_nm: float
    reason: str
    provenance: dict[str, Any]


class AlignSummary(Result):
    """Alignment of a set by cross-correlation, or the reason why there is none.

    Attributes
    ----------
    largest_shift_nm : float
        Limit of the shifts (nm).
    traces, at_limit : int
        Traces aligned, and those whose shift is at the limit.
    shift_quartiles_nm : (float, float, float)
        Quartiles of the shifts (nm).
    gain, control_gain : float
        Mean correlation with the mean after and before the alignment, as ratio: of the sample, and of a control without
        common shifts.
    repetitions : int
        Number of repetitions.
    converged : bool
        Whether the last repetition no longer raised the correlation.
    before, after : tuple
        Steps of displacement of all traces by bins of displacement and of conductance, over the two ranges.
    """

    largest_shift_nm: float
    traces: int = 0
    at_limit: int = 0
    shift_quartiles_nm: tuple[Real, Real, Real] | None = None
    gain: Real = float("nan")
    control_gain: Real = float("nan")
    repetitions: int = 0
    converged: bool = False
    displacement_range_nm: tuple[float, float] | None = None
    log10_g_range: tuple[float, float] | None = None
    before: tuple[tuple[int, ...], ...] = ()
    after: tuple[tuple[int, ...], ...] = ()
    reason: str
    provenance: dict[str, Any]


class RivalRecord(Result):
    """A hypothesis fitted to the jumps.

    Attributes
    ----------
    hypothesis : str
        Its name in `qdjunction.traces.rivals.HYPOTHESES`.
    log_likelihood : float
        Natural logarithm of the largest likelihood, with the prior of the errors of the computed conductances.
    bic : float
        Bayesian information criterion.
    levels_log10_g : tuple of float
        Conductances of the sites as fitted, log10(G/G0).
    shared_decades, own_decades : float
        Widths over the traces: of the shift of all levels of a dot, and of a single plateau.
    before_log10_g, height_decades : tuple of float
        Predicted level before the jump and height, by transition that the rule can select.
    """

    hypothesis: str
    log_likelihood: float
    bic: float
    levels_log10_g: tuple[float, ...]
    shared_decades: float
    own_decades: float
    before_log10_g: tuple[float, ...]
    height_decades: tuple[float, ...]


class RivalSummary(Result):
    """Hypotheses about the jumps of a set: computed conductances, jumps found and compared, fits, the one decided for.

    `sites` are the names of the sites if the study computed their conductances; `verdict` is empty if the criterion of
    no hypothesis is decisively below all others.
    """

    levels_log10_g: tuple[float, ...]
    sites: tuple[str, ...] = ()
    spread_decades: float
    jumps: int
    compared: int
    fits: tuple[RivalRecord, ...]
    verdict: str
    reason: str
    provenance: dict[str, Any]


class BiasPoint(Result):
    """The peak that is followed, in the set at one bias (V), as log10(G/G0) with its interval."""

    set: str
    bias_v: float
    log10_g: float
    log10_g_interval: tuple[Real, Real]


class BiasSummary(Result):
    """A bias series with its Simmons fit, or the reason why there is none."""

    name: str
    level_log10_g: float
    points: tuple[BiasPoint, ...]
    fit: Annotated[SimmonsFit, NULL_IS_NAN] | None
    confidence: float
    reason: str
    provenance: dict[str, Any]


class SiteRecord(Result):
    """A site of a sliding series: distance of the contact atoms (Ang) and conductance, log10(G/G0)."""

    name: str
    distance_ang: float
    log10_g: float
