"""Samples and subsets of the rows of a design: one as a design of its own, many as a batch."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from peacestudy.models.formulas.design import Design
from peacestudy.models.kernels.batch import Batch

LARGEST = 5_000_000  # rows of all samples that are held at once


def parts(subsets: int, rows: int) -> Iterator[np.ndarray]:
    """Positions of so many subsets of so many rows, in parts of bounded memory."""
    size = max(1, LARGEST // rows)
    for first in range(0, subsets, size):
        yield np.arange(first, min(first + size, subsets))


def batch_of(design: Design, weights: np.ndarray | None, counts: np.ndarray) -> Batch:
    """Samples of rows as a batch.

    Parameters
    ----------
    design : of all rows.
    weights : probability weights (N,), if any; they are scaled to mean one in each sample.
    counts : how often each row is in each sample, shape (B, N).
    """
    counts = np.asarray(counts, float)
    if weights is not None:
        weighted = counts * weights
        mean = weighted.sum(axis=1) / counts.sum(axis=1)
        counts = weighted / mean[:, None]
    return Batch(design.X, design.y, counts)


def kept_rows(design: Design, keep: np.ndarray) -> Design:
    """A design of some of its rows, (n,) bool; its centres and categories stay those of all."""
    positions = np.flatnonzero(keep)
    called = tuple(
        tuple(names[g] for g in np.unique(groups[keep]))
        for names, groups in zip(design.cluster_names, design.clusters, strict=True)
    )
    return replace(
        design,
        y=design.y[keep],
        X=design.X[keep],
        cases=tuple(design.cases[i] for i in positions),
        clusters=tuple(
            np.unique(groups[keep], return_inverse=True)[1] for groups in design.clusters
        ),
        cluster_names=called,
        dropped=design.dropped.iloc[:0],
        times=None if design.times is None else design.times[keep],
        further={name: column[keep] for name, column in design.further.items()},
        rows=None if design.rows is None else design.rows[keep],
    )
