"""Classes of traces by spectral clustering, and their stability.

A trace is described by a coarse two-dimensional histogram of its own points. Traces are linked to their
nearest neighbours, and the classes are those of A. Ng, M. Jordan and Y. Weiss (NIPS 2001): k-means on the
rows of the leading eigenvectors of the normalised graph Laplacian. A weak link between all traces keeps the
eigenvectors well defined if the graph is disconnected (A. Amini et al., Ann. Stat. 41, 2097 (2013)).
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh
from scipy.ndimage import gaussian_filter

from qdjunction.core.errors import InputError
from qdjunction.core.extras import extra
from qdjunction.core.progress import with_progress
from qdjunction.traces.analysis import broken_window
from qdjunction.traces.histogram import Axis
from qdjunction.traces.results import Stability
from qdjunction.traces.settings import ClassSettings, TracesSettings
from qdjunction.traces.streams import batches, reservoir
from qdjunction.traces.trace import Trace

with extra("traces"):
    from sklearn.cluster import KMeans
    from sklearn.metrics import adjusted_rand_score, silhouette_score
    from sklearn.neighbors import KNeighborsClassifier, kneighbors_graph

logger = logging.getLogger(__name__)

_BATCH = 1000
_REGULARISATION = 0.05  # of the mean number of links of a trace


@dataclass(frozen=True)
class Classes:
    """Traces divided into classes.

    Attributes
    ----------
    sizes : (classes,) array of int
        Traces in each class, that with most traces of the sample first.
    profiles : (classes, displacement bins, log10 G bins) array
        Mean description of each class: the share of a trace's points in each bin.
    stability : tuple of Stability
        For 2 to `ClassSettings.largest_classes` classes.
    eigenvalues : (k,) array
        Smallest eigenvalues of the normalised graph Laplacian: the number near zero is the number of classes,
        and a gap follows them.
    """

    sizes: NDArray[np.int64]
    profiles: NDArray[np.float64]
    stability: tuple[Stability, ...]
    eigenvalues: NDArray[np.float64]


def describe(trace: Trace, settings: TracesSettings) -> NDArray[np.float64] | None:
    """Return the square roots of the shares of a trace's points in the bins of a coarse histogram.

    The distance of two such vectors is, up to a constant, the Hellinger distance of the two distributions.
    A slight smoothing makes traces similar whose plateaus fall on different sides of an edge.

    Parameters
    ----------
    trace : Trace
        The trace.
    settings : TracesSettings
        Window, zero of displacement and the bins of `ClassSettings`.

    Returns
    -------
    (displacement_bins, log10_g_bins) array or None
        With a sum of squares of 1; None if the trace is not complete, or has no point in the range.
    """
    broken = broken_window(trace, settings)
    if broken is None:
        return None
    window, zero = broken
    bins = settings.classes
    x = Axis("displacement_nm", *bins.displacement_range_nm, bins.displacement_bins)
    y = Axis("log10_g", *bins.log10_g_range, bins.log10_g_bins)
    shape = (x.bins + 2, y.bins + 2)
    flat = np.ravel_multi_index(
        (
            x.padded_bins(trace.displacement_nm[window] - zero),
            y.padded_bins(trace.log10_g[window]),
        ),
        shape,
    )
    counts = np.bincount(flat, minlength=shape[0] * shape[1]).reshape(shape)[1:-1, 1:-1].astype(np.float64)
    if counts.sum() == 0:
        return None
    smooth = gaussian_filter(counts, 1.0, mode="constant")
    return np.asarray(np.sqrt(smooth / smooth.sum()))


def classify(
    traces: Iterable[Trace],
    settings: TracesSettings | None = None,
    on_class: Callable[[str, int], None] | None = None,
) -> Classes:
    """Divide traces into classes and measure their stability, in memory that does not grow with their number.

    The classes are found on a random sample. In a second pass every other trace is assigned to the class of most of its
    nearest neighbours in the sample.

    Parameters
    ----------
    traces : iterable of Trace
        The traces; they are iterated over twice.
    settings : TracesSettings, optional
        Descriptions, number of classes, sample and seed.
    on_class : callable, optional
        Called with name and class, from 0, of every trace that is complete.

    Returns
    -------
    Classes
        Sizes, profiles and stability.

    Raises
    ------
    InputError
        If there are too few complete traces.
    """
    settings = settings or TracesSettings()
    options = settings.classes
    random = np.random.default_rng(options.seed)
    described = (row for _, row in _descriptions(traces, settings, "describing"))
    sample = dict(reservoir(described, options.sample_traces, random))
    fewest = max(options.neighbours, options.largest_classes, options.number) + 2
    if len(sample) * options.subsample < fewest:
        raise InputError(
            f"{len(sample)} complete traces are too few to find {options.number} classes with "
            f"{options.neighbours} neighbours each; "
            "give more traces, or lower traces.classes.neighbours"
        )
    features = np.stack(list(sample.values()))
    embedding = _embedding(features, options)
    found = embedding.labels(options.number, options.seed)
    order = np.argsort(-np.bincount(found, minlength=options.number), kind="stable")
    found = np.argsort(order)[found]
    stability = _stabilities(features, embedding, options, random)

    known = dict(zip(sample, found.tolist(), strict=True))
    nearest = KNeighborsClassifier(options.neighbours).fit(features, found)
    sizes = np.zeros(options.number, dtype=np.int64)
    shares = np.zeros((options.number, features.shape[1]))
    start = 0
    for batch in batches(_descriptions(traces, settings, "assigning"), _BATCH):
        rows = np.stack([row for _, row in batch])
        labels = np.array([known.get(start + number, -1) for number in range(len(batch))])
        if (others := labels < 0).any():
            labels[others] = nearest.predict(rows[others])
        np.add.at(shares, labels, rows.astype(np.float64) ** 2)
        sizes += np.bincount(labels, minlength=options.number)
        if on_class is not None:
            for (name, _), label in zip(batch, labels.tolist(), strict=True):
                on_class(name, label)
        start += len(batch)
    profiles = shares / sizes[:, None]
    return Classes(
        sizes=sizes,
        profiles=profiles.reshape(options.number, options.displacement_bins, options.log10_g_bins),
        stability=stability,
        eigenvalues=embedding.eigenvalues,
    )


def _descriptions(
    traces: Iterable[Trace], settings: TracesSettings, doing: str
) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Yield name and description of every complete trace, in single precision."""
    for trace in with_progress(traces, doing):
        description = describe(trace, settings)
        if description is not None:
            yield trace.name, description.ravel().astype(np.float32)


