"""Adjudication: one code out of several, by a rule that is recorded
for every cell. An undecided cell is missing.
"""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from peacestudy.coding.coding import READ_FIRST, SHEET_SCHEMA, Coding, CodingSheet, expect
from peacestudy.core.codebook import Codebook, Indicator
from peacestudy.core.problems import Problem, nearest, one_of
from peacestudy.core.schema import Field, Schema
from peacestudy.core.spelling import canonical, visible
from peacestudy.core.tables import read_table, row_lines
from peacestudy.errors import CodingError

RULES = ("consensus", "majority", "senior", "mean", "median", "decisions")
DECISIONS_SCHEMA = Schema(
    (
        Field("case_id", required=True),
        Field("indicator_id", required=True),
        Field(
            "code", "integer", description="empty where it was decided that nothing can be coded"
        ),
        Field("who", required=True, description="who decided"),
        Field("why", required=True, description="for what reason"),
    ),
    key=("case_id", "indicator_id"),
)


@dataclass(frozen=True)
class _Cell:
    """The codes of a cell, by coder, and what a decision says of it."""

    codes: dict[str, int]
    indicator: Indicator
    senior: str
    decision: tuple[int | None, str, str] | None


# code, who decided, why; None: the rule does not decide
Decided = tuple[int | None, str, str] | None


def _consensus(c: _Cell) -> Decided:
    if len(c.codes) >= 2 and len(set(c.codes.values())) == 1:
        return next(iter(c.codes.values())), "all coders", "all gave it"
    return None


def _majority(c: _Cell) -> Decided:
    if not c.codes:
        return None
    ((code, n),) = Counter(c.codes.values()).most_common(1)
    if not 2 * n > len(c.codes) >= 2:
        return None
    return code, "majority", f"{n} of {len(c.codes)} gave it"


def _senior(c: _Cell) -> Decided:
    if c.senior not in c.codes:
        return None
    return c.codes[c.senior], c.senior, "the senior coder's code"


def _middle(c: _Cell, of: Callable[[list[int]], float], name: str) -> Decided:
    if len(c.codes) < 2:
        return None
    value = of(list(c.codes.values()))
    if value not in {k.value for k in c.indicator.codes}:
        return None
    return int(value), name, f"{name} of {len(c.codes)} codes"


def _mean(c: _Cell) -> Decided:
    return _middle(c, lambda codes: sum(codes) / len(codes), "mean")


def _median(c: _Cell) -> Decided:
    return _middle(c, lambda codes: float(np.median(codes)), "median")


def _decision(c: _Cell) -> Decided:
    return c.decision


_APPLY: dict[str, Callable[[_Cell], Decided]] = {
    "consensus": _consensus,
    "majority": _majority,
    "senior": _senior,
    "mean": _mean,
    "median": _median,
    "decisions": _decision,
}
LEVELS = {"mean": ("interval", "ratio"), "median": ("ordinal", "interval", "ratio")}


