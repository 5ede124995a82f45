"""Classes of traces by spectral clustering, and their stability.

A trace is described by a coarse two-dimensional histogram of its own points. Traces are linked to their
nearest neighbours, and the classes are those of A. Ng, M. Jordan and Y. Weiss (NIPS 2001): k-means on the
rows of the leading eigenvectors of the normalised graph Laplacian. A weak link between all traces keeps the
eigenvectors well defined if the graph is disconnected (A. Amini et al., Ann. Stat. 41, 2097 (2013)).
"""

import logging
from collections.abc import Iterable
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
from qdjunction.traces.settings import ClusterSettings, TracesSettings
from qdjunction.traces.trace import Trace

with extra("traces"):
    from sklearn.cluster import KMeans
    from sklearn.metrics import adjusted_rand_score, silhouette_score
    from sklearn.neighbors import KNeighborsClassifier, kneighbors_graph

logger = logging.getLogger(__name__)

_REGULARISATION = 0.05  # of the mean number of links of a trace


@dataclass(frozen=True)
class Classes:
    """Traces divided into classes.

    Attributes
    ----------
    names : tuple of str
        Traces that could be described; all others are incomplete.
    labels : (n,) array of int
        Class of each of them, from 0, with the largest class first.
    sizes : (classes,) array of int
        Traces in each class.
    profiles : (classes, displacement bins, log10 G bins) array
        Mean description of each class: the share of a trace's points in each bin.
    stability : tuple of Stability
        For 2 to `ClusterSettings.largest_classes` classes.
    eigenvalues : (k,) array
        Smallest eigenvalues of the normalised graph Laplacian: the number near zero is the number of classes,
        and a gap follows them.
    """

    names: tuple[str, ...]
    labels: NDArray[np.int64]
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
        Window, zero of displacement and the bins of `ClusterSettings`.

    Returns
    -------
    (displacement_bins, log10_g_bins) array or None
        With a sum of squares of 1; None if the trace is not complete, or has no point in the range.
    """
    broken = broken_window(trace, settings)
    if broken is None:
        return None
    window, zero = broken
    bins = settings.clusters
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


def classify(traces: Iterable[Trace], settings: TracesSettings | None = None) -> Classes:
    """Divide a stream of traces into classes and measure their stability.

    The classes are found on a random sample, and every other trace is assigned to the class of most of its nearest
    neighbours in the sample. Only the coarse histogram of each trace is stored, in single precision, less
    than 1 kB.

    Parameters
    ----------
    traces : iterable of Trace
        The traces.
    settings : TracesSettings, optional
        Descriptions, number of classes, sample and seed.

    Returns
    -------
    Classes
        Labels, profiles and stability.

    Raises
    ------
    InputError
        If there are too few complete traces.
    """
    settings = settings or TracesSettings()
    options = settings.clusters
    names: list[str] = []
    rows: list[NDArray[np.float32]] = []
    for trace in with_progress(traces, "describing"):
        description = describe(trace, settings)
        if description is not None:
            names.append(trace.name)
            rows.append(description.ravel().astype(np.float32))
    fewest = max(options.neighbours, options.largest_classes, options.classes) + 2
    if len(rows) * options.subsample < fewest:
        raise InputError(
            f"{len(rows)} complete traces are too few to find {options.classes} classes with "
            f"{options.neighbours} neighbours each; "
            "give more traces, or lower traces.clusters.neighbours"
        )
    features = np.stack(rows)
    random = np.random.default_rng(options.seed)
    sample = np.sort(random.permutation(len(features))[: options.sample_traces])
    embedding = _embedding(features[sample], options)
    sample_labels = embedding.labels(options.classes, options.seed)
    stability = _stabilities(features[sample], embedding, options, random)

    labels = np.empty(len(features), dtype=np.int64)
    others = np.setdiff1d(np.arange(len(features)), sample)
    labels[sample] = sample_labels
    if others.size:
        nearest = KNeighborsClassifier(options.neighbours).fit(features[sample], sample_labels)
        labels[others] = nearest.predict(features[others])
    order = np.argsort(-np.bincount(labels, minlength=options.classes), kind="stable")
    labels = np.argsort(order)[labels]
    sizes = np.bincount(labels, minlength=options.classes)
    shares = features.astype(np.float64) ** 2
    profiles = np.stack([shares[labels == label].mean(axis=0) for label in range(options.classes)])
    return Classes(
        names=tuple(names),
        labels=labels,
        sizes=sizes,
        profiles=profiles.reshape(options.classes, options.displacement_bins, options.log10_g_bins),
        stability=stability,
        eigenvalues=embedding.eigenvalues,
    )


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


def _embedding(features: NDArray[np.float32], settings: ClusterSettings) -> _Embedding:
    links = kneighbors_graph(features, settings.neighbours, include_self=True).toarray()
    graph = 0.5 * (links + links.T)
    graph += _REGULARISATION * graph.sum(axis=1).mean() / len(graph)
    scale = 1 / np.sqrt(graph.sum(axis=1))
    laplacian = np.eye(len(graph)) - scale[:, None] * graph * scale[None, :]
    number = max(settings.classes, settings.largest_classes) + 2
    return _Embedding(*eigh(laplacian, subset_by_index=(0, number - 1)))


def _stabilities(
    features: NDArray[np.float32],
    full: _Embedding,
    settings: ClusterSettings,
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
