"""The units on which coders differ, worst first: what a team sits down over."""

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd

from peacestudy.coding.coding import CONFIDENCE
from peacestudy.coding.reliability.agreement_table import Rows, as_sheet
from peacestudy.core.codebook import Codebook


def disputed(sheet: Rows, codebook: Codebook | None = None) -> pd.DataFrame:
    """Every unit on which two coders differ.

    Returns
    -------
    DataFrame
        ``case_id, indicator_id, distance, codes, confidence, evidence, comments``, worst first.
        ``distance`` is the mean over pairs of coders of how far their codes are apart, 1 for the
        furthest: for nominal indicators 1 if they differ, for the others the difference of the
        codes over the largest possible. Among equals come first those whose coders were surer: a
        dispute of two who were sure is no slip.
    """
    whole = as_sheet(sheet, codebook)
    latest = whole.latest().dropna(subset=["code"])
    latest = latest[latest["kind"] != "adjudicated"]
    sure = {name: len(CONFIDENCE) - n for n, name in enumerate(CONFIDENCE)}
    rows = []
    for (name, case), own in latest.groupby(["indicator_id", "case_id"], sort=True):
        # rounding does not depend on the order of coders
        codes = np.sort(own["code"].to_numpy(dtype=float))
        if len(codes) < 2 or (codes == codes[0]).all():
            continue
        indicator = whole.codebook.indicators[str(name)]
        values = [c.value for c in indicator.codes]
        apart = np.abs(codes[:, None] - codes[None, :])
        scaled = (
            (apart > 0) if indicator.level == "nominal" else apart / (max(values) - min(values))
        )
        pairs = scaled[np.triu_indices(len(codes), 1)]
        own = own.sort_values("coder")
        rows.append(
            {
                "case_id": case,
                "indicator_id": name,
                "distance": float(pairs.mean()),
                "sureness": own["confidence"].map(sure).fillna(0).mean(),
                "codes": _by(own, "code"),
                "confidence": _by(own, "confidence"),
                "evidence": "; ".join(filter(None, map(_evidence, own.to_dict("records")))),
                "comments": _by(own, "comment"),
            }
        )
    columns = ["case_id", "indicator_id", "distance", "codes", "confidence", "evidence", "comments"]
    table = pd.DataFrame(rows, columns=[*columns, "sureness"])
    order = table.sort_values(
        ["distance", "sureness", "indicator_id", "case_id"], ascending=[False, False, True, True]
    )
    return order[columns].reset_index(drop=True)


def _by(own: pd.DataFrame, column: str) -> str:
    return ", ".join(
        f"{c} {v}" for c, v in zip(own["coder"], own[column], strict=True) if pd.notna(v)
    )


def _evidence(row: dict[Hashable, Any]) -> str:
    """Coder, source and locator; empty where neither was given."""
    given = " ".join(
        str(row[name]) for name in ("source", "locator") if pd.notna(row[name]) and row[name] != ""
    )
    return f"{row['coder']}: {given}" if given else ""
