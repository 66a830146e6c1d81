"""Notes on robust standard errors: those that do not exist, and
those of tests that may reject too often.

Which they are is decided in ``peacestudy.models.inference.robust_limits``; here stand the words.
Sources: Cameron and Miller (2015), Journal of Human Resources 50(2), VI (few clusters); Bell and
McCaffrey (2002), Survey Methodology 28(2) (degrees of freedom); MacKinnon and Webb (2017), Journal
of Applied Econometrics 32(2) (few treated clusters).
"""

from dataclasses import replace

import numpy as np

from peacestudy.core.problems import Note
from peacestudy.models.engines.engine import CLUSTERED
from peacestudy.models.engines.registry import engine_of
from peacestudy.models.formulas.design import Design
from peacestudy.models.inference.cr2 import clusters_of, satterthwaite
from peacestudy.models.inference.profile import likelihood_ratio, profile_interval
from peacestudy.models.inference.reference import POOR, Reference
from peacestudy.models.inference.robust_limits import (
    FEW_CLUSTERS,
    LEVEL,
    PLENTY,
    SIZE,
    Blank,
    Effective,
    approximate_size,
    effective,
    is_blank,
    outcomes,
)
from peacestudy.models.kernels.estimates import Estimates
from peacestudy.models.spec import ModelSpec

NAMED = 3  # terms, clusters or cases named in a note
ACCEPTED = 0.07  # approximate size at .05 up to which another covariance is recommended
TWO = (
    " With two, the scores of one are the opposite of the other's: every standard error is based"
    " on a single comparison, and may be near zero by chance."
)
OTHERS = {  # covariances that correct for few cases or clusters, by the one in use
    "hc0": ("hc3",),
    "hc1": ("hc3",),
    "hc2": ("hc3",),
    "cluster": ("cr2", "jackknife"),
}


def robust_notes(spec: ModelSpec, design: Design, est: Estimates, found: Reference) -> list[Note]:
    """Notes on the terms of a fit that have no robust standard error, and
    on those whose tests may reject too often.
    """
    if spec.vcov == "classical":
        return []
    notes = [_blank_note(spec, design, est, found.blanks)] if found.blanks else []
    if spec.vcov == "cr2":  # the note on the rule gives the degrees of freedom of every term
        return notes
    limits = effective(spec, design, est)
    size = approximate_size(limits, found.dfs)
    blank = is_blank(found.blanks, len(size))
    result = outcomes(spec, design, blank, limits.df, size)
    told = [
        j for j, name in enumerate(design.names) if result[j] == "b" and name not in design.baseline
    ]
    if told:
        told = sorted(told, key=lambda j: (limits.df[j], j))
        notes.append(_few(spec, design, est, limits, size, told))
    return notes


def _blank_note(spec: ModelSpec, design: Design, est: Estimates, blanks: tuple[Blank, ...]) -> Note:
    """Which terms have no robust standard error, why, and what there is instead."""
    names = est.names or design.names
    said: list[str] = []
    parts = []
    for why in dict.fromkeys(b.why for b in blanks):
        own = [b for b in blanks if b.why == why]
        terms = [
            name
            for name in dict.fromkeys(names[j] for b in own for j in b.terms)
            if name not in said
        ]
        if terms:
            verb = "rests" if len(terms) == 1 else "rest"
            parts.append(f"{_listed(terms, 'terms')} {verb} on {_reason(spec, design, own)}")
        said += terms
    text = f"No robust standard error, test and interval: {'; '.join(parts)}."
    positions = np.flatnonzero(is_blank(blanks, len(names)))
    return Note("no_robust_error", f"{text} {_instead(spec, design, est, positions)}")


def _reason(spec: ModelSpec, design: Design, blanks: list[Blank]) -> str:
    """What the terms of blanks of one kind rest on."""
    if blanks[0].why == "separated":
        rows = [str(design.cases[i]) for i in blanks[0].rows]
        return (
            f"rows whose outcome is separated ({_listed(rows, 'cases')}), where all residuals are"
            " close to zero and of one sign"
        )
    if blanks[0].why == "case":
        cases = list(dict.fromkeys(str(design.cases[b.rows[0]]) for b in blanks))
        one = "one case each" if len(cases) > 1 else "one case"
        return (
            f"{one} ({_listed(cases, 'cases')}), which the model fits independently of the others"
        )
    where = []
    for b in blanks:
        where.append(f"{spec.cluster_columns[b.column]} {design.cluster_names[b.column][b.group]}")
    one = "one cluster each" if len(where) > 1 else "one cluster"
    return f"{one} ({_listed(list(dict.fromkeys(where)), 'clusters')}), whose scores sum to zero"


def _instead(spec: ModelSpec, design: Design, est: Estimates, terms: np.ndarray) -> str:
    """What there is instead of the robust standard error."""
    merge = "merge the category with another, or drop the term."
    engine = engine_of(spec)
    if engine.least_squares:
        return (
            "Write vcov 'classical', which is exact for independent normal errors of one variance,"
            f" {merge}"
        )
    if engine.profile:
        std_error = np.sqrt(np.diag(est.classical[0]))
        p = likelihood_ratio(design.X, design.y, est.beta[0])[1]
        ends = profile_interval(design.X, design.y, est.beta[0], std_error, 1 - LEVEL)
        each = [
            f"{design.names[j]} p {p[j]:.4f}, {ends[j, 0]:.2f} to {ends[j, 1]:.2f}"
            for j in terms[:NAMED]
        ]
        return (
            "By penalised likelihood, for independent rows (95 % profile interval):"
            f" {'; '.join(each)}; vcov 'classical' gives these for every term. Or {merge}"
        )
    if engine.outcome == "binary":
        return (
            "Engine 'firth' with vcov 'classical' gives a penalised likelihood interval; or"
            f" {merge}"
        )
    return f"Write vcov 'classical', which relies on the model, {merge}"


