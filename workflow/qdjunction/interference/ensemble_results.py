"""Recorded spread of the numbers of a dot over the members of its ensemble."""

from qdjunction.core.results import Real, Result


class Spread(Result):
    """A number over the members of a group.

    Attributes
    ----------
    n : int
        Number of members with a value.
    effective : float
        Number of independent ones; below `n` for snapshots whose values are correlated in time.
    mean, median, standard_deviation : float
        Of the values.
    standard_error : float
        Of the mean: the standard deviation over the square root of `effective`.
    percentiles : (float, float)
        Between which the share of the members lies that the confidence states.
    """

    n: int
    effective: float
    mean: Real
    median: Real
    standard_deviation: Real
    standard_error: Real
    percentiles: tuple[Real, Real]


class Share(Result):
    """Share of the members of a group of which a statement holds.

    Attributes
    ----------
    count, n : int
        Members of which it holds, and members of which it is known whether it does.
    effective : float
        Number of independent ones.
    share : float
        ``count / n``.
    interval : (float, float)
        Jeffreys interval of the share in the population.
    """

    count: int
    n: int
    effective: float
    share: Real
    interval: tuple[Real, Real]


class Quantity(Result):
    """A number of a series with its value at the study's own geometry and its spread.

    Attributes
    ----------
    name : str
        Name with its unit as in tables: ``log10_conductance_G0``, ``beta_per_ang``, ...
    junction : str
        Junction that it belongs to; empty for a number of the series.
    reference : float
        Value at the study's own geometry.
    spread : Spread
        Over the members.
    """

    name: str
    junction: str
    reference: Real
    spread: Spread


class Statement(Result):
    """A statement about a series: whether it holds at the study's own geometry, and for which share of members.

    Attributes
    ----------
    name : str
        ``jump_at_headline``, ``jump_across_gap``; with two junctions ``rise_at_headline``, ``rise_across_gap``.
    reference : bool or None
        Whether it holds at the study's own geometry; None where that is open.
    share : Share
        Over the members.
    """

    name: str
    reference: bool | None
    share: Share


class EnsembleSeries(Result):
    """A series of a dot over the members of a group.

    Attributes
    ----------
    left : str
        The left contact that its junctions share.
    junctions : tuple of str
        Names, in the order of the distance at the study's own geometry.
    distances_ang : tuple of float
        Distances of their contact atoms there (Ang).
    quantities : tuple of Quantity
        Its numbers.
    statements : tuple of Statement
        What it says of a jump; none for a single junction.
    sentence : str
        The outcome in words.
    """

    left: str
    junctions: tuple[str, ...]
    distances_ang: tuple[float, ...]
    quantities: tuple[Quantity, ...]
    statements: tuple[Statement, ...]
    sentence: str


class EnsembleGroup(Result):
    """The members of one kind.

    Attributes
    ----------
    kind : str
        What differs: ``cations``, ``halides``, ``tips`` or ``snapshots``.
    members : int
        Number of members that were planned.
    missing : mapping of str to str
        Members and junctions without a result, with the reasons.
    settings : mapping
        How they were drawn.
    series : tuple of EnsembleSeries
        One for each left contact.
    """

    kind: str
    members: int
    missing: dict[str, str]
    settings: dict[str, object]
    series: tuple[EnsembleSeries, ...]