@dataclass(frozen=True)
class _Embedding:
    """Smallest eigenvalues and eigenvectors of the normalised graph Laplacian of a set of traces."""

    eigenvalues: NDArray[np.float64]
    vectors: NDArray[np.float64]

    def labels(self, classes: int, seed: int) -> NDArray[np.int64]:
        rows = self.vectors[:, :classes]
        rows = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
        found = KMeans(classes, n_init=10, random_state=seed).fit(rows)
        return np.asarray(found.labels_, dtype=np.int64)


def _embedding(features: NDArray[np.float32], settings: ClassSettings) -> _Embedding:
    links = kneighbors_graph(features, settings.neighbours, include_self=True).toarray()
    graph = 0.5 * (links + links.T)
    graph += _REGULARISATION * graph.sum(axis=1).mean() / len(graph)
    scale = 1 / np.sqrt(graph.sum(axis=1))
    laplacian = np.eye(len(graph)) - scale[:, None] * graph * scale[None, :]
    number = max(settings.number, settings.largest_classes) + 2
    return _Embedding(*eigh(laplacian, subset_by_index=(0, number - 1)))


def _stabilities(
    features: NDArray[np.float32],
    full: _Embedding,
    settings: ClassSettings,
    random: np.random.Generator,
) -> tuple[Stability, ...]:
    size = round(settings.subsample * len(features))
    draws = [np.sort(random.permutation(len(features))[:size]) for _ in range(settings.repeats)]
    parts = [_embedding(features[draw], settings) for draw in draws]
    measured = []
    for classes in range(2, settings.largest_classes + 1):
        labels = np.full((settings.repeats, len(features)), -1)
        for repeat, (draw, part) in enumerate(zip(draws, parts, strict=True)):
            labels[repeat, draw] = part.labels(classes, settings.seed)
        agreements = []
        for first in range(settings.repeats):
            for second in range(first):
                both = (labels[first] >= 0) & (labels[second] >= 0)
                agreements.append(adjusted_rand_score(labels[first, both], labels[second, both]))
        silhouette = silhouette_score(features, full.labels(classes, settings.seed))
        agreement = np.array(agreements)
        measured.append(
            Stability(classes, float(agreement.mean()), float(agreement.min()), float(silhouette))
        )
        logger.info("%d classes: agreement %.3f, silhouette %.3f", classes, agreement.mean(), silhouette)
    return tuple(measured)
