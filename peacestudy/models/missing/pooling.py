"""From the fits of completed tables to one, with what must be said of it.

Sources: von Hippel (2007), Sociological Methodology 37 (cases whose outcome is missing help to fill
in, and are then left out); von Hippel (2009), Sociological Methodology 39, and Seaman, Bartlett and
White (2012), BMC Medical Research Methodology 12:46 (squares and products of imputed columns);
White, Royston and Wood (2011), Statistics in Medicine 30(4) (how many tables; weights belong to the
imputation).
"""

from typing import Any

import numpy as np
import pandas as pd

from peacestudy.core.frame import StudyFrame
from peacestudy.core.problems import Note, nearest
from peacestudy.errors import FitError, SpecError
from peacestudy.models.engines.parameters import is_spread
from peacestudy.models.engines.registry import engine_of
from peacestudy.models.formulas.factors import Survival
from peacestudy.models.formulas.formula import parse
from peacestudy.models.missing.imputed import Imputed
from peacestudy.models.missing.pooled import PooledFit
from peacestudy.models.missing.pooled_row import NUMBERS, log_row, pooled_row
from peacestudy.models.result import Fit
from peacestudy.models.spec import ModelSpec

# options that name a column of groups, and what a group is called
SHARING = {"group": "group", "strata": "stratum"}
KNOWN = ("weights", "offset", "exposure")  # options whose columns bear on the outcome


def check_model(imputed: Imputed, spec: ModelSpec) -> tuple[str, ...]:
    """The columns of the outcome; refuse a model of columns that the imputation did not know.

    Raises
    ------
    SpecError
        With the columns: what is filled in without them has nothing to do with them, and their
        effect is drawn towards zero. A bootstrap in the options; a column of clusters, groups or
        strata that was filled in; a lag of a column that was filled in.
    """
    options = dict(spec.options)
    if "bootstrap" in options:
        raise SpecError(
            "a bootstrap replaces p and interval, which Rubin's rules do not pool; leave the option"
            " bootstrap out."
        )
    parsed = parse(spec.formula)
    outcome = (
        parsed.response.columns
        if isinstance(parsed.response, Survival)
        else (parsed.response.column,)
    )
    if unknown := [c for c in parsed.columns if c not in imputed.columns]:
        what = "the outcome" if unknown[0] in outcome else "columns of the model"
        raise SpecError(
            f"{what} ({', '.join(unknown)}) were not in the imputation, so imputed values are"
            " unrelated to them, and effects are biased towards zero. Name them in the columns of"
            f" impute.{nearest(unknown[0], imputed.columns)}"
        )
    if past := [f for f in parsed.factors if f.lag and f.column in imputed.where]:
        raise SpecError(
            f"{', '.join(f.label for f in past)} would be taken from rows of other years, whose"
            " imputed values do not depend on this row's outcome: the effect would be biased"
            " towards zero, more than without the rows that have gaps. Add the lag before"
            f" imputing, with ps.joins.lagged(data, {past[0].column!r}, ...), and name that column"
            " in impute and in the formula."
        )
    groups = dict.fromkeys(spec.cluster_columns, "cluster") | {
        str(options[o]): w for o, w in SHARING.items() if o in options
    }
    for column, what in groups.items():
        if column in imputed.where:
            raise SpecError(
                f"{column!r} was imputed for {int(imputed.where[column].sum())} case(s), and says"
                f" which {what} a case belongs to, which must not be imputed. Leave it out of the"
                " columns of impute; cases without it are then left out."
            )
    return outcome


