"""Notes on robust standard errors: those that do not exist, and those of tests that may reject too often.

Which they are is decided in ``peacestudy.models.inference.robust_limits``; here stand the words. Sources: Cameron and Miller (2015),
Journal of Human Resources 50(2), VI (few clusters); Bell and McCaffrey (2002), Survey Methodology 28(2) (degrees of freedom);
MacKinnon and Webb (2017), Journal of Applied Econometrics 32(2) (few treated clusters).
"""

from dataclasses import replace

import numpy as np

from peacestudy.core.problems import Note
from peacestudy.models.engines.registry import CLUSTERED, ENGINES, Estimates
from peacestudy.models.formulas.design import Design
from peacestudy.models.inference.cr2 import clusters_of, satterthwaite
from peacestudy.models.inference.profile import likelihood_ratio, profile_interval
from peacestudy.models.inference.reference import POOR, Reference
from peacestudy.models.inference.robust_limits import (
    FEW_CLUSTERS,
    FEW_DF,
    LEVEL,
    SIZE,
    Blank,
    Effective,
    approximate_size,
    effective,
    is_blank,
    outcomes,
    vcov_is_uncorrected,
)
from peacestudy.models.inference.signs import KINDS
from peacestudy.models.spec import ModelSpec

NAMED = 3  # terms, clusters or cases named in a note
ACCEPTED = 0.07  # approximate size at .05 up to which another covariance is recommended
TWO = (
    " With two, the scores of one are the opposite of the other's: every standard error rests on a single comparison, and may be "
    "near zero by chance."
)
OTHERS = {  # covariances that correct for few cases or clusters, by the one in use
    "hc0": ("hc3",), "hc1": ("hc3",), "hc2": ("hc3",), "cluster": ("cr2", "jackknife"),
}  # fmt: skip


def robust_notes(spec: ModelSpec, design: Design, est: Estimates, found: Reference) -> list[Note]:
    """Notes on the terms of a fit that have no robust standard error, and on those whose tests may reject too often."""
    if spec.vcov == "classical":
        return []
    names = est.names or design.names
    notes = blank_notes(spec, design, est, found.blanks)
    blank = is_blank(found.blanks, len(names))
    if spec.vcov == "cr2":  # the note on the rule gives the degrees of freedom of every term
        return notes
    limits = effective(spec, design, est)
    size = approximate_size(limits, found.dfs)
    result = outcomes(spec, design, blank, limits.df, size)
    told = [j for j, name in enumerate(design.names) if result[j] == "b" and name not in design.baseline]
    if told:
        notes.append(_few(spec, design, est, limits, size, sorted(told, key=lambda j: (limits.df[j], j))))
    return notes


def blank_notes(spec: ModelSpec, design: Design, est: Estimates, blanks: tuple[Blank, ...]) -> list[Note]:
    """One note for each reason why robust standard errors are missing."""
    out = []
    for why in dict.fromkeys(b.why for b in blanks):
        own = [b for b in blanks if b.why == why]
        terms = np.flatnonzero(is_blank(tuple(own), len(est.beta[0])))
        text = f"{_reason(spec, design, est, own)} {_instead(spec, design, est, terms)}"
        out.append(Note("no_robust_error", text))
    return out


def _reason(spec: ModelSpec, design: Design, est: Estimates, blanks: list[Blank]) -> str:
    names = est.names or design.names
    terms = list(dict.fromkeys(names[j] for b in blanks for j in b.terms))
    said, verb = _listed(terms, "terms"), "rests" if len(terms) == 1 else "rest"
    missing = "the robust standard error, test and interval are missing"
    if blanks[0].why == "separated":
        rows = blanks[0].rows
        cases = _listed([str(design.cases[i]) for i in rows], "rows")
        return (
            f"{said} {verb} on rows whose outcome is separated ({cases}): their residuals do not show how precise the estimate is, "
            f"so {missing}."
        )
    if blanks[0].why == "case":
        cases = _listed(list(dict.fromkeys(str(design.cases[b.rows[0]]) for b in blanks)), "cases")
        return f"{said} {verb} on one case ({cases}), which the model fits without error, so {missing}."
    where = []
    for b in blanks:
        where.append(f"{spec.cluster_columns[b.column]} {cluster_name(design, b.column, b.group)}")
    return f"{said} {verb} on one cluster ({_listed(list(dict.fromkeys(where)), 'clusters')}), so {missing}."


