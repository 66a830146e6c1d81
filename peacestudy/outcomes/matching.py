"""Cases of two builds of a study, matched by their id or by
the texts that they share.
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
    texts = {}
    for case, part in members.groupby("case_id")["agreement_id"]:
        texts[str(case)] = frozenset(map(int, part))
    left: dict[str, str] = {}
    if excluded is not None:
        left = dict(zip(excluded["case"].astype(str), excluded["step"], strict=True))
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
    moved = _moved(a, b)
    matched = [(case, case) for case in b.data.index if case in a.data.index]
    matched += moved.items()
    pairs: list[tuple[str | None, str | None]] = [*matched]
    for case in a.data.index:
        if case not in b.data.index and case not in moved:
            pairs.append((case, None))
    for case in b.data.index:
        if case not in a.data.index and case not in moved.values():
            pairs.append((None, case))
    changes = _changes(a, b, matched)
    columns = changes.groupby("new_case_id", sort=False)["column"].agg(", ".join).to_dict()
    rows = [_row(a, b, x, y, columns.get(y, "")) for x, y in pairs]
    cases = pd.DataFrame(rows, columns=CASE)
    cases = cases.sort_values(["label", "old_case_id"], ignore_index=True)
    return cases.astype({"old_outcome": "boolean", "new_outcome": "boolean"}), changes


def _moved(a: _Side, b: _Side) -> dict[str, str]:
    """From the id of an old case to that of the new one that holds its
    texts, among cases whose id is in one build only.
    """
    left = [c for c in a.data.index if c not in b.data.index]
    entered = [c for c in b.data.index if c not in a.data.index]
    ranked = []
    for x in left:
        for y in entered:
            shared = len(a.of(x) & b.of(y))
            if shared:
                ranked.append((-shared, x, y))
    out: dict[str, str] = {}
    for _, x, y in sorted(ranked):
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
            rows.append((x, y, "texts", _ids(gone), _ids(come)))
    order = {pair: n for n, pair in enumerate(pairs)}
    rows.sort(key=lambda r: order[str(r[0]), str(r[1])])
    return pd.DataFrame(rows, columns=CHANGE)


def _ids(texts: frozenset[int]) -> str | None:
    return " ".join(map(str, sorted(texts))) or None


def _text(value: object) -> str | None:
    """A value as text, so that one column holds numbers, days and words."""
    if value is None or value is pd.NA or value is pd.NaT or value != value:
        return None
    return value.date().isoformat() if isinstance(value, pd.Timestamp) else str(value)


def _row(a: _Side, b: _Side, x: str | None, y: str | None, columns: str) -> tuple[object, ...]:
    """A row of the cases; ``x`` is the case of the old build and ``y`` that of the new one."""
    old_left_at = None if x is None else a.left_at.get(x)
    new_left_at = None if y is None else b.left_at.get(y)
    old_texts, new_texts = a.of(x), b.of(y)
    sharing: list[str] = []
    if x is not None:
        sharing += b.sharing(old_texts, y)
    if y is not None:
        sharing += a.sharing(new_texts, x)
    changed = bool(columns) or old_left_at != new_left_at
    here = a.data.loc[x] if y is None else b.data.loc[y]
    label = str(here["label"]) if "label" in here else str(x if y is None else y)
    return (
        x,
        y,
        label,
        _status(x, y, changed),
        old_left_at,
        new_left_at,
        None if x is None else a.data.loc[x, a.outcome],
        None if y is None else b.data.loc[y, b.outcome],
        len(old_texts - new_texts),
        len(new_texts - old_texts),
        " ".join(dict.fromkeys(sharing)) or None,
        columns or None,
    )


def _status(x: str | None, y: str | None, changed: bool) -> str:
    if x is None:
        return "entered"
    if y is None:
        return "left"
    if x != y:
        return "moved"
    return "changed" if changed else "same"