def pooled(imputed: Imputed, spec: ModelSpec, fits: list[Fit]) -> PooledFit:
    """The fits of one specification on the tables of an imputation as one.

    Raises
    ------
    FitError
        The fits have different terms or cases.
    """
    first = fits[0]
    if any(
        f.terms["term"].tolist() != first.terms["term"].tolist() or f.cases != first.cases
        for f in fits
    ):
        raise FitError(
            f"{spec.name}: the completed tables give different terms or cases, which cannot be"
            " pooled."
        )
    Q, SE = (
        np.array([f.terms[c].to_numpy(dtype=float) for f in fits])
        for c in ("estimate", "std_error")
    )
    dfs = np.mean([f.dfs.to_numpy() for f in fits], axis=0)
    names = first.terms["term"].tolist()
    rows = []
    for j, spread in enumerate(is_spread(spec.engine, len(first.design.names), len(names))):
        row = (log_row if spread else pooled_row)(Q[:, j], SE[:, j], float(dfs[j]))
        rows.append(
            {
                "term": names[j],
                **row,
                **(dict.fromkeys(("statistic", "p_value"), np.nan) if spread else {}),
            }
        )
    terms = pd.DataFrame(rows)[["term", *NUMBERS]]
    between = np.atleast_2d(np.cov(Q, rowvar=False))
    within = np.mean([f.vcov.to_numpy(dtype=float) for f in fits], axis=0)
    vcov = pd.DataFrame(
        within + (1 + 1 / len(fits)) * between, index=first.vcov.index, columns=first.vcov.columns
    )
    r = np.sqrt([max(f.r_squared, 0.0) if engine_of(spec).least_squares else np.nan for f in fits])
    with np.errstate(divide="ignore"):  # terms that give the outcome exactly
        r_squared = float(np.tanh(np.arctanh(r).mean()) ** 2)
    return PooledFit(
        spec=spec,
        terms=terms,
        n=first.n,
        n_events=first.n_events,
        n_clusters=first.n_clusters,
        r_squared=r_squared,
        vcov=vcov,
        cases=first.cases,
        dropped=first.dropped,
        notes=_notes(imputed, spec, fits, terms),
        fits=tuple(fits),
        filled=_filled(imputed, spec, first),
    )


def _filled(imputed: Imputed, spec: ModelSpec, first: Fit) -> pd.DataFrame:
    """The values of the model's columns that were missing in the cases
    used, with the values that stand in for each.
    """
    tables = [t.data if isinstance(t, StudyFrame) else t for t in imputed.tables]
    frame = imputed.tables[0]
    ids: list[Any] = list(frame.data[frame.key] if isinstance(frame, StudyFrame) else frame.index)
    used = set(first.cases)
    rows = []
    for column in dict.fromkeys((*parse(spec.formula).columns, *spec.option_columns)):
        values = [t[column].tolist() for t in tables] if column in imputed.where else []
        for i in np.flatnonzero(imputed.where.get(column, np.zeros(0))).tolist():
            if ids[i] in used:
                rows.append((ids[i], column, tuple(v[i] for v in values)))
    return pd.DataFrame(rows, columns=["case", "column", "values"])


def _notes(
    imputed: Imputed, spec: ModelSpec, fits: list[Fit], terms: pd.DataFrame
) -> tuple[Note, ...]:
    m, fmi = len(fits), float(terms["fmi"].max())
    notes = [*_of_fits(fits)]
    notes += [n for n in imputed.notes if n.text not in {o.text for o in notes}]
    dfs = np.mean([f.dfs.to_numpy() for f in fits], axis=0)
    reference = "z" if np.isinf(dfs).all() else f"{dfs[0]:g} degrees of freedom"
    if spec.vcov == "cr2":
        each = ", ".join(f"{t} {df:.1f}" for t, df in zip(terms["term"], dfs, strict=True))
        reference = f"Satterthwaite's degrees of freedom, the mean over the tables: {each}"
    notes.append(
        Note(
            "pooled",
            f"Pooled by Rubin's rules over {m} tables (complete data: {reference}); largest fmi"
            f" {fmi:.2f}.",
        )
    )
    if m < 100 * fmi:
        text = (
            f"{m} tables for a fraction of missing information of {fmi:.2f}:"
            f" {int(np.ceil(100 * fmi))} or more are advised."
        )
        notes.append(Note("few_tables", text))
    if made := _made_of(imputed, spec):
        text = (
            f"{', '.join(made)}: computed from imputed values. The imputation models are linear,"
            " so curves and products are biased "
        )
        text += (
            "towards zero. To avoid this, make a column of each before imputing, and name it in"
            " impute and in the formula."
        )
        notes.append(Note("derived", text))
    if engine_of(spec).profile and spec.vcov == "classical":
        notes.append(
            Note(
                "wald",
                "Pooled p values and intervals are Wald's; penalised likelihood ratios are not"
                " pooled.",
            )
        )
    return (*notes, *_not_known(imputed, spec))


