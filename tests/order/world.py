"""Small tables, the ways to permute and rename them, and the
comparison of results after mapping the names back.
"""

import re
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from peacestudy.coding import CodingSheet
from peacestudy.coding.coding import SHEET_SCHEMA
from peacestudy.core.codebook import Code, Codebook, Indicator, Pillar, Scale
from peacestudy.core.frame import StudyFrame

CASES, CLUSTERS, CONTEXTS, STATES = 36, 8, 3, 6
CODERS = ("ann", "ben", "cas", "dan")
CODES = (Code(0, "no", "no"), Code(1, "some", "some"), Code(2, "much", "much"))
PROSE = (
    "note",
    "why",
    "comment",
    "reason",
    "reasons",
    "text",
    "codes",
    "decided_by",
)  # words about a number, not numbers


def indicator(name, direction):
    return Indicator(
        name,
        name,
        "q",
        "t",
        "three",
        "r",
        "political",
        "promise",
        direction,
        level="ordinal",
        codes=CODES,
        weight=1.0,
    )


PILLARS = (("p", ("i1", "i2", "i3")), ("q", ("j1",)))
ITEMS = 4
BOOK = Codebook(
    "small",
    "Small",
    "1.0",
    "share",
    {},
    (Scale("three", "ordinal", CODES),),
    tuple(
        Pillar(p, p, "t", "h", "s", indicators=tuple(indicator(i, 1) for i in own))
        for p, own in PILLARS
    ),
)


@dataclass(frozen=True)
class World:
    """Tables by name, and what their names have become."""

    cases: pd.DataFrame
    codes: pd.DataFrame
    panel: pd.DataFrame
    events: pd.DataFrame
    flows: pd.DataFrame
    names: dict

    @property
    def frame(self):
        return StudyFrame(self.cases, "case", "case_id")

    @property
    def sheet(self):
        return CodingSheet(self.codes, BOOK)

    def name(self, original):
        return self.names.get(original, original)


def world(seed=5):
    rng = np.random.default_rng(seed)
    ids = np.array([f"case{i:02d}" for i in range(CASES)])
    state = np.array([f"st{i}" for i in range(STATES)])
    x, z = rng.normal(size=CASES), rng.normal(size=CASES).round(1)
    eta = 0.7 * x - 0.4 * z
    cases = pd.DataFrame(
        {
            "case_id": ids,
            "x": x,
            "z": z,
            "d": rng.integers(0, 2, CASES),
            "y": eta + rng.normal(size=CASES),
            "e": (rng.random(CASES) < 1 / (1 + np.exp(-eta))).astype(int),
            "k": rng.poisson(np.exp(0.3 * eta + 0.5)),
            "o": pd.cut(
                eta + rng.logistic(size=CASES),
                [-np.inf, -0.6, 0.6, np.inf],
                labels=["low", "mid", "top"],
            ),
            "g": [f"clus{i}" for i in rng.permutation(np.arange(CASES) % CLUSTERS)],
            "c": [f"ctx{i}" for i in rng.permutation(np.arange(CASES) % CONTEXTS)],
            "time": rng.integers(1, 7, CASES),
            "year": 1990 + np.arange(CASES) % 5,
            "state": state[rng.integers(0, STATES, CASES)],
            "treat": rng.permutation(np.arange(CASES) % 2),
            "low": x - 0.5,
            "high": x + 0.5,
        }
    )
    cases["parties"] = (
        cases["state"] + "; " + np.roll(state, 1)[[int(s[2:]) for s in cases["state"]]]
    )
    cases["holes"] = cases["z"].where(rng.random(CASES) > 0.3)
    cases["start"] = cases["year"].astype(str) + "-02-03"
    cases["end"] = (cases["year"] + 2).astype(str) + "-07-01"
    cases["last"] = cases["year"] + cases["time"]
    cases["other"] = [f"st{(int(s[2:]) + 2) % STATES}" for s in cases["state"]]
    base = rng.integers(0, 3, (CASES, ITEMS))
    rows = []
    for r, coder in enumerate(CODERS[:3]):
        slip = rng.random((CASES, ITEMS)) < 0.25
        own = np.where(slip, rng.integers(0, 3, (CASES, ITEMS)), base)
        rows += [
            (case, i, coder, "human", own[n, j], f"2026-01-0{r + 1}T00:00:00.{n * ITEMS + j:06d}Z")
            for n, case in enumerate(ids)
            for j, i in enumerate(i for _, group in PILLARS for i in group)
            if rng.random() > 0.1
        ]
    codes = pd.DataFrame(rows, columns=["case_id", "indicator_id", "coder", "kind", "code", "date"])
    codes = codes.reindex(columns=SHEET_SCHEMA.names).astype({"code": "Int64"})
    grid = pd.MultiIndex.from_product([state, range(1988, 2000)], names=["state", "year"]).to_frame(
        index=False
    )
    panel = grid.assign(v=rng.normal(size=len(grid)), war=rng.random(len(grid)) < 0.4).sample(
        frac=0.9, random_state=1
    )
    date = pd.Timestamp("1990-01-01") + pd.to_timedelta(rng.integers(0, 2500, 90), unit="D")
    events = pd.DataFrame(
        {
            "event_id": [f"ev{i:03d}" for i in range(90)],
            "state": state[rng.integers(0, STATES, 90)],
            "date": date.strftime("%Y-%m-%d"),
            "deaths": rng.integers(0, 50, 90),
        }
    )
    pairs = [(a, b) for a in state for b in state if a != b]
    flows = pd.DataFrame(
        [(a, b, y) for a, b in pairs for y in range(1990, 1995)], columns=["a", "b", "year"]
    )
    flows["flow"] = rng.random(len(flows))
    return World(cases, codes, panel.reset_index(drop=True), events, flows, {})