def _instead(spec: ModelSpec, design: Design, est: Estimates, terms: np.ndarray) -> str:
    """What there is instead of the robust standard error."""
    merge = "merge the category with another, or drop the term."
    if spec.engine == "linear":
        return f"Write vcov 'classical', which is exact for independent normal errors of one variance, {merge}"
    if spec.engine == "firth":
        std_error = np.sqrt(np.diag(est.classical[0]))
        p = likelihood_ratio(design.X, design.y, est.beta[0])[1]
        ends = profile_interval(design.X, design.y, est.beta[0], std_error, 1 - LEVEL)
        each = [f"{design.names[j]} p {p[j]:.4g}, {ends[j, 0]:.2f} to {ends[j, 1]:.2f}" for j in terms[:NAMED]]
        return (
            f"Penalised likelihood ratio and 95 % profile interval, for independent rows: {'; '.join(each)} (vcov 'classical' gives "
            f"them for every term). Or {merge}"
        )
    if ENGINES[spec.engine].outcome == "binary":
        return f"Engine 'firth' with vcov 'classical' gives a penalised likelihood interval; or {merge}"
    return f"Write vcov 'classical', which relies on the model, {merge}"


def _few(
    spec: ModelSpec, design: Design, est: Estimates, limits: Effective, size: np.ndarray, terms: list[int]
) -> Note:
    """The note on tests that may reject too often, of terms in order of their degrees of freedom."""
    each = []
    for j in terms[:NAMED]:
        df = "over 200" if np.isinf(limits.df[j]) else f"{limits.df[j]:.1f}"
        each.append(f"{design.names[j]} (effective df {df}, size about {_digits(size[j])})")
    said = _listed([*each, *[""] * (len(terms) - len(each))], "terms")
    text = f"Tests at .05 with vcov {spec.vcov!r} may reject too often: {said}."
    if spec.vcov in CLUSTERED:
        text = f"{_clusters(spec, design)}{text}"
    kind = "few_clusters" if spec.vcov in CLUSTERED else "few_cases"
    if "bootstrap" in dict(spec.options):
        more = "p and intervals of the terms are the bootstrap's; this concerns joint tests and contrasts."
    else:
        more = _remedy(spec, design, est, terms)
    return Note(kind, f"{text} {more}")


def _clusters(spec: ModelSpec, design: Design) -> str:
    out = ""
    for groups, name in zip(design.clusters, spec.cluster_columns, strict=True):
        size = np.bincount(groups)
        few = f", fewer than {FEW_CLUSTERS}" if len(size) < FEW_CLUSTERS else ""
        out += f"{len(size)} clusters of {name}{few}, the largest with {size.max() / size.sum():.0%} of the rows."
        out += f"{TWO if len(size) == 2 else ''} "
    return out


def _remedy(spec: ModelSpec, design: Design, est: Estimates, terms: list[int]) -> str:
    """Another covariance or a bootstrap, where its own degrees of freedom for these terms are not poor."""
    if len(spec.cluster_columns) > 1:
        column = int(np.argmin([groups.max() for groups in design.clusters]))
        one = replace(spec, cluster=[spec.cluster_columns[column]])
        said = _remedy(one, replace(design, clusters=(design.clusters[column],)), est, terms)
        return f"Nothing corrects two columns; compare the model with {spec.cluster_columns[column]} alone. For that: {said}"
    weighted = "weights" in dict(spec.options)
    good = []
    for vcov in OTHERS.get(spec.vcov, ()):
        offered = vcov in ENGINES[spec.engine].vcovs and not (weighted and vcov == "cr2")
        if offered and _helps(spec, design, est, vcov, terms):
            good.append(f"vcov {vcov!r}")
    if spec.vcov == "cluster" and spec.engine in KINDS and not weighted:
        if (effective(spec, design, est).df[terms] >= POOR).all():
            good.append(f"the option bootstrap ({KINDS[spec.engine].split()[0]})")
    if good:
        return f"Write {' or '.join(good)}."
    if spec.vcov not in CLUSTERED:
        exact = ", which is exact for normal errors of one variance" if spec.engine == "linear" else ""
        return f"Compare vcov 'classical'{exact}."
    return "No correction here holds with so few: do not rely on the p values of these terms."


def _helps(spec: ModelSpec, design: Design, est: Estimates, vcov: str, terms: list[int]) -> bool:
    """Whether another covariance has enough degrees of freedom for the terms, and a size near the nominal one."""
    K = len(est.beta[0])
    if vcov == "cr2":
        df = satterthwaite(clusters_of(design.X, design.clusters[0]), np.eye(K)[terms])
        return bool((df >= POOR).all())
    limits = effective(spec, design, est, vcov)
    linear = spec.engine == "linear"
    own = float(design.clusters[0].max()) if vcov in CLUSTERED else len(design.y) - K
    size = approximate_size(limits, np.full(K, own if linear else np.inf))
    return bool((limits.df[terms] >= POOR).all() and (size[terms] <= ACCEPTED).all())


def cluster_name(design: Design, column: int, group: int) -> str:
    """A cluster as the column calls it."""
    return str(design.cluster_names[column][group])


def _digits(size: float) -> str:
    return f"{size:.2f}".removeprefix("0") if size >= 0.1 else f"{size:.3f}".removeprefix("0")


def _listed(words: list[str], what: str) -> str:
    more = f" and {len(words) - NAMED} more {what}" if len(words) > NAMED else ""
    return f"{', '.join(words[:NAMED])}{more}"
