"""What the cases are: scores, outcomes and context described,
curves of peace, and who hangs on one case.
"""

import numpy as np
import pandas as pd

from peacestudy.coding.scoring import internal_consistency
from peacestudy.core.problems import one_of
from peacestudy.errors import FitError, SpecError
from peacestudy.models import adjust, fit, kaplan_meier, left_out
from peacestudy.study.results.results import Results


def influence(found: Results) -> pd.DataFrame:
    """The decided family with each case left out in turn: ``case_id,
    label, p_h1, ...``, the adjusted p values.
    """
    rule = found.decision
    family = [h for h in found.study.config.hypotheses if h.family == "pillars"]
    terms = [h.terms[0] for h in family]
    whole = fit(found.frame, found.study.spec(family[0].spec))
    without = dict(iter(left_out(whole).groupby("left_out")))
    rows = []
    for case in found.frame.data["case_id"]:
        # a case that the fit does not use changes nothing
        table = without.get(case, whole.terms).set_index("term")
        if table["p_value"].isna().any():
            raise FitError(f"without case {case} nothing can be fitted: {table['reason'].iloc[0]}")
        rows.append([case, *adjust(table["p_value"][terms], rule.decide)])
    out = pd.DataFrame(rows, columns=["case_id", *(f"p_{h.id.lower()}" for h in family)])
    out.insert(1, "label", found.frame.data["label"].to_numpy())
    return out


def profile(found: Results) -> pd.DataFrame:
    """Pillar scores of every case of the primary sample, with its
    outcome, sorted by outcome and breadth.
    """
    columns = [
        "case_id",
        "label",
        "t0",
        found.outcome,
        "stopped",
        *found.pillars,
        "breadth",
        "power_sharing",
    ]
    return found.frame.data[columns].sort_values(
        [found.outcome, "breadth", "case_id"], ascending=[False, False, True], ignore_index=True
    )


def descriptive(found: Results) -> pd.DataFrame:
    """Scores and controls by outcome: ``variable, n, missing, mean, sd,
    min, max, mean_peace, mean_none, difference``.
    """
    data = found.frame.data
    columns = [
        *found.pillars,
        "breadth",
        "power_sharing",
        *sorted(found.study.covariates["variable"].unique()),
    ]
    peace = data[found.outcome].astype(float)
    rows = []
    for name in columns:
        x = data[name].astype(float)
        mean = x[peace == 1].mean(), x[peace == 0].mean()
        rows.append(
            (
                name,
                int(x.notna().sum()),
                int(x.isna().sum()),
                x.mean(),
                x.std(),
                x.min(),
                x.max(),
                *mean,
                mean[0] - mean[1],
            )
        )
    return pd.DataFrame(
        rows,
        columns=[
            "variable",
            "n",
            "missing",
            "mean",
            "sd",
            "min",
            "max",
            "mean_peace",
            "mean_none",
            "difference",
        ],
    )


def consistency(found: Results) -> pd.DataFrame:
    """Alpha and omega of every pillar in the primary sample, as description."""
    assert found.study.coding is not None  # a study of texts has codes
    return internal_consistency(found.study.coding, found.frame.data["case_id"])


def survival(found: Results) -> pd.DataFrame:
    """Kaplan-Meier curves of peace by breadth: ``group, years, at_risk,
    events, censored, survival, conf_low, conf_high``.

    Sample ``durations``: censored windows included, so that recent attempts speak for the years
    they were seen. Intervals are pointwise 95 %, log-log. Breadth is split at its median, as
    study.toml says; no test rests on it.
    """
    if found.study.config.display.survival_split != "median":
        raise SpecError(
            one_of("survival_split", found.study.config.display.survival_split, ("median",))
        )
    data = found.sample("durations").data
    seen = data[data["peace_years"] > 0]
    middle = float(seen["breadth"].median())
    low, high = f"breadth up to {middle:.2f}", f"breadth above {middle:.2f}"
    groups = np.where(seen["breadth"] > middle, high, low)
    curves = []
    for group in (high, low):
        part = seen[groups == group]
        curve = kaplan_meier(
            part["peace_years"].to_numpy(dtype=float), part["event"].to_numpy(dtype=float)
        )
        curves.append(curve.assign(group=group)[["group", *curve.columns]])
    return pd.concat(curves, ignore_index=True)


