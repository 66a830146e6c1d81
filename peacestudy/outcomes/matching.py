"""Cases of two builds of a study side by side: the same by
their id, or by the texts that they share.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from peacestudy.outcomes.releases import differs

CASE = [
    "old_case_id",
    "new_case_id",
    "label",
    "status",
    "old_left_at",
    "new_left_at",
    "old_outcome",
    "new_outcome",
    "texts_gone",
    "texts_new",
    "shares_texts_with",
    "changed",
]
CHANGE = ["old_case_id", "new_case_id", "column", "old", "new"]
Build = tuple[pd.DataFrame, pd.DataFrame | None, Mapping[str, pd.DataFrame], str]


@dataclass(frozen=True, eq=False)
class _Side:
    """One build: its cases by id, the step that left a case out, the
    texts of a case, the column of the outcome.
    """

    data: pd.DataFrame
    left_at: Mapping[str, str]
    texts: Mapping[str, frozenset[int]]
    outcome: str

    def of(self, case: str | None) -> frozenset[int]:
        return self.texts.get(case, frozenset()) if case is not None else frozenset()

    def sharing(self, texts: frozenset[int], but: str | None) -> list[str]:
        """Cases that hold some of these texts, another one left out."""
        return [c for c, own in self.texts.items() if c != but and own & texts]


def _side(build: Build) -> _Side:
    data, excluded, tables, outcome = build
    members = tables.get("agreements", pd.DataFrame(columns=["case_id", "agreement_id"]))
    if "role" in members and (members["role"] == "scored").any():
        members = members[members["role"] == "scored"]
    texts = {
        str(c): frozenset(map(int, part)) for c, part in members.groupby("case_id")["agreement_id"]
    }
    left = (
        {}
        if excluded is None
        else dict(zip(excluded["case"].astype(str), excluded["step"], strict=True))
    )
    return _Side(data.set_axis(data.index.astype(str), axis=0), left, texts, outcome)


def compare_cases(old: Build, new: Build) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The cases of two builds, and the values that changed.

    Parameters
    ----------
    old, new : of each the joined table of all cases, its index their ids; the cases left out of the
        primary sample (``case, step``); the study's tables, of which ``agreements`` says which
        texts a case has; the column of the outcome.

    Returns
    -------
    cases, changes
        The columns of ``Vintages.cases`` and ``Vintages.changes`` but for the releases. A case of
        the old build is that of its id in the new one; of those that find none, one whose texts
        stand in a case that found none either has moved (most texts in common first, then by id).
    """
    a, b = _side(old), _side(new)
    pairs: list[tuple[str | None, str | None]] = [(c, c) for c in b.data.index if c in a.data.index]
    moved = _moved(a, b)
    gone = [c for c in a.data.index if c not in b.data.index and c not in moved]
    come = [c for c in b.data.index if c not in a.data.index and c not in moved.values()]
    pairs += [*moved.items(), *((c, None) for c in gone), *((None, c) for c in come)]
    changes = _changes(a, b, [(x, y) for x, y in pairs if x is not None and y is not None])
    columns = changes.groupby("new_case_id", sort=False)["column"].agg(", ".join).to_dict()
    rows = [_row(a, b, x, y, columns.get(y, "")) for x, y in pairs]
    cases = pd.DataFrame(rows, columns=CASE).sort_values(
        ["label", "old_case_id"], ignore_index=True
    )
    return cases.astype({"old_outcome": "boolean", "new_outcome": "boolean"}), changes


def _moved(a: _Side, b: _Side) -> dict[str, str]:
    """From the id of an old case to that of the new one that holds its
    texts, among cases whose id is in one build only.
    """
    left = [c for c in a.data.index if c not in b.data.index]
    entered = [c for c in b.data.index if c not in a.data.index]
    ranked = sorted(
        (-len(a.of(x) & b.of(y)), x, y) for x in left for y in entered if a.of(x) & b.of(y)
    )
    out: dict[str, str] = {}
    for _, x, y in ranked:
        if x not in out and y not in out.values():
            out[x] = y
    return out


def _changes(a: _Side, b: _Side, pairs: list[tuple[str, str]]) -> pd.DataFrame:
    """Every value that differs between the two sides of a pair; texts last, as ids."""
    was, now = a.data.loc[[x for x, _ in pairs]], b.data.loc[[y for _, y in pairs]]
    rows: list[tuple[object, ...]] = []
    for column in [c for c in b.data.columns if c in a.data.columns]:
        for n in differs(was[column], now[column]).nonzero()[0]:
            rows.append((*pairs[n], column, _text(was[column].iloc[n]), _text(now[column].iloc[n])))
    for x, y in pairs:
        gone, come = a.of(x) - b.of(y), b.of(y) - a.of(x)
        if gone or come:
            rows.append(
                (x, y, "texts", *(" ".join(map(str, sorted(t))) or None for t in (gone, come)))
            )
    order = {pair: n for n, pair in enumerate(pairs)}
    rows.sort(key=lambda r: order[str(r[0]), str(r[1])])
    return pd.DataFrame(rows, columns=CHANGE)


def _text(value: object) -> str | None:
    """A value as text, so that one column holds numbers, days and words."""
    if value is None or value is pd.NA or value is pd.NaT or value != value:
        return None
    return value.date().isoformat() if isinstance(value, pd.Timestamp) else str(value)


def _row(a: _Side, b: _Side, x: str | None, y: str | None, columns: str) -> tuple[object, ...]:
    left_at = (
        a.left_at.get(x) if x is not None else None,
        (b.left_at.get(y) if y is not None else None),
    )
    texts = a.of(x), b.of(y)
    others = [
        *(b.sharing(texts[0], y) if x is not None else ()),
        *(a.sharing(texts[1], x) if y is not None else ()),
    ]
    status = "entered" if x is None else "left" if y is None else "moved" if x != y else "same"
    if status == "same" and (columns or left_at[0] != left_at[1]):
        status = "changed"
    here = b.data.loc[y] if y is not None else a.data.loc[x]
    label = str(here["label"]) if "label" in here else str(y if y is not None else x)
    outcomes = (None if i is None else s.data.loc[i, s.outcome] for s, i in ((a, x), (b, y)))
    return (
        x,
        y,
        label,
        status,
        *left_at,
        *outcomes,
        len(texts[0] - texts[1]),
        len(texts[1] - texts[0]),
        " ".join(dict.fromkeys(others)) or None,
        columns or None,
    )