TABLES = ("cases", "codes", "panel", "events", "flows")


def rows(w, seed):
    """Every table with its rows in another order."""
    mixed = {
        t: getattr(w, t).sample(frac=1, random_state=seed).reset_index(drop=True) for t in TABLES
    }
    return replace(w, **mixed)


def columns(w, seed):
    """Every table with its columns in another order."""
    rng = np.random.default_rng(seed)
    mixed = {t: getattr(w, t)[rng.permutation(getattr(w, t).columns)] for t in TABLES}
    return replace(w, **mixed)


def renamed(w, old, new):
    """Every table with names replaced wherever they stand as a value or in a list of values."""
    names = dict(zip(old, new, strict=True))
    one = re.compile(r"\b(" + "|".join(map(re.escape, names)) + r")\b")

    def change(column):
        if column.dtype == "category":
            return column
        text = [isinstance(v, str) for v in column]
        if not any(text):
            return column
        return pd.Series(
            [one.sub(lambda m: names[m[1]], v) if isinstance(v, str) else v for v in column],
            index=column.index,
        )

    return replace(w, **{t: getattr(w, t).apply(change) for t in TABLES}, names=w.names | names)


def coders(w, seed):
    """Coders of other names, in another order."""
    return renamed(w, CODERS, ("zoe", "yan", "xia", "abe"))


def ids(w, seed):
    """Cases with ids in the reverse order."""
    return renamed(
        w, [f"case{i:02d}" for i in range(CASES)], [f"case{90 - i}x" for i in range(CASES)]
    )


def groups(w, seed):
    """Clusters and contexts with other names, in another order."""
    w = renamed(
        w, [f"clus{i}" for i in range(CLUSTERS)], [f"clus{9 - i}x" for i in range(CLUSTERS)]
    )
    return renamed(
        w, [f"ctx{i}" for i in range(CONTEXTS)], [f"ctx{9 - i}x" for i in range(CONTEXTS)]
    )


def states(w, seed):
    """States with other names, in another order."""
    return renamed(w, [f"st{i}" for i in range(STATES)], [f"st{9 - i}x" for i in range(STATES)])


CHANGES = {
    "rows": rows,
    "columns": columns,
    "coders": coders,
    "ids": ids,
    "groups": groups,
    "states": states,
}


def back(value, names):
    """Text with the names as they were before the change."""
    if not names or not isinstance(value, str):
        return value
    old = {new: before for before, new in names.items()}
    one = re.compile(r"\b(" + "|".join(map(re.escape, old)) + r")\b")
    return one.sub(lambda m: old[m[1]], value)


def tidy(found, names):
    """A result as a table whose rows are in an order of their own, with the names as they were."""
    if isinstance(found, pd.Series):
        found = found.rename("value").to_frame()
    if not isinstance(found, pd.DataFrame):
        found = pd.DataFrame({"value": np.atleast_1d(np.asarray(found)).ravel()})
        return found
    if not isinstance(found.index, pd.RangeIndex):
        found = found.reset_index()
    table = found.drop(columns=[c for c in PROSE if c in found.columns])
    table.columns = [back(str(c), names) for c in table.columns]
    table = table[sorted(table.columns)]
    text = [
        c
        for c in table.columns
        if table[c].dtype.kind not in "iufb" and not pd.api.types.is_numeric_dtype(table[c])
    ]
    for c in text:
        table[c] = [
            back(v, names) if isinstance(v, str) else str(v) for v in table[c].astype(object)
        ]
    rounded = {
        f"{c}_rounded": table[c].astype(float).round(6) + 0.0
        for c in table.columns
        if c not in text
    }
    order = (
        table[text].assign(**rounded).sort_values([*text, *rounded]).index
        if len(table)
        else table.index
    )
    out = table.loc[order].reset_index(drop=True)
    return out.astype({c: float for c in out.columns if c not in text})


def compare(before, after, names, where, tolerance):
    assert set(before) == set(after), where
    for part in before:
        one, two = tidy(before[part], {}), tidy(after[part], names)
        assert list(one.columns) == list(two.columns), (where, part)
        pd.testing.assert_frame_equal(
            one,
            two,
            check_dtype=False,
            rtol=tolerance,
            atol=tolerance,
            obj=f"{where}: {part}",
            check_categorical=False,
        )
