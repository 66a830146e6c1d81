"""Coding by rule: codes that follow from topic columns of a
source, each with the documents that give it.
"""

import numpy as np
import pandas as pd

from peacestudy.coding.coding import CODING_SCHEMA
from peacestudy.core.codebook import Codebook
from peacestudy.core.problems import nearest
from peacestudy.errors import CodingError

CODER = "pax_rule"


def code_topics(
    documents: pd.DataFrame, members: pd.DataFrame, codebook: Codebook, source: str
) -> pd.DataFrame:
    """Code every case on every indicator by the highest value of its
    topic columns in the case's documents.

    Parameters
    ----------
    documents : a row a document, ``agreement_id`` and the columns that
        the codebook's indicators name, as numbers.
    members : ``case_id, agreement_id``, the documents that are scored, a row each.
    codebook : indicators with ``columns``; a nominal indicator is coded 1 for any value above 0, an
        ordinal one keeps the value.
    source : id of the source, written beside every code.

    Returns
    -------
    DataFrame
        The columns of ``CODING_SCHEMA``. ``locator`` names the first document that holds the
        highest value and how many more do, of how many that were read: enough to check the code,
        without restating the source.

    Raises
    ------
    CodingError
        A column the codebook names is missing, or a member's document is unknown.
    """
    indicators = [i for i in codebook.indicators.values() if i.columns]
    columns = [c for i in indicators for c in i.columns]
    absent = [c for c in columns if c not in documents.columns]
    if absent:
        hint = nearest(absent[0], list(documents.columns))
        raise CodingError(
            f"the documents lack the column(s) {', '.join(absent)} that the codebook names.{hint}"
        )
    unknown = sorted(set(members["agreement_id"]) - set(documents["agreement_id"]))
    if unknown:
        raise CodingError(
            f"{len(unknown)} scored document(s) are not in {source}, for example {unknown[:5]}."
        )
    values = documents.set_index("agreement_id")[columns].astype(float)
    if values.isna().any(axis=None):
        holes = values.columns[values.isna().any()].tolist()
        raise CodingError(
            f"the topic column(s) {', '.join(holes)} of {source} have gaps; a rule cannot read a"
            " gap as 0."
        )
    rows = []
    for case, part in members.sort_values(["case_id", "agreement_id"]).groupby(
        "case_id", sort=True
    ):
        ids = part["agreement_id"].to_numpy()
        block = values.loc[ids]
        for i in indicators:
            best = block[list(i.columns)].to_numpy().max(axis=1)
            top = best.max()
            where = _witness(ids[best == top], len(ids)) if top > 0 else f"none of {len(ids)}"
            code = int(top) if i.level == "ordinal" else int(top > 0)
            rows.append(
                (case, i.id, CODER, "rule", code, None, source, f"AgtId {where}", None, None)
            )
    table = pd.DataFrame(rows, columns=CODING_SCHEMA.names)
    return table.astype({"code": "Int64"})


def _witness(ids: np.ndarray, read: int) -> str:
    more = f" and {len(ids) - 1} more" if len(ids) > 1 else ""
    return f"{ids[0]}{more} of {read}"


def present(codes: pd.DataFrame) -> pd.DataFrame:
    """Codes as 1 where anything is present, 0 where not, NaN where no code was given."""
    out = (codes > 0).astype("Float64").mask(codes.isna())
    return pd.DataFrame(
        out.to_numpy(dtype=float, na_value=np.nan), index=codes.index, columns=codes.columns
    )
