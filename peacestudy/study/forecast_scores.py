"""Scores of frozen forecasts, once later data say what happened.

A forecast is matched with later data by its conflict and its first agreement: the id of a case
changes when further agreements follow, and with it the year from which its outcome is counted. The
outcome is that of the frozen window, whatever the window of the case has become.

Source: Brier (1950), Monthly Weather Review 78(1); Gneiting and Raftery (2007), Journal of the
American Statistical Association 102(477) (proper scores, and their comparison on the same cases).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from peacestudy.core.display import html_table
from peacestudy.core.problems import Note, one_of
from peacestudy.errors import SpecError
from peacestudy.models.diagnosis.accuracy import brier, log_score

SCORED, OPEN, NO_MATCH = "scored", "open", "no match"
NEEDED = ("case_id", "conflict_id", "first_date", "t0")
NEEDED_OF_FORECASTS = (
    *("file", "model", "case_id", "label", "conflict_id", "first_date", "t0", "window_from"),
    *("window_to", "outcome_known", "probability", "base_rate"),
)
CASE_COLUMNS = [
    "file",
    "model",
    "case_id",
    "label",
    "conflict_id",
    "first_date",
    "window_from",
    "window_to",
    "outcome_known",
    "probability",
    "base_rate",
    "controls",
    "status",
    "later_case_id",
    "later_t0",
    "outcome",
]


@dataclass(frozen=True, eq=False)
class ForecastScores:
    """How good forecasts were.

    Attributes
    ----------
    scores : DataFrame
        A row for each file and model: ``file, model, n``, the forecasts scored; ``n_peace``, those
        followed by peace; ``open``, with years of the window still to come; ``unmatched``, without
        a case in the later data. ``brier`` and ``log_score`` (mean of minus log probability),
        lower is better, and of the same cases ``brier_base, log_score_base``, of the base rate of
        the training cases, and ``brier_controls, log_score_controls``, of the model of the
        controls alone. ``n_unknown`` and the same scores with ``_unknown`` are of the forecasts
        whose outcome was not known when they were frozen. Missing where there is nothing to score.
    cases : DataFrame
        A row for each forecast: how it was matched and what came of it. ``status``: ``scored``,
        ``open`` or ``no match``; ``outcome``: whether the frozen window was free of fighting.
    notes : tuple of Note
        Forecasts without a match, cases whose window has moved since, and scored cases of
        conflicts of which ``fighting`` has no entry.
    """

    scores: pd.DataFrame
    cases: pd.DataFrame = field(repr=False)
    notes: tuple[Note, ...]

    def _repr_html_(self) -> str:
        return html_table(self.scores, "Forecasts scored", self.notes, rows=len(self.scores))


def score_forecasts(
    forecasts: pd.DataFrame,
    cases: pd.DataFrame,
    fighting: Mapping[object, Collection[int]],
    last_year: int,
    *,
    controls: str | None = None,
) -> ForecastScores:
    """Score frozen forecasts by later data.

    Parameters
    ----------
    forecasts : DataFrame
        As ``read_forecasts`` gives them.
    cases : DataFrame
        The cases as the later data have them: ``case_id, conflict_id, first_date, t0``. A case
        without a conflict or a first agreement matches no forecast.
    fighting : mapping of conflict to years
        The years with fighting of each conflict in the later data; a conflict without an entry
        had none, which a note says.
    last_year : int
        The last year that the later data cover.
    controls : str, optional
        The model of the controls alone, with which every model is compared.

    Returns
    -------
    ForecastScores
        Scores, and what came of every forecast. A forecast that no longer matches a case is
        reported, and not scored.

    Raises
    ------
    SpecError
        A column is missing, there are no forecasts, a first agreement is no date, two cases have
        one conflict and first agreement, or there is no model of that name.
    """
    _check(forecasts, cases, controls)
    table = _matched(forecasts, cases)
    closed = table["window_to"].astype(int) <= last_year
    matched = table["later_case_id"].notna()
    table["status"] = np.select([~matched, closed], [NO_MATCH, SCORED], OPEN)
    years = {_conflict(conflict): set(own) for conflict, own in fighting.items()}
    conflicts = table["conflict_id"].map(_conflict)
    table["listed"] = conflicts.isin(list(years))
    table["outcome"] = np.nan
    for i in np.flatnonzero(table["status"] == SCORED):
        fought = years.get(conflicts.iloc[i], set())
        first, last = table["window_from"].iloc[i], table["window_to"].iloc[i]
        table.loc[i, "outcome"] = _outcome(int(first), int(last), fought)
    table["controls"] = _of_controls(table, controls)
    rows = []
    for (file, model), part in table.groupby(["file", "model"], sort=False):
        rows.append({"file": file, "model": model, **_scores(part)})
    return ForecastScores(pd.DataFrame(rows), table[CASE_COLUMNS], tuple(_notes(table)))


def _check(forecasts: pd.DataFrame, cases: pd.DataFrame, controls: str | None) -> None:
    for name, table, needed in (
        ("forecasts", forecasts, NEEDED_OF_FORECASTS),
        ("cases", cases, NEEDED),
    ):
        if absent := [column for column in needed if column not in table]:
            raise SpecError(
                f"{name} has no column {', '.join(absent)}. Give {', '.join(needed)}, a row each."
            )
    if forecasts.empty:
        raise SpecError(
            "forecasts has no rows. Give frozen forecasts, as read_forecasts reads them."
        )
    seen = set()
    for key in _keys(cases):
        if key is not None and key in seen:
            raise SpecError(
                f"two cases have conflict {key[0]} and the first agreement of {key[1]:%Y-%m-%d}."
                " A case is known by both; keep one row."
            )
        seen.add(key)
    models = forecasts["model"].drop_duplicates().tolist()
    if controls is not None and controls not in models:
        raise SpecError(one_of("controls", controls, models))


def _conflict(value: Any) -> str | None:
    """The id of a conflict as text: 12, 12.0 and "12" are one; None where it is missing."""
    if pd.isna(value):
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _keys(table: pd.DataFrame) -> list[tuple[str, pd.Timestamp] | None]:
    """The conflict and the first agreement of every row, None where one of them is missing."""
    try:
        days = pd.to_datetime(table["first_date"], format="ISO8601")
    except (ValueError, TypeError) as err:
        raise SpecError(
            f"first_date holds what is no date ({err}). Write days as 2001-02-03."
        ) from err
    keys: list[tuple[str, pd.Timestamp] | None] = []
    for value, day in zip(table["conflict_id"], days, strict=True):
        conflict = _conflict(value)
        keys.append(None if conflict is None or pd.isna(day) else (conflict, day))
    return keys


def _matched(forecasts: pd.DataFrame, cases: pd.DataFrame) -> pd.DataFrame:
    """The forecasts with the id and t0 that their cases have in the later data, if any."""
    t0 = cases["t0"].astype(float)
    found = dict(zip(_keys(cases), zip(cases["case_id"], t0, strict=True), strict=True))
    found[None] = None, np.nan  # what is not known by both matches nothing
    pairs = [found.get(key, found[None]) for key in _keys(forecasts)]
    return forecasts.assign(
        later_case_id=pd.Series([p[0] for p in pairs], index=forecasts.index, dtype=object),
        later_t0=[p[1] for p in pairs],
    ).reset_index(drop=True)


def _outcome(first: int, last: int, fought: set[int]) -> float:
    """Whether a window had no year of fighting."""
    return float(not fought & set(range(first, last + 1)))


def _of_controls(table: pd.DataFrame, controls: str | None) -> "pd.Series[float]":
    """Of every forecast that of the model of the controls alone, for the same case and file."""
    own = table[table["model"] == controls]
    found = dict(
        zip(zip(own["file"], own["case_id"], strict=True), own["probability"], strict=True)
    )
    keys = zip(table["file"], table["case_id"], strict=True)
    return pd.Series([found.get(key, np.nan) for key in keys], index=table.index, dtype=float)


def _scores(part: pd.DataFrame) -> dict[str, object]:
    """The scores of one model in one file."""
    scored = part[part["status"] == SCORED]
    unknown = scored[~scored["outcome_known"].astype(bool)]
    row: dict[str, object] = {
        "n": len(scored),
        "n_peace": int(scored["outcome"].sum()),
        "open": int((part["status"] == OPEN).sum()),
        "unmatched": int((part["status"] == NO_MATCH).sum()),
        **_against_outcomes(scored, ""),
        "n_unknown": len(unknown),
        **_against_outcomes(unknown, "_unknown"),
    }
    return row


def _against_outcomes(scored: pd.DataFrame, suffix: str) -> dict[str, float]:
    """Brier and log score of the model, of the base rate and of the controls on the same cases."""
    y = scored["outcome"].to_numpy(dtype=float)
    out = {}
    sources = {"": "probability", "_base": "base_rate", "_controls": "controls"}
    for name, column in sources.items():
        p = scored[column].to_numpy(dtype=float)
        known = len(p) > 0 and not np.isnan(p).any()
        out[f"brier{name}{suffix}"] = brier(y, p) if known else np.nan
        out[f"log_score{name}{suffix}"] = log_score(y, p) if known else np.nan
    return out


def _notes(table: pd.DataFrame) -> list[Note]:
    notes = []
    by_case = table.drop_duplicates(["file", "case_id"])
    lost = by_case[by_case["status"] == NO_MATCH]
    if len(lost):
        text = (
            f"{len(lost)} case(s) that were forecast are not in the later data"
            f" ({', '.join(lost['case_id'])}), and are not scored."
        )
        notes.append(Note("no_match", text))
    moved = by_case[by_case["later_t0"].notna() & (by_case["later_t0"] != by_case["t0"])]
    if len(moved):
        text = (
            f"{len(moved)} case(s) have further agreements and another t0 in the later data"
            f" ({', '.join(moved['case_id'])}); they are scored by the frozen window."
        )
        notes.append(Note("moved", text))
    unlisted = by_case[(by_case["status"] == SCORED) & ~by_case["listed"]]
    if len(unlisted):
        text = (
            f"{len(unlisted)} scored case(s) are of conflicts of which fighting has no entry"
            f" ({', '.join(unlisted['case_id'])}); they count as without fighting."
        )
        notes.append(Note("no_entry", text))
    return notes
