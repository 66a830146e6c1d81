"""Regression table: models side by side, with their notes below."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from peacestudy.core.display import p_text
from peacestudy.errors import SpecError
from peacestudy.models import Fit
from peacestudy.models.engines.engine import POSITIVE
from peacestudy.models.engines.registry import ENGINES
from peacestudy.models.inference import detectable
from peacestudy.models.inference.hypotheses import POWER
from peacestudy.models.missing import PooledFit
from peacestudy.tables.table import Table

ALPHA = 0.05
# effects below are told with two digits, wherever these begin: of income in dollars 0.00 would say
# nothing
SMALL = 0.1


def regression(
    fits: Fit | PooledFit | Sequence[Fit | PooledFit],
    caption: str = "Regression",
    name: str = "regression",
) -> Table:
    """Regression table: models side by side, with their notes below.

    Parameters
    ----------
    fits : Fit, PooledFit or sequence of them
        The models; fits of imputed data may be mixed with others. Each has a name of its own.
    caption : str
        Caption of the table.
    name : str
        Name of the file without its ending.

    Returns
    -------
    Table
        A row a term with ``estimate (standard error)`` and the p value, then N, events, clusters,
        log-likelihood and pseudo R2; for imputed data the number of completed tables and the
        largest fraction of missing information. There are no stars. The notes give the smallest
        detectable effects of terms whose null is not rejected, and the notes of the fits, each
        once, with the models they belong to.

    Raises
    ------
    SpecError
        No fit, something else than a fit, or two fits of one name.

    Examples
    --------
    >>> import pandas as pd
    >>> data = pd.DataFrame({"y": [0, 1, 0, 1, 1, 0], "x": [1, 2, 3, 4, 5, 6]})
    >>> fit = ps.fit(data, ps.ModelSpec("main", "y ~ x", "firth", vcov="hc1"))
    >>> table = ps.tables.regression(fit)
    >>> table.body.head(2)
            term                   main
    0          x   0.08 (0.59), p 0.895
    1  Intercept  -0.28 (2.22), p 0.901
    """
    each = list(fits) if isinstance(fits, Iterable) else [fits]
    if not each:
        raise SpecError("a regression table needs at least one fit.")
    if other := [f for f in each if not isinstance(f, Fit | PooledFit)]:
        raise SpecError(
            f"a regression table is made of what ps.fit gives, not of a {type(other[0]).__name__}."
        )
    names = [f.spec.name for f in each]
    if twice := [n for n in dict.fromkeys(names) if names.count(n) > 1]:
        raise SpecError(
            f"{names.count(twice[0])} models are named {twice[0]!r}: give each ModelSpec a name of"
            " its own, which heads its column."
        )
    notes: dict[str, list[str]] = {}
    for f in each:
        for n in f.notes:
            notes.setdefault(str(n), []).append(f.spec.name)
    parts = pd.concat([f.terms.assign(model=f.spec.name, beside=_beside(f)) for f in each])
    models = pd.concat([f.glance() for f in each])
    parts["detectable"] = np.concatenate(
        [f.detectable(power=POWER, significance=ALPHA)["detectable"] for f in each]
    )
    return regression_from_tables(parts, models, notes, caption, name)


def regression_from_tables(
    terms: pd.DataFrame, models: pd.DataFrame, notes: dict[str, list[str]], caption: str, name: str
) -> Table:
    """The same from stored results: ``terms`` with a column
    ``model``, ``models`` as from ``Fit.glance``.

    ``notes`` maps a note to the models it belongs to. Where ``terms`` have no ``detectable`` it is
    made of their standard errors; where ``models`` has ``tables`` and ``fmi`` they are shown.
    ``beside`` of ``terms`` says what a term is that is no column of the design, as ``the
    dispersion``, and is empty for the others; it has a row of its own where a column of another
    model has its name.
    """
    names = models["model"].tolist()
    if "beside" not in terms:
        terms = terms.assign(beside=_stored_beside(terms, models))
    order = list(dict.fromkeys(zip(terms["term"], terms["beside"], strict=True)))
    order.sort(key=lambda row: row[0] == "Intercept")
    columns = ["model", "term", "beside", "estimate", "std_error", "p_value"]
    cells = {
        (model, term, beside): _cell(estimate, std_error, p)
        for model, term, beside, estimate, std_error, p in terms[columns].itertuples(
            index=False, name=None
        )
    }
    slopes = {term for term, beside in order if not beside}
    rows = []
    for term, beside in order:
        label = f"{term} ({beside})" if beside and term in slopes else term
        rows.append([label, *(cells.get((model, term, beside), "") for model in names)])
    by = models.set_index("model")
    for label, column, form in (
        ("N", "n", "{:.0f}"),
        ("Events", "n_events", "{:.0f}"),
        ("Clusters", "n_clusters", "{:.0f}"),
        ("Log-likelihood", "loglik", "{:.2f}"),
        ("Pseudo R2 (McFadden)", "pseudo_r2", "{:.3f}"),
        ("R2", "r_squared", "{:.3f}"),
        ("Completed tables", "tables", "{:.0f}"),
        ("Largest fraction of missing information", "fmi", "{:.2f}"),
    ):
        values = [by.loc[m, column] if column in by else None for m in names]
        if any(v is not None and not _missing(v) for v in values):
            rows.append(
                [
                    label,
                    *(
                        "" if _missing(v) else str(v) if isinstance(v, tuple) else form.format(v)
                        for v in values
                    ),
                ]
            )
    said = ["Cells: coefficient (standard error), p value, two-sided.", *_missed(terms, models)]
    said += [
        f"{', '.join(dict.fromkeys(who)) if len(set(who)) < len(names) else 'All models'}: {text}"
        for text, who in notes.items()
    ]
    return Table(name, caption, pd.DataFrame(rows, columns=["term", *names]), tuple(said))


def _beside(fit: Fit | PooledFit) -> list[str]:
    """What each term is where it is no column of the design; else empty."""
    slopes = len(fit.slopes if isinstance(fit, PooledFit) else fit.design.names)
    return [""] * slopes + [ENGINES[fit.spec.engine].parameters] * (len(fit.terms) - slopes)


def _stored_beside(terms: pd.DataFrame, models: pd.DataFrame) -> list[str]:
    """The same of stored terms, of engines whose last term is such a parameter."""
    engines = models.set_index("model")["engine"].map(
        lambda name: ENGINES[name].parameters if name in ENGINES else ""
    )
    last = ~terms["model"].duplicated(keep="last")
    kinds = terms["model"].map(engines)
    return kinds.where(last & kinds.isin(POSITIVE), "").tolist()


def _missed(terms: pd.DataFrame, models: pd.DataFrame) -> list[str]:
    """A sentence on the effects that nulls could have missed, a part for
    each model; none where every null is rejected.
    """
    by = models.set_index("model")
    parts = []
    for model in by.index:
        own = terms[terms["model"] == model]
        null = own[(own["p_value"] >= ALPHA) & (own["term"] != "Intercept")]
        if "detectable" not in null:
            dfs = null["df"] if "df" in null else [np.nan] * len(null)
            each = [
                _least(by.loc[model], len(own), se, df)
                for se, df in zip(null["std_error"], dfs, strict=True)
            ]
            null = null.assign(detectable=each)
        least = null["detectable"]
        found = [
            f"{t} {d:.2f}" if d >= SMALL else f"{t} {d:.2g}"
            for t, d in zip(null["term"], least, strict=True)
            if not _missing(d)
        ]
        parts += [f"{model}: {', '.join(found)}"] if found else []
    if not parts:
        return []
    what = (
        f"smallest coefficient that a test at .05 finds in {POWER:.0%} of such samples, the"
        " standard error taken as known, where the null is not rejected"
    )
    return [
        (
            f"A null that is not rejected does not show that there is no effect; {what}:"
            f" {'; '.join(parts)}."
        )
    ]


def _least(model: pd.Series, terms: int, std_error: float, own: float) -> float:
    """From a standard error, by t with the term's ``own`` degrees of freedom; else for ``linear``
    with those that ``Fit`` takes, else by z.
    """
    if not _missing(own):
        return detectable(std_error, POWER, ALPHA, own)
    if not _missing(model.get("tables")):
        # of imputed data each term has degrees of freedom of its own, and they were not stored
        return float("nan")
    known = ENGINES.get(model["engine"])
    if known is None or known.distribution == "z":
        return detectable(std_error, POWER, ALPHA)
    G = model["n_clusters"]
    if model["vcov"] == "cr2" or isinstance(G, str):
        # each term has its own degrees of freedom, or two columns of clusters were stored as text
        return float("nan")
    df = model["n"] - terms if _missing(G) else min(G) - 1 if isinstance(G, tuple) else G - 1
    return detectable(std_error, POWER, ALPHA, float(df))


def _cell(estimate: float, std_error: float, p: float) -> str:
    """A coefficient as it is printed; an en dash for a standard error that
    is missing, nothing for a term without a test.
    """
    error = "–" if _missing(std_error) else f"{std_error:.2f}"
    return f"{estimate:.2f} ({error})" + ("" if _missing(p) else f", p {p_text(p)}")


def _missing(value: object) -> bool:
    return value is None or (isinstance(value, float) and value != value)
