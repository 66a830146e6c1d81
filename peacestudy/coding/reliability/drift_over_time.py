"""Whether coders grow together or apart while they work:
agreement by batches in the order of coding.
"""

import zlib
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from peacestudy.coding.reliability.agreement_table import Rows, as_sheet, coders_of
from peacestudy.coding.reliability.coefficients import coefficient
from peacestudy.coding.reliability.krippendorff import alpha
from peacestudy.core.codebook import Codebook, Indicator
from peacestudy.errors import CodingError

COLUMNS = (
    "indicator_id",
    "batch",
    "first",
    "last",
    "order",
    "n_units",
    "percent",
    "alpha",
    "alpha_conf_low",
    "alpha_conf_high",
    "note",
)


def drift(
    sheet: Rows,
    codebook: Codebook | None = None,
    *,
    batches: int,
    resamples: int = 0,
    seed: int | None = None,
) -> pd.DataFrame:
    """Agreement over time.

    Parameters
    ----------
    batches : into how many parts of about equal size the units of an indicator are cut, in the
        order in which the last of their coders coded them; units of one date stay in one batch.
        Where a date is missing, in the order of the rows.

    Returns
    -------
    DataFrame
        ``indicator_id, batch`` (1 the earliest), ``first`` and ``last`` date, ``order`` (``dates``
        or ``rows``), ``n_units, percent, alpha, alpha_conf_low, alpha_conf_high, note``. Batches
        are small: read the intervals.
    """
    if batches < 2:
        raise CodingError(f"batches is {batches}; drift needs two or more.")
    whole = as_sheet(sheet, codebook)
    latest = whole.latest().reset_index(names="row").dropna(subset=["code"])
    latest = latest[latest["kind"] != "adjudicated"]
    rows: list[dict[str, object]] = []
    for name in whole.indicators:
        own = latest[latest["indicator_id"] == name]
        order = "dates" if own["date"].notna().all() else "rows"
        last = own.groupby("case_id")["date" if order == "dates" else "row"].max()
        wide = coders_of(whole, name).reindex(last.sort_values(kind="stable").index)
        wide = wide[wide.notna().sum(axis=1) >= 2]
        if not len(wide):
            note = "no unit was coded by two coders"
            rows.append({"indicator_id": name, "n_units": 0, "note": note})
        batch_of = _batches(last.loc[wide.index].to_numpy(), batches)
        indicator = whole.codebook.indicators[name]
        for n in range(1, batches + 1):
            batch = wide[batch_of == n].rename_axis(columns="coder")
            if len(batch):
                found = _agreement_of(batch, indicator, resamples, _seed(seed, name, n))
                ends = last.loc[batch.index] if order == "dates" else None
                first_and_last = _first_and_last(ends)
                rows.append(
                    {"indicator_id": name, "batch": n, **first_and_last, "order": order, **found}
                )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _first_and_last(dates: pd.Series | None) -> dict[str, object]:
    """The first and the last date of a batch, where its units have dates."""
    if dates is None:
        return {"first": None, "last": None}
    return {"first": dates.min(), "last": dates.max()}


def _agreement_of(
    batch: pd.DataFrame, indicator: Indicator, resamples: int, seed: int | None
) -> dict[str, object]:
    """Agreement on one indicator in one batch, a row a unit and a column a coder."""
    found = alpha(batch, indicator.level, resamples=resamples, seed=seed)
    codes = sorted(code.value for code in indicator.codes)
    return {
        "n_units": len(batch),
        "percent": coefficient(batch, "percent", codes).estimate,
        "alpha": found.alpha,
        "alpha_conf_low": found.conf_low,
        "alpha_conf_high": found.conf_high,
        "note": "; ".join(map(str, found.notes)),
    }


def _batches(times: npt.NDArray[Any], batches: int) -> npt.NDArray[np.int64]:
    """The batch of each unit, 1 the earliest, from its time, in ascending order; equal times are in
    the batch of the first of them.
    """
    parts = np.array_split(np.arange(len(times)), batches)
    by_place = np.repeat(np.arange(1, batches + 1), [len(p) for p in parts])
    first: dict[Any, int] = {}
    return np.array(
        [first.setdefault(time, int(n)) for time, n in zip(times, by_place, strict=True)],
        dtype=np.int64,
    )


def _seed(seed: int | None, name: str, batch: int) -> int | None:
    """A seed of its own for every indicator and batch."""
    if seed is None:
        return None
    return int(
        np.random.SeedSequence([seed, zlib.crc32(name.encode()), batch]).generate_state(1)[0]
    )
