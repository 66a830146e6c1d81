"""Forecasts: probabilities written down before the windows close, and scored when they have.

The file forecasts.csv is frozen: it is written once and never anew, and its sha256 stands under
[declared] in study.toml. That is the pre-registration.
"""

import datetime
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from peacestudy.core.schema import Field, Schema
from peacestudy.core.tables import read_table, write_table
from peacestudy.errors import SpecError
from peacestudy.models import Fit, fit
from peacestudy.models.diagnosis.accuracy import brier, log_score
from peacestudy.models.interpretation.predictions import predict
from peacestudy.study.load import load_study
from peacestudy.study.study import Study

FILE = "forecasts.csv"
FORECASTS_SCHEMA = Schema(
    (
        Field("case_id", required=True),
        Field("label", required=True),
        Field("t0", "year", required=True),
        Field("window_from", "year", required=True),
        Field(
            "window_to",
            "year",
            required=True,
            description="the forecast can be scored once the conflict data cover this year",
        ),
        Field(
            "fighting_seen",
            "boolean",
            required=True,
            description=(
                "fighting in the window was already in the data when the forecast was made: the"
                " window can only fail"
            ),
        ),
        Field("assumed", description="what was missing for the case, and what stood in for it"),
        Field("model", required=True, description="specification of study.toml"),
        Field(
            "probability",
            "number",
            required=True,
            minimum=0,
            maximum=1,
            description="of lasting peace; Firth's slopes, intercept by maximum likelihood (FLIC)",
        ),
        Field(
            "conf_low",
            "number",
            required=True,
            minimum=0,
            maximum=1,
            description="95 % interval of the probability, not of the outcome",
        ),
        Field("conf_high", "number", required=True, minimum=0, maximum=1),
        Field("n_train", "integer", required=True, unit="cases"),
        Field("made_on", "date", required=True),
        Field("declaration", required=True, description="sha256 of the declaration in study.toml"),
        Field(
            "model_hash",
            required=True,
            description="sha256 of the formula, the cases and the coefficients to ten digits",
        ),
        Field("source", required=True),
    ),
    key=("case_id", "model"),
)


def make_forecasts(study: Study, made_on: datetime.date) -> pd.DataFrame:
    """The forecasts that study.toml declares under [forecast].

    Parameters
    ----------
    study : with ``forecast`` declared.
    made_on : the date that is written beside every one.

    Raises
    ------
    SpecError
        None are declared.
    """
    rule = study.config.forecast
    if rule is None:
        raise SpecError(f"study.toml of {study.config.id} declares no [forecast].")
    train, ahead = study.frame(rule.train), study.frame(rule.cases).data
    ahead, assumed = _completed(ahead, rule.substitutes)
    parts = []
    for name in rule.specs:
        found = fit(train, study.spec(name))
        guess = (
            predict(found, ahead.set_index("case_id"), kind="flic")
            .set_index("case")
            .loc[ahead["case_id"]]
        )
        parts.append(
            pd.DataFrame(
                {
                    "case_id": ahead["case_id"],
                    "label": ahead["label"],
                    "t0": ahead["t0"],
                    "window_from": ahead["window_from"],
                    "window_to": ahead["window_to"],
                    "fighting_seen": ahead["fighting_years"].notna(),
                    "assumed": assumed,
                    "model": name,
                    "probability": guess["estimate"].to_numpy().round(4),
                    "conf_low": guess["conf_low"].to_numpy().round(4),
                    "conf_high": guess["conf_high"].to_numpy().round(4),
                    "n_train": found.n,
                    "made_on": pd.Timestamp(made_on),
                    "declaration": study.config.declared.hash,
                    "model_hash": model_hash(found),
                    "source": f"{study.config.id}, sample {rule.train}",
                }
            )
        )
    return pd.concat(parts, ignore_index=True)[FORECASTS_SCHEMA.names]


