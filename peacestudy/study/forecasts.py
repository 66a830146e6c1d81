"""Forecasts: probabilities written down before outcomes are known, and scored when they are.

A file of forecasts is frozen: it is written once and never changed, and its date, sha256 and
definition stand under ``[[declared.frozen]]`` in study.toml. Forecasts whose windows had closed, or
whose outcomes were known, when they were frozen are marked: of those nothing was pre-registered.
"""

import datetime
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from peacestudy.core.schema import Field, Schema
from peacestudy.core.tables import file_sha256, read_table, write_table
from peacestudy.errors import SpecError
from peacestudy.models import Fit, fit
from peacestudy.models.interpretation.predictions import predict
from peacestudy.study.config import FrozenForecasts
from peacestudy.study.load import load_study, study_folder
from peacestudy.study.study import Study

FIRST_FILE = "forecasts.csv"  # its schema lacks what later files say of each forecast
CASES_FILE = "forecast_cases.csv"
FIRST_SCHEMA = Schema(
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
# what later files say of each forecast besides
LATER_FIELDS = (
    Field("conflict_id", required=True, description="by which later outcomes are matched"),
    Field("first_date", "date", required=True, description="day of the first agreement"),
    Field(
        "window_closed",
        "boolean",
        required=True,
        description="the last year of the window was over when the forecast was made",
    ),
    Field(
        "outcome_known",
        "boolean",
        required=True,
        description=(
            "the window was closed, or fighting in it was in the data, when the forecast was made"
        ),
    ),
    Field(
        "base_rate",
        "number",
        required=True,
        minimum=0,
        maximum=1,
        description="share of the training cases with the outcome",
    ),
)
FORECASTS_SCHEMA = Schema((*FIRST_SCHEMA.fields, *LATER_FIELDS), key=("case_id", "model"))
CASES_SCHEMA = Schema(
    (
        Field("file", required=True, description="of the forecasts"),
        Field("case_id", required=True, description="as in that file"),
        Field("conflict_id", required=True),
        Field("first_date", "date", required=True, description="day of the first agreement"),
        Field("source", required=True),
    ),
    key=("file", "case_id"),
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
    seen = ahead["fighting_years"].notna()
    closed = ahead["window_to"].astype(int) < made_on.year
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
                    "fighting_seen": seen,
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
                    "conflict_id": ahead[rule.conflict].astype(str),
                    "first_date": ahead[rule.first_date],
                    "window_closed": closed,
                    "outcome_known": closed | seen,
                    "base_rate": round(float(np.mean(found.design.y)), 4),
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
    """Write the forecasts of a study, dated today, in a file of their own.

    The conflict and the first agreement of forecasts whose file does not have them are written to
    forecast_cases.csv, as the cases are read today. Files of forecasts are left as they are.

    Raises
    ------
    SpecError
        Forecasts were frozen today already.
    """
    today = _today()
    path = study_folder(study) / f"forecasts_{today}.csv"
    if path.is_file():
        raise SpecError(
            f"{path} exists. Forecasts are made once; existing ones are scored when their windows"
            " close."
        )
    whole = load_study(study)
    forecasts, cases = make_forecasts(whole, today), forecast_cases(whole)
    if len(cases) and not (whole.folder / CASES_FILE).is_file():
        write_table(whole.folder / CASES_FILE, cases)
    write_table(path, forecasts)
    return path


def _today() -> datetime.date:
    return datetime.date.today()


def forecast_cases(study: Study) -> pd.DataFrame:
    """Conflict and first agreement of the cases of forecasts.csv, as the cases are read today:
    ``file, case_id, conflict_id, first_date, source``; no rows where there is no such file.
    """
    path, rule = study.folder / FIRST_FILE, study.config.forecast
    if not path.is_file() or rule is None:
        return pd.DataFrame(columns=CASES_SCHEMA.names)
    ids = read_table(path, FIRST_SCHEMA)["case_id"].drop_duplicates().tolist()
    cases = study.cases.set_index("case_id").reindex(ids)
    if lost := cases.index[cases[rule.conflict].isna()].tolist():
        raise SpecError(
            f"cases.csv has no case {', '.join(lost[:5])}, which {FIRST_FILE} forecasts: write its"
            f" conflict and first agreement to {CASES_FILE}."
        )
    table = pd.DataFrame(
        {
            "file": FIRST_FILE,
            "case_id": ids,
            "conflict_id": cases[rule.conflict].astype(str).to_numpy(),
            "first_date": cases[rule.first_date].to_numpy(),
            "source": cases["source"].to_numpy(),
        }
    )
    return table[CASES_SCHEMA.names]


def declared_entry(path: Path) -> str:
    """What study.toml says of a file of forecasts; the definition is for the author to write."""
    made_on = read_table(path, FORECASTS_SCHEMA)["made_on"].iloc[0]
    return (
        f'[[declared.frozen]]\ndate = {made_on:%Y-%m-%d}\nfile = "{path.name}"\n'
        f'hash = "{file_sha256(path)}"\ndefinition = ""\n'
    )


def forecast_schemas(folder: Path) -> dict[str, Schema]:
    """The schemas of the forecasts and their cases that stand in a folder, by table."""
    schemas = {}
    for path in sorted(folder.glob("forecasts*.csv")):
        schemas[path.stem] = FIRST_SCHEMA if path.name == FIRST_FILE else FORECASTS_SCHEMA
    if (folder / CASES_FILE).is_file():
        schemas[Path(CASES_FILE).stem] = CASES_SCHEMA
    return schemas


def read_forecasts(study: Study) -> pd.DataFrame:
    """Every frozen forecast of a study, the earliest file first.

    Returns
    -------
    DataFrame
        ``file, definition`` and the columns of ``FORECASTS_SCHEMA``. Of forecasts.csv, which does
        not have them, ``conflict_id, first_date`` come from forecast_cases.csv and ``base_rate``
        from study.toml, missing where these do not say it; ``window_closed`` and ``outcome_known``
        follow from the window, the day and the fighting seen.
    """
    entries = study.config.declared.frozen or _undeclared(study)
    parts = []
    for entry in entries:
        schema = FIRST_SCHEMA if entry.file == FIRST_FILE else FORECASTS_SCHEMA
        table = read_table(study.folder / entry.file, schema)
        if schema is FIRST_SCHEMA:
            table = _with_later_fields(study, entry, table)
        parts.append(table.assign(file=entry.file, definition=entry.definition))
    if not parts:
        raise SpecError(f"{study.config.id} has no frozen forecasts.")
    return pd.concat(parts, ignore_index=True)[["file", "definition", *FORECASTS_SCHEMA.names]]


def _undeclared(study: Study) -> tuple[FrozenForecasts, ...]:
    """The file of a study that has no more than its hash."""
    declared = study.config.declared
    if not declared.forecasts:
        return ()
    return (FrozenForecasts(declared.date, FIRST_FILE, declared.forecasts, ""),)


def _with_later_fields(study: Study, entry: FrozenForecasts, table: pd.DataFrame) -> pd.DataFrame:
    """Forecasts of the first file with the fields of later ones."""
    path = study.folder / CASES_FILE
    if path.is_file():
        cases = read_table(path, CASES_SCHEMA)
        cases = cases[cases["file"] == entry.file].set_index("case_id")
    else:
        cases = pd.DataFrame(columns=["conflict_id", "first_date"], dtype=object)
    closed = table["window_to"].astype(int) < table["made_on"].dt.year
    return table.assign(
        conflict_id=table["case_id"].map(cases["conflict_id"]),
        first_date=pd.to_datetime(table["case_id"].map(cases["first_date"])),
        window_closed=closed,
        outcome_known=closed | table["fighting_seen"].astype(bool),
        base_rate=np.nan if entry.base_rate is None else entry.base_rate,
    )


def check_forecasts(forecasts: pd.DataFrame) -> pd.DataFrame:
    """What is to be known of frozen forecasts before they are read.

    Parameters
    ----------
    forecasts : as ``read_forecasts`` gives them.

    Returns
    -------
    DataFrame
        A row for each forecast: ``file, made_on, case_id, label, model, window_from, window_to,
        probability``; ``mismatched``, whether a column on which the model was trained was missing
        and another stood in, and ``assumed``, which; ``window_closed`` and ``outcome_known`` when
        it was frozen; ``latest_file`` and ``latest_probability``, of the same model, conflict and
        first agreement in the file that was frozen last, missing where it has none.
    """
    columns = ["file", "made_on", "case_id", "label", "model", "window_from", "window_to"]
    columns += ["probability", "assumed", "window_closed", "outcome_known"]
    table = forecasts[columns].assign(mismatched=forecasts["assumed"].notna())
    last = forecasts[forecasts["file"] == forecasts["file"].iloc[-1]]
    by_key = dict(zip(_keys(last), last["probability"], strict=True))
    found = [by_key.get(key, np.nan) for key in _keys(forecasts)]
    file = pd.Series(last["file"].iloc[0], index=table.index).where(pd.notna(found), None)
    return table.assign(latest_file=file, latest_probability=found)


def _keys(forecasts: pd.DataFrame) -> list[tuple[object, ...]]:
    """What a forecast is of: the conflict and the first agreement, or where these are not known
    the id of the case; and the model.
    """
    dated = forecasts["first_date"].notna()
    case = forecasts["case_id"].where(~dated, forecasts["conflict_id"])
    day = forecasts["first_date"]
    return list(zip(case, day.where(dated, None), forecasts["model"], strict=True))