def adjudicate(
    sheet: CodingSheet,
    rule: str | Sequence[str],
    *,
    senior: str | None = None,
    decisions: pd.DataFrame | str | os.PathLike[str] | None = None,
    kinds: Sequence[str] | None = None,
) -> Coding:
    """Decide on one code for every cell from the codes of several coders.

    Parameters
    ----------
    sheet : CodingSheet
        Codes of any number of coders; of revisions the latest counts.
    rule : str or sequence of str
        A rule, or several that are tried in turn, such as ``("decisions", "consensus")``:

        - ``consensus``: two coders or more gave codes, all the same;
        - ``majority``: more than half of two codes or more; a tie is undecided;
        - ``senior``: the code of the coder named by ``senior``;
        - ``mean`` (interval, ratio) and ``median`` (ordinal too) of two codes or more, where it is
          a code of the indicator. A value between two codes is undecided; nothing is rounded;
        - ``decisions``: what ``decisions`` says.
    senior : str, optional
        The coder whose code is taken by the rule ``senior``.
    decisions : DataFrame or path, optional
        Columns ``case_id, indicator_id, code, who, why``, or the path of a CSV file with them.
    kinds : sequence of {"human", "machine", "rule"}, optional
        Kinds of coders that count; required where several kinds coded the same sheet.

    Returns
    -------
    Coding
        A row for every cell that somebody coded, kind and coder ``adjudicated``, with ``rule``,
        ``decided_by``, ``why``, the ``codes`` of all coders and ``n_codes``. Where no rule decides,
        the code is missing and ``why`` says so.

    Raises
    ------
    CodingError
        An unknown rule, kind or senior coder; a senior coder or decisions that no rule uses; a rule
        that the level of measurement does not allow; a decision about a cell that nobody coded, or
        a code that the indicator does not have; several kinds of coders without ``kinds``.

    Examples
    --------
    >>> study = ps.load_study("double_coding")
    >>> sheet = ps.CodingSheet(study.sheet.table.head(200), study.codebook)
    >>> coding = ps.adjudicate(sheet, ("consensus", "senior"), senior="adb_independent")
    >>> coding.table["rule"].value_counts().to_dict()
    {'consensus': 88, 'senior': 12}
    >>> coding.table.loc[coding.table["rule"] == "senior", ["why", "codes"]].values[0].tolist()
    ["the senior coder's code", 'adb_independent 0, adb_staff 1']
    """
    expect(sheet, CodingSheet, READ_FIRST)
    rules = (rule,) if isinstance(rule, str) else tuple(rule)
    latest = _counted(sheet, kinds)
    if isinstance(decisions, str | os.PathLike):
        decisions = read_decisions(decisions, sheet.codebook)
    _check(rules, sorted(latest["coder"].unique()), senior, decisions)
    decided = {} if decisions is None else _decided(decisions, sheet.codebook, latest)
    rows = []
    for (case, found_name), own in latest.groupby(["case_id", "indicator_id"], sort=True):
        name = str(found_name)
        indicator = sheet.codebook.indicators[name]
        for r in rules:
            if indicator.level not in LEVELS.get(r, (indicator.level,)):
                raise CodingError(
                    f"{name} is {indicator.level}, and a {r} is for {' and '.join(LEVELS[r])}"
                    " codes. Take another rule."
                )
        given = own.dropna(subset=["code"]).sort_values("coder")
        codes = {str(k): int(v) for k, v in zip(given["coder"], given["code"], strict=True)}
        cell = _Cell(codes, indicator, senior or "", decided.get((str(case), name)))
        rows.append(_row(str(case), name, cell, rules))
    table = pd.DataFrame(
        rows, columns=[*SHEET_SCHEMA.names, "rule", "decided_by", "why", "codes", "n_codes"]
    )
    return Coding(table.astype({"code": "Int64"}), sheet.codebook, f"{sheet.file}, adjudicated")


def _counted(sheet: CodingSheet, kinds: Sequence[str] | None) -> pd.DataFrame:
    """The newest rows of the coders that count."""
    found = sorted(set(sheet.kinds.values()))
    if kinds is None and len(found) > 1:
        raise CodingError(
            f"the coders are of several kinds ({', '.join(found)}). Say which count, as"
            " kinds=['human']."
        )
    if isinstance(kinds, str):
        kinds = [kinds]
    wanted = found if kinds is None else list(kinds)
    for name in wanted:
        if name not in found:
            raise CodingError(one_of("kind", name, found))
    latest = sheet.latest()
    return latest[latest["kind"].isin(wanted)]


def _check(
    rules: Sequence[str], coders: Sequence[str], senior: str | None, decisions: pd.DataFrame | None
) -> None:
    for name in rules or ("",):
        if name not in RULES:
            raise CodingError(one_of("rule", name, RULES))
    if "senior" in rules and senior not in coders:
        raise CodingError(one_of("senior", senior, coders))
    if "decisions" in rules and decisions is None:
        raise CodingError(
            "the rule 'decisions' needs decisions: a table case_id, indicator_id, code, who, why."
        )
    for name, given in (("senior", senior), ("decisions", decisions)):
        if given is not None and name not in rules:
            raise CodingError(
                f"{name} is given and no rule uses it: the rules are {', '.join(rules)}. Add"
                f" {name!r} to them."
            )