def _few(
    spec: ModelSpec,
    design: Design,
    est: Estimates,
    limits: Effective,
    size: np.ndarray,
    terms: list[int],
) -> Note:
    """The note on tests with few degrees of freedom, of terms in order of these."""
    each = []
    for j in terms[:NAMED]:
        df = f"over {PLENTY:.0f}" if np.isinf(limits.df[j]) else f"{limits.df[j]:.1f}"
        each.append(f"{design.names[j]} {df}, {_digits(size[j])}")
    more = f"; and {len(terms) - NAMED} more terms" if len(terms) > NAMED else ""
    text = (
        "Effective degrees of freedom and approximate size of tests at .05 with vcov"
        f" {spec.vcov!r}: {'; '.join(each)}{more}."
    )
    if spec.vcov in CLUSTERED:
        text = f"{_clusters(spec, design)}{text}"
    kind = "few_clusters" if spec.vcov in CLUSTERED else "few_cases"
    large = [j for j in terms if size[j] > SIZE]
    if "bootstrap" in dict(spec.options):
        text += (
            " p and intervals of the terms are the bootstrap's; this concerns joint tests and"
            " contrasts."
        )
    elif large:
        remedy = _remedy(spec, design, est, large)
        text += f" Where that size is above {SIZE:g}: {remedy}"
    return Note(kind, text)


def _clusters(spec: ModelSpec, design: Design) -> str:
    out = ""
    for groups, name in zip(design.clusters, spec.cluster_columns, strict=True):
        size = np.bincount(groups)
        few = f", fewer than {FEW_CLUSTERS}" if len(size) < FEW_CLUSTERS else ""
        out += (
            f"{len(size)} clusters of {name}{few}, the largest with {size.max() / size.sum():.0%}"
            " of the rows."
        )
        out += f"{TWO if len(size) == 2 else ''} "
    return out


def _remedy(spec: ModelSpec, design: Design, est: Estimates, terms: list[int]) -> str:
    """Another covariance or a bootstrap, for the terms of which
    its own degrees of freedom are not poor.
    """
    if len(spec.cluster_columns) > 1:
        column = int(np.argmin([groups.max() for groups in design.clusters]))
        one = replace(spec, cluster=[spec.cluster_columns[column]])
        said = _remedy(one, replace(design, clusters=(design.clusters[column],)), est, terms)
        return (
            "no correction is available for two columns; compare the model with"
            f" {spec.cluster_columns[column]} alone, and there {said}"
        )
    helped = {
        way: tuple(_helped(spec, design, est, vcov, terms)) for way, vcov in _ways(spec).items()
    }
    most = max(helped.values(), key=len, default=())
    if not most:
        return _nothing(spec)
    ways = " or ".join(way for way, of in helped.items() if of == most)
    if len(most) == len(terms):
        return f"write {ways}."
    others = [design.names[j] for j in terms if j not in most]
    return (
        f"write {ways} for {_listed([design.names[j] for j in most], 'terms')}; for"
        f" {_listed(others, 'terms')}, {_nothing(spec)}"
    )


def _ways(spec: ModelSpec) -> dict[str, str]:
    """What could be written instead, with the covariance whose degrees of freedom it has."""
    weighted = "weights" in dict(spec.options)
    out = {}
    for vcov in OTHERS.get(spec.vcov, ()):
        if vcov in engine_of(spec).vcovs and not (weighted and vcov == "cr2"):
            out[f"vcov {vcov!r}"] = vcov
    bootstrap = engine_of(spec).bootstrap
    if spec.vcov == "cluster" and bootstrap and not weighted:
        out[f"the option bootstrap ({bootstrap.split()[0]})"] = "cluster"
    return out


def _nothing(spec: ModelSpec) -> str:
    if spec.vcov in CLUSTERED:
        return "no correction is available for so few clusters, so do not rely on the p value."
    exact = ", which is exact for normal errors of one variance"
    if not engine_of(spec).least_squares:
        exact = ""
    return f"compare vcov 'classical'{exact}."


def _helped(
    spec: ModelSpec, design: Design, est: Estimates, vcov: str, terms: list[int]
) -> list[int]:
    """The terms for which another covariance has enough degrees of
    freedom, and a size near the nominal one.
    """
    K = len(est.beta[0])
    if vcov == "cr2":
        df = satterthwaite(clusters_of(design.X, design.clusters[0]), np.eye(K)[terms])
        return [j for j, of in zip(terms, df, strict=True) if of >= POOR]
    limits = effective(spec, design, est, vcov)
    if vcov == spec.vcov:  # the bootstrap replaces the reference distribution
        return [j for j in terms if limits.df[j] >= POOR]
    by_t = engine_of(spec).distribution == "t"
    own = float(design.clusters[0].max()) if vcov in CLUSTERED else len(design.y) - K
    size = approximate_size(limits, np.full(K, own if by_t else np.inf))
    return [j for j in terms if limits.df[j] >= POOR and size[j] <= ACCEPTED]


def _digits(size: float) -> str:
    return f"{size:.2f}".removeprefix("0") if size >= 0.1 else f"{size:.3f}".removeprefix("0")


def _listed(words: list[str], what: str) -> str:
    more = f" and {len(words) - NAMED} more {what}" if len(words) > NAMED else ""
    return f"{', '.join(words[:NAMED])}{more}"
