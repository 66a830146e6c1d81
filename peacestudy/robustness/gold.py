"""Gold standard: known true codes of some cases, from which the accuracy of coders is estimated."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from peacestudy.core.key_check import check_keys
from peacestudy.core.problems import one_of
from peacestudy.errors import CodingError

COLUMNS = ("case_id", "indicator_id", "code")


def known_codes(
    gold: object, cases: Sequence[str], indicators: Sequence[str], codes: Sequence[Sequence[int]]
) -> npt.NDArray[np.int64]:
    """Positions of the known codes, shape (cases, indicators), -1 where none is known.

    Parameters
    ----------
    gold : ``case_id, indicator_id, code``, a row a known code; None for
        none. A row without a code says nothing.
    cases, indicators : of the data and of the sheet.
    codes : the codes of each indicator, in order.

    Raises
    ------
    CodingError
        It is no such table, holds an indicator or code that the sheet does not have or a case
        twice, or knows none of the cases.
    """
    out = np.full((len(cases), len(indicators)), -1, dtype=np.int64)
    if gold is None:
        return out
    if not isinstance(gold, pd.DataFrame) or any(c not in gold.columns for c in COLUMNS):
        found = (
            ", ".join(map(str, gold.columns))
            if isinstance(gold, pd.DataFrame)
            else f"a {type(gold).__name__}"
        )
        raise CodingError(
            f"gold is a table {', '.join(COLUMNS)}, one row per known code; found {found}."
        )
    for name in dict.fromkeys(gold["indicator_id"]):
        if name not in indicators:
            raise CodingError(one_of("an indicator of gold", str(name), list(indicators)))
    checked = check_keys(
        "case_id",
        pd.Index(cases).unique(),
        pd.Index(gold["case_id"].dropna().astype(str).unique()),
        "gold",
        "data",
    )
    if checked.refusal:
        raise CodingError(checked.refusal)
    number = pd.to_numeric(gold["code"], errors="coerce")
    for j, name in enumerate(indicators):
        at = {float(v): n for n, v in enumerate(codes[j])}
        mine = (gold["indicator_id"] == name) & gold["code"].notna()
        strange = [
            v for v, n in zip(gold.loc[mine, "code"], number[mine], strict=True) if n not in at
        ]
        own = number[mine].set_axis(gold.loc[mine, "case_id"].astype(str))
        if strange or own.index.duplicated().any():
            what = f"{strange[0]!r}, which is not a code" if strange else "a case twice"
            raise CodingError(
                f"gold codes of {name} hold {what}; each case has one code of the codebook."
            )
        out[:, j] = own.map(at).reindex(list(cases)).fillna(-1).astype(int)
    if not (out >= 0).any():
        first = (
            f"gold has {gold['case_id'].iloc[0]!r}, data has {cases[0]!r}"
            if len(gold)
            else "gold has no row"
        )
        raise CodingError(f"gold has no code for any case in data: {first}.")
    return out