def _row(case: str, name: str, cell: _Cell, rules: Sequence[str]) -> dict[str, object]:
    text = ", ".join(f"{k} {v}" for k, v in cell.codes.items())
    decision, by = None, ""
    for by in rules if cell.codes or cell.decision else ():
        decision = _APPLY[by](cell)
        if decision is not None:
            break
    undecided = f"undecided by {', '.join(rules)}: {text or 'no code was given'}"
    code, who, why = decision or (None, None, undecided)
    return {
        "case_id": case,
        "indicator_id": name,
        "coder": "adjudicated",
        "kind": "adjudicated",
        "code": code,
        "comment": f"{by}: {text}" if decision else why,
        "rule": by if decision else None,
        "decided_by": who,
        "why": why,
        "codes": text,
        "n_codes": len(cell.codes),
    }


def _decided(
    decisions: pd.DataFrame, book: Codebook, latest: pd.DataFrame
) -> dict[tuple[str, str], tuple[int | None, str, str]]:
    problems = decision_problems(decisions, book, range(2, len(decisions) + 2), "decisions")
    coded = set(zip(latest["case_id"], latest["indicator_id"], strict=True))
    cells = zip(*(decisions.get(name, ()) for name in ("case_id", "indicator_id")), strict=False)
    for line, (case, indicator) in enumerate(cells, start=2):
        if (case, indicator) not in coded:
            cell = f"{case}, {indicator}"
            alike = [c for c, i in coded if i == indicator and canonical(c) == canonical(case)]
            spelled = f"; the sheet writes {visible(alike[0])}" if alike else ""
            remedy = f"correct the case or the indicator{spelled}"
            problems.append(
                Problem("decisions", line, "", cell, ("no coder coded this cell"), remedy)
            )
    if problems:
        raise CodingError(f"the decisions have {len(problems)} problem(s).", problems)
    out = {}
    for row in decisions.to_dict("records"):
        key = str(row["case_id"]), str(row["indicator_id"])
        code = None if pd.isna(row["code"]) else int(row["code"])
        out[key] = code, str(row["who"]), str(row["why"])
    return out


def decision_problems(
    table: pd.DataFrame, book: Codebook, lines: Sequence[int], file: str
) -> list[Problem]:
    """The problems of a table of decisions."""
    missing = [n for n in DECISIONS_SCHEMA.names if n not in table.columns]
    if missing:
        return [Problem(file, 1, n, "", "the column is expected", "add it") for n in missing]
    out = []
    for line, row in zip(lines, table.to_dict("records"), strict=True):
        name = str(row["indicator_id"])
        if name not in book.indicators:
            rule = f"not in codebook {book.id} {book.version}"
            remedy = f"correct it.{nearest(name, list(book.indicators))}"
            out.append(Problem(file, line, "indicator_id", name, rule, remedy))
        else:
            codes = {c.value: c.label for c in book.indicators[name].codes}
            code = row["code"]
            if not pd.isna(code) and code not in codes:
                known = ", ".join(f"{value} {label}" for value, label in codes.items())
                rule = f"the codes of {name} are {known}"
                out.append(Problem(file, line, "code", str(code), rule, "correct the code"))
        for column in ("who", "why"):
            if pd.isna(row[column]) or not str(row[column]).strip():
                rule = "a decision says who decided and why"
                out.append(Problem(file, line, column, "", rule, "fill the cell"))
    for n in np.flatnonzero(table.duplicated(["case_id", "indicator_id"])):
        cell = ", ".join(table[["case_id", "indicator_id"]].iloc[n])
        out.append(Problem(file, lines[int(n)], "", cell, "the cell is decided twice", "keep one"))
    return out


def read_decisions(path: str | os.PathLike[str], codebook: Codebook) -> pd.DataFrame:
    """A file of decisions: ``case_id, indicator_id, code, who, why``, a row a cell.

    Raises
    ------
    CodingError
        All problems at once.
    """
    table = read_table(path, DECISIONS_SCHEMA, CodingError)
    problems = decision_problems(table, codebook, row_lines(path), Path(path).name)
    if problems:
        raise CodingError(f"{path} has {len(problems)} problem(s).", problems)
    return table