def _of_fits(fits: list[Fit]) -> list[Note]:
    """The notes of the fits, a kind once; where tables differ in it, in how many it is."""
    out: list[Note] = []
    for i, f in enumerate(fits):
        for n in f.notes:
            if (n.kind in {o.kind for o in out} and (i or n in out)) or n.pooled == "":
                continue
            same = sum(n in other.notes for other in fits)
            alike = sum(n.kind in {o.kind for o in other.notes} for other in fits)
            text = n.text if n.pooled is None else n.pooled
            if same < len(fits):
                numbers = "with other numbers in others" if alike > same else "not in the others"
                text = (
                    f"{text} (Table {i + 1}; reported for {alike} of {len(fits)} tables,"
                    f" {numbers}.)"
                )
            out.append(Note(n.kind, text))
    return out


def _not_known(imputed: Imputed, spec: ModelSpec) -> list[Note]:
    """What bears on the outcome, and the imputation did not know, or knew in a poor form."""
    out = []
    options, response = dict(spec.options), parse(spec.formula).response
    if unknown := [c for c in spec.cluster_columns if not _as_categories(imputed, c)]:
        out.append(
            Note(
                "clusters",
                (f"The imputation models do not include the clusters by {', '.join(unknown)}."),
            )
        )
    if "group" in options and not _as_categories(imputed, str(options["group"])):
        text = (
            f"The imputation models do not include the groups by {options['group']}: the variance"
            " between groups is biased towards zero."
        )
        out.append(Note("unknown_groups", text))
    if unknown := [
        str(options[o]) for o in KNOWN if o in options and options[o] not in imputed.columns
    ]:
        out.append(
            Note(
                "not_imputed_with",
                f"The imputation models do not include {', '.join(unknown)}, which the model uses.",
            )
        )
    if isinstance(response, Survival) and imputed.survival != response.columns:
        text = (
            f"The imputation used {response.label} as ordinary columns. The event and the"
            " cumulative hazard are closer to what a hazard "
        )
        out.append(
            Note("times", f"{text}model implies: impute(..., survival={response.columns!r}).")
        )
    return out


def _as_categories(imputed: Imputed, column: str) -> bool:
    """Whether the imputation had a column as categories, each with a mean of its own; numbers it
    takes for a straight line.
    """
    table = imputed.tables[0]
    frame = table.data if isinstance(table, StudyFrame) else table
    return column in imputed.columns and frame[column].dtype.kind not in "biuf"


def _made_of(imputed: Imputed, spec: ModelSpec) -> list[str]:
    """Terms that bend or multiply columns with filled values."""
    parsed = parse(spec.formula)
    bends = [
        f.label
        for f in parsed.factors
        if f.column in imputed.where and set(f.functions) - {"scale", "center", "C"}
    ]
    products = [
        ":".join(labels) for labels in _products(spec) if any(c in imputed.where for c in labels)
    ]
    return [*bends, *products]


def _products(spec: ModelSpec) -> list[tuple[str, ...]]:
    """Columns that the formula multiplies, as formulaic expands it."""
    from formulaic import Formula as Expression

    parsed = parse(spec.formula)
    columns = {f"f{i}": f.column for i, f in enumerate(parsed.factors)}
    terms = [term for term in Expression(parsed.right) if len(term.factors) > 1]
    return list(
        dict.fromkeys(tuple(columns[str(f).split("_")[0]] for f in term.factors) for term in terms)
    )
