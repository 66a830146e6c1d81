"""Description of the cases: scores, outcomes, context, survival curves, and influence of cases."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from peacestudy.coding.scoring import internal_consistency
from peacestudy.core.problems import one_of
from peacestudy.errors import FitError, SpecError
from peacestudy.models import adjust, fit, left_out
from peacestudy.models.interpretation import kaplan_meier
from peacestudy.study.results.results import Results

NORMAL_975 = 1.959964
DESCRIPTIVE = [
    "variable",
    "n",
    "missing",
    "mean",
    "sd",
    "min",
    "max",
    "mean_peace",
    "mean_no_peace",
    "difference",
]


def study_table(name: str) -> Callable[[Results], pd.DataFrame]:
    """A result that is a table of the study as it is stored in its folder."""

    def table(found: Results) -> pd.DataFrame:
        if name not in found.study.tables:
            raise SpecError(one_of("table", name, list(found.study.tables)))
        return found.study.tables[name]

    return table


def influence(found: Results) -> pd.DataFrame:
    """The hypotheses on the pillars with each case left out in turn: ``case_id, label, p_h1, ...``,
    the adjusted p values.
    """
    rule = found.decision
    family = [h for h in found.study.config.hypotheses if h.family == "pillars"]
    terms = [h.terms[0] for h in family]
    all_cases = fit(found.frame, found.study.spec(family[0].spec))
    reduced = dict(iter(left_out(all_cases).groupby("left_out")))
    rows = []
    for case in found.frame.data["case_id"]:
        # a case that the fit does not use changes nothing
        table = reduced.get(case, all_cases.terms).set_index("term")
        p_values = table["p_value"][terms]
        if p_values.isna().any():
            reason = table["reason"].iloc[0] or "a pillar has no standard error"
            raise FitError(f"without case {case} the family is not tested: {reason}.")
        rows.append([case, *adjust(p_values, rule.adjustment)])
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
    """Scores and controls by outcome: ``variable, n, missing, mean, sd, min, max, mean_peace,
    mean_no_peace, difference``.
    """
    data = found.frame.data
    controls = sorted(found.study.covariates["variable"].unique())
    columns = [*found.pillars, "breadth", "power_sharing", *controls]
    peace = data[found.outcome].astype(float)
    rows = []
    for name in columns:
        x = data[name].astype(float)
        mean_peace, mean_no_peace = x[peace == 1].mean(), x[peace == 0].mean()
        counts = int(x.notna().sum()), int(x.isna().sum())
        moments = x.mean(), x.std(), x.min(), x.max()
        difference = mean_peace - mean_no_peace
        rows.append((name, *counts, *moments, mean_peace, mean_no_peace, difference))
    return pd.DataFrame(rows, columns=DESCRIPTIVE)


def consistency(found: Results) -> pd.DataFrame:
    """Alpha and omega of every pillar in the primary sample."""
    assert found.study.coding is not None  # a study of texts has codes
    return internal_consistency(found.study.coding, found.frame.data["case_id"])


def survival(found: Results) -> pd.DataFrame:
    """Kaplan-Meier curves of peace by breadth: ``group, years, at_risk,
    events, censored, survival, conf_low, conf_high``.

    Sample ``durations``: censored windows included, so that recent attempts count for the years
    observed. Intervals are pointwise 95 %, log-log. Breadth is split at its median, as study.toml
    says; no test depends on the split.
    """
    split = found.study.config.display.survival_split
    if split != "median":
        raise SpecError(one_of("survival_split", split, ("median",)))
    data = found.sample("durations").data
    observed = data[data["peace_years"] > 0]
    median = float(observed["breadth"].median())
    low, high = f"breadth up to {median:.2f}", f"breadth above {median:.2f}"
    groups = np.where(observed["breadth"] > median, high, low)
    curves = []
    for group in (high, low):
        part = observed[groups == group]
        years = part["peace_years"].to_numpy(dtype=float)
        events = part["event"].to_numpy(dtype=float)
        curve = kaplan_meier(years, events)
        curves.append(curve.assign(group=group)[["group", *curve.columns]])
    return pd.concat(curves, ignore_index=True)


def coverage(found: Results) -> pd.DataFrame:
    """Context values of the primary sample, present or missing, with the reasons: ``variable, kind,
    reason, cases``.
    """
    long = found.study.covariates
    part = long[long["case_id"].isin(found.frame.data["case_id"])]
    prefix = r"^(imports|exports|gdp_per_capita|population): "
    reason = part["reason"].fillna("").str.replace(prefix, "", regex=True)
    kind = pd.Series("no value in the source", index=part.index)
    kind = kind.mask(reason == "", "value")
    kind = kind.mask(reason.str.startswith("outside coverage"), "outside coverage")
    kind = kind.mask(reason.str.startswith("special code"), "special code")
    kind = kind.mask(reason.str.contains("several governments"), "several governments")
    kind = kind.mask(reason.str.contains(" ended on "), "no such state")
    groups = part.assign(kind=kind, reason=reason).groupby(
        ["variable", "kind", "reason"], sort=True
    )
    return groups.size().rename("cases").reset_index()


def facts(found: Results) -> pd.DataFrame:
    """Single numbers quoted in the text: ``fact, value``."""
    attempts = found.study.cases
    complete = found.sample("overlapping").data
    primary, durations = found.frame.data, found.sample("durations").data
    failed = complete[~complete[found.outcome].astype(bool)]
    never_stopped = ~failed["stopped"].astype(bool)
    fought_before = failed["active"] == 1
    rows: list[tuple[str, float]] = [
        ("attempts", len(attempts)),
        ("eligible", int(attempts["eligible"].sum())),
        ("complete", len(complete)),
        ("complete_peace", int(complete[found.outcome].sum())),
        ("complete_conflicts", complete["conflict_id"].nunique()),
        ("primary", len(primary)),
        ("primary_peace", int(primary[found.outcome].sum())),
        ("primary_conflicts", primary["conflict_id"].nunique()),
        ("primary_countries", primary["country"].nunique()),
        ("durations", len(durations)),
        ("durations_without_a_year", int((durations["peace_years"] == 0).sum())),
        ("complete_failed", len(failed)),
        ("complete_failed_fighting_next_year", int(never_stopped.sum())),
        ("complete_failed_fighting_before_and_after", int((never_stopped & fought_before).sum())),
        ("primary_peace_share_active", _share(primary, found.outcome, active=1)),
        ("primary_peace_share_quiet", _share(primary, found.outcome, active=0)),
        ("complete_stopped", int(complete["stopped"].sum())),
        ("complete_held", int(complete["held"].fillna(False).sum())),
        ("complete_peace_share_active", _share(complete, found.outcome, active=1)),
        ("complete_peace_share_quiet", _share(complete, found.outcome, active=0)),
        ("correlation_breadth_log_pages", _correlation_with_length(primary)),
        ("correlation_breadth_log_pages_complete", _correlation_with_length(complete)),
    ]
    return pd.DataFrame(rows, columns=["fact", "value"]).astype({"value": float})


def _share(data: pd.DataFrame, outcome: str, active: int) -> float:
    """The share with the outcome among cases with, or without, fighting at the agreement."""
    part = data[data["active"] == active]
    return float(part[outcome].astype(float).mean())


def _correlation_with_length(data: pd.DataFrame) -> float:
    return float(np.corrcoef(data["breadth"], np.log(data["pages"]))[0, 1])


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


def known_cases(found: Results) -> pd.DataFrame:
    """The well-known cases of the table ``known_cases``: whether each is in the primary sample, its
    outcome, and what an expert would object.

    Returns
    -------
    DataFrame
        ``name, case_id, label, t0``; ``included``; ``left_out``, the reason of the step that leaves
        the case out; the outcome, missing where it is not known; ``fighting_years``, in the window;
        ``objection, source``.
    """
    table = study_table("known_cases")(found)
    primary = found.frame
    everything = found.study.frame("all").data.set_index("case_id")
    excluded = primary.excluded
    reasons = {} if excluded is None else dict(excluded.set_index("case")["reason"])
    cases = table["case_id"]
    columns = ["label", "t0", found.outcome, "fighting_years"]
    out = table[["name", "case_id"]].join(everything[columns], on="case_id")
    out.insert(4, "included", cases.isin(primary.data["case_id"]))
    out.insert(5, "left_out", cases.map(reasons))
    return out.assign(objection=table["objection"], source=table["source"])


def over_time(found: Results) -> pd.DataFrame:
    """Scores of all attempts by five years of t0 (the last period has six): ``period, score, n,
    mean, conf_low, conf_high``.
    """
    data = found.study.frame("all").data
    periods = (data["t0"].astype(int) // 5 * 5).clip(upper=2020)
    rows = []
    for score in (*found.pillars, "breadth"):
        for period, part in data[score].astype(float).groupby(periods):
            n, mean = len(part), part.mean()
            half = NORMAL_975 * part.std(ddof=1) / np.sqrt(n) if n > 1 else np.nan
            rows.append((int(period), score, n, mean, mean - half, mean + half))
    return pd.DataFrame(rows, columns=["period", "score", "n", "mean", "conf_low", "conf_high"])