def coverage(found: Results) -> pd.DataFrame:
    """Which context values the primary sample has, and why the others are
    missing: ``variable, kind, reason, cases``.
    """
    long = found.study.covariates
    part = long[long["case_id"].isin(found.frame.data["case_id"])]
    reason = (
        part["reason"]
        .fillna("")
        .str.replace(r"^(imports|exports|gdp_per_capita|population): ", "", regex=True)
    )
    kind = pd.Series("no value in the source", index=part.index).mask(reason == "", "value")
    for prefix in ("outside coverage", "special code"):
        kind = kind.mask(reason.str.startswith(prefix), prefix)
    kind = kind.mask(reason.str.contains("several governments"), "several governments").mask(
        reason.str.contains(" ended on "), "no such state"
    )
    out = (
        part.assign(kind=kind, reason=reason)
        .groupby(["variable", "kind", "reason"], sort=True)
        .size()
        .rename("cases")
    )
    return out.reset_index()


def facts(found: Results) -> pd.DataFrame:
    """Single numbers that prose quotes: ``fact, value``."""
    wide = found.sample("overlapping").data
    data, durations = found.frame.data, found.sample("durations").data
    failed = wide[~wide[found.outcome].astype(bool)]
    rows: list[tuple[str, float]] = [
        ("attempts", len(found.study.cases)),
        ("eligible", int(found.study.cases["eligible"].sum())),
        ("complete", len(wide)),
        ("complete_peace", int(wide[found.outcome].sum())),
        ("complete_conflicts", wide["conflict_id"].nunique()),
        ("primary", len(data)),
        ("primary_peace", int(data[found.outcome].sum())),
        ("primary_conflicts", data["conflict_id"].nunique()),
        ("primary_countries", data["country"].nunique()),
        ("durations", len(durations)),
        ("durations_without_a_year", int((durations["peace_years"] == 0).sum())),
        ("complete_failed", len(failed)),
        ("complete_failed_fighting_next_year", int((~failed["stopped"].astype(bool)).sum())),
        (
            "complete_failed_fighting_in_t0_and_next_year",
            int((~failed["stopped"].astype(bool) & (failed["active"] == 1)).sum()),
        ),
        (
            "primary_peace_share_active",
            float(data[data["active"] == 1][found.outcome].astype(float).mean()),
        ),
        (
            "primary_peace_share_quiet",
            float(data[data["active"] == 0][found.outcome].astype(float).mean()),
        ),
        ("complete_stopped", int(wide["stopped"].sum())),
        ("complete_held", int(wide["held"].fillna(False).sum())),
        (
            "complete_peace_share_active",
            float(wide[wide["active"] == 1][found.outcome].astype(float).mean()),
        ),
        (
            "complete_peace_share_quiet",
            float(wide[wide["active"] == 0][found.outcome].astype(float).mean()),
        ),
        (
            "correlation_breadth_log_pages",
            float(np.corrcoef(data["breadth"], np.log(data["pages"]))[0, 1]),
        ),
        (
            "correlation_breadth_log_pages_complete",
            float(np.corrcoef(wide["breadth"], np.log(wide["pages"]))[0, 1]),
        ),
    ]
    return pd.DataFrame(rows, columns=["fact", "value"]).astype({"value": float})


def cases(found: Results) -> pd.DataFrame:
    """The cases of the primary sample, a row each, for the table of cases."""
    columns = [
        "case_id",
        "label",
        "first_date",
        "last_date",
        "n_scored",
        "pages",
        "breadth",
        found.outcome,
        "peace_years",
        "event",
    ]
    data = found.frame.data
    if "date" in data:  # one agreement a case
        data = data.assign(first_date=data["date"], last_date=data["date"])
    return data[columns].sort_values("label", ignore_index=True)


def over_time(found: Results) -> pd.DataFrame:
    """What attempts provide for, by five years of t0, the last six: ``period, score, n, mean,
    conf_low, conf_high``; all attempts.
    """
    data = found.study.frame("all").data
    periods = (data["t0"].astype(int) // 5 * 5).clip(upper=2020)
    rows = []
    for score in (*found.pillars, "breadth"):
        for period, part in data[score].astype(float).groupby(periods):
            half = 1.959964 * part.std(ddof=1) / np.sqrt(len(part)) if len(part) > 1 else np.nan
            rows.append(
                (int(period), score, len(part), part.mean(), part.mean() - half, part.mean() + half)
            )
    return pd.DataFrame(rows, columns=["period", "score", "n", "mean", "conf_low", "conf_high"])