def _completed(
    ahead: pd.DataFrame, instead: Mapping[str, str]
) -> tuple[pd.DataFrame, list[str | None]]:
    """The cases with what stands in where a column is missing,
    and a sentence for each that says so.
    """
    said: list[list[str]] = [[] for _ in range(len(ahead))]
    out = ahead.copy()
    for column, other in instead.items():
        for i in np.flatnonzero(out[column].isna()):
            said[i].append(f"{column} is missing, {other} stands in")
        out[column] = out[column].where(out[column].notna(), out[other])
    return out, ["; ".join(s) or None for s in said]


def model_hash(found: Fit) -> str:
    """SHA-256 of what makes a forecast: formula, cases and coefficients to ten digits."""
    terms = [
        [t, f"{b:.10g}"] for t, b in zip(found.terms["term"], found.terms["estimate"], strict=True)
    ]
    text = json.dumps([found.spec.formula, found.spec.engine, [str(c) for c in found.cases], terms])
    return hashlib.sha256(text.encode()).hexdigest()


def freeze_forecasts(study: str) -> Path:
    """Write the forecasts of a study, dated today; refused where they stand already.

    Raises
    ------
    SpecError
        The file exists: what has been forecast is not forecast again.
    """
    whole = load_study(study)
    path = whole.folder / FILE
    if path.is_file():
        raise SpecError(
            f"{path} exists. Forecasts are made once; existing ones are scored when their windows"
            " close."
        )
    write_table(path, make_forecasts(whole, datetime.date.today()))
    return path


def read_forecasts(study: Study) -> pd.DataFrame:
    """The frozen forecasts of a study."""
    return read_table(study.folder / FILE, FORECASTS_SCHEMA)


def score_forecasts(forecasts: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    """How good the forecasts were whose windows have closed.

    Parameters
    ----------
    forecasts : as ``read_forecasts`` gives them.
    outcomes : ``case_id, window_complete, lasting_peace``, made
        from a later release of the conflict data.

    Returns
    -------
    DataFrame
        A row a model: ``model, n, open, brier, log_score, brier_without_seen, n_without_seen``. The
        last two leave out cases whose fighting was already in the data. Missing where no window has
        closed.

    Raises
    ------
    SpecError
        A column is missing, a case stands twice or has no outcome
        row, or a closed window has no outcome.
    """
    absent = [c for c in ("case_id", "window_complete", "lasting_peace") if c not in outcomes]
    if absent or outcomes["case_id"].duplicated().any():
        what = f"no column {', '.join(absent)}" if absent else "a case that appears twice"
        raise SpecError(
            f"outcomes has {what}. Give case_id, window_complete and lasting_peace, one"
            " row per case."
        )
    lost = sorted(set(forecasts["case_id"]) - set(outcomes["case_id"]))
    if lost:
        raise SpecError(
            f"outcomes has no row for {', '.join(lost[:5])}. Give every case that was forecast."
        )
    after = outcomes.set_index("case_id")
    rows = []
    for model, part in forecasts.groupby("model", sort=False):
        closed = part[
            part["case_id"]
            .map(after["window_complete"])
            .astype("boolean")
            .fillna(False)
            .to_numpy(dtype=bool)
        ]
        y = closed["case_id"].map(after["lasting_peace"]).astype(float).to_numpy()
        if np.isnan(y).any():
            raise SpecError(
                "a window is complete and has no outcome:"
                f" {', '.join(closed.loc[np.isnan(y), 'case_id'])}."
            )
        p = closed["probability"].to_numpy(dtype=float)
        new = ~closed["fighting_seen"].to_numpy(dtype=bool)
        rows.append(
            (
                model,
                len(closed),
                len(part) - len(closed),
                brier(y, p) if len(y) else np.nan,
                log_score(y, p) if len(y) else np.nan,
                brier(y[new], p[new]) if new.any() else np.nan,
                int(new.sum()),
            )
        )
    columns = ["model", "n", "open", "brier", "log_score", "brier_without_seen", "n_without_seen"]
    return pd.DataFrame(rows, columns=columns)
