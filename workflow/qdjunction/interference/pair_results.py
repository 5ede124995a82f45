"""Recorded results of the control over all pairs of a dot."""

import math

from qdjunction.core.provenance import Provenance
from qdjunction.core.results import Real, Result


class Following(Result):
    """Whether the conductances of computed junctions follow |g|^2 of the isolated dot.

    Attributes
    ----------
    junctions : tuple of str
        Names, in the order of the numbers.
    beside : tuple of str
        Junctions that are left out, since their tips stand side by side on one face of the dot.
    log10_g2 : tuple of float
        log10 of |g|^2 between their halides (1/eV^2).
    log10_conductance_G0 : tuple of float
        log10 of their thermal conductances at the headline energy (G0).
    rank_correlation, p_value : float
        Spearman's, and the chance of one as large among all orders of the junctions; nan for fewer than three.
    slope, slope_interval, intercept : float, (float, float), float
        log10 G = intercept + slope log10 |g|^2 by least squares, with the interval of the slope; 1 where T is
        proportional to |g|^2.
    scatter_decades : float
        Standard deviation of log10 G from that line (decades).
    follows : bool or None
        None where too few junctions were computed to tell.
    sentence : str
        The same in words.
    """

    junctions: tuple[str, ...]
    beside: tuple[str, ...] = ()
    log10_g2: tuple[float, ...]
    log10_conductance_G0: tuple[float, ...]
    rank_correlation: Real
    p_value: Real
    slope: Real
    slope_interval: tuple[Real, Real]
    intercept: Real
    scatter_decades: Real
    follows: bool | None
    sentence: str


class PairClass(Result):
    """The pairs of one relation, such as the two ends of a straight row.

    Attributes
    ----------
    relation : str
        ``straight row``, ``opposite faces``, ``same face`` or ``neighbouring faces``.
    pairs : int
        Number of pairs.
    median_decades, lowest_decades, highest_decades : float
        Height of log10 |g|^2 above the trend with the distance of all pairs that are on no row (decades); nan where
        these are too few, or too near each other in distance, for a trend.
    """

    relation: str
    pairs: int
    median_decades: Real
    lowest_decades: Real
    highest_decades: Real


class Term(Result):
    """One term of the regression of log10 |g|^2.

    Attributes
    ----------
    name : str
        ``distance``, ``row``, ``faces``, ``site``, ``bond`` or ``frontier``.
    coefficients : mapping of str to (float, float, float)
        Coefficient of each of its columns, with the ends of its interval.
    unique_share, unique_interval : float, (float, float)
        Part of the variance that is lost without the term, and its interval.
    alone_share : float
        Part of the variance that the term explains by itself.
    inflation : float
        Largest variance inflation factor of its columns.
    """

    name: str
    coefficients: dict[str, tuple[Real, Real, Real]]
    unique_share: float
    unique_interval: tuple[Real, Real]
    alone_share: float
    inflation: Real


class Regression(Result):
    """What explains log10 |g|^2 over all pairs.

    Attributes
    ----------
    pairs, sites : int
        Numbers of pairs and of halides.
    r_squared : float
        Of all terms together.
    confidence : float
        Level of the intervals.
    terms : tuple of Term
        The terms that vary over the pairs of this dot.
    warnings : tuple of str
        Terms that cannot be told from the others.
    """

    pairs: int
    sites: int
    r_squared: float
    confidence: float
    terms: tuple[Term, ...]
    warnings: tuple[str, ...]


class PairControl(Result):
    """The control over all pairs of terminal halides of a dot.

    Attributes
    ----------
    energy_ev, homo_ev, lumo_ev : float
        Energy of g and frontier levels of the isolated dot (eV, relative to its own Fermi energy).
    sites, pairs : int
        Numbers of terminal halides and of their pairs.
    beta_per_ang : float
        Decay of |g|^2 with the distance, over the pairs that are on no row (1/Ang).
    classes : tuple of PairClass
        By relation, from the highest to the lowest.
    following : Following
        Comparison with the computed junctions.
    regression : Regression or None
        None for a dot with too few sites.
    rows : tuple of str
        Computed junctions that are the two ends of a straight row.
    sentence : str
        The outcome in words; where the junctions do not follow |g|^2, that nothing is said about them.
    """

    energy_ev: float
    homo_ev: float
    lumo_ev: float
    sites: int
    pairs: int
    beta_per_ang: Real
    classes: tuple[PairClass, ...]
    following: Following
    regression: Regression | None = None
    rows: tuple[str, ...]
    sentence: str

    @property
    def lines(self) -> list[str]:
        """The outcome for the terminal: relations, what explains them, the sentence."""
        text = [
            f"{self.pairs} pairs of {self.sites} terminal halides at {self.energy_ev - self.homo_ev:.2f} eV above "
            "the HOMO"
        ]
        if math.isfinite(self.beta_per_ang):
            text[0] += f"; beta = {self.beta_per_ang:.2f} per Ang off the rows"
        text += [
            f"  {one.relation}: {one.pairs} pairs"
            + (
                f", {one.median_decades:+.1f} decades from the trend "
                f"({one.lowest_decades:+.1f} to {one.highest_decades:+.1f})"
                if math.isfinite(one.median_decades)
                else ""
            )
            for one in self.classes
        ]
        if self.regression:
            text += [
                f"  {term.name}: own share {term.unique_share:.0%} ({term.unique_interval[0]:.0%} to "
                f"{term.unique_interval[1]:.0%})"
                for term in self.regression.terms
            ]
            text += self.regression.warnings
        return [*text, self.sentence]


class PairRecord(PairControl):
    """The control over all pairs, with its provenance: ``pairs.json``."""

    provenance: Provenance
