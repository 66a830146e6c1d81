"""The verb ``agreement``: how far coders agree on every indicator, a row an
indicator, with what a reader must know of it.
"""

import os
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from peacestudy.coding.coding import CELL, SHEET_SCHEMA, CodingSheet
from peacestudy.coding.reliability.benchmark_scales import SCALES, earned
from peacestudy.coding.reliability.coefficients import OF_ALL_UNITS, Coefficient, coefficient
from peacestudy.coding.reliability.intraclass import icc
from peacestudy.coding.reliability.krippendorff import METRICS, alpha
from peacestudy.coding.spellings import similar_cases
from peacestudy.core.codebook import Codebook, Indicator, read_codebook
from peacestudy.core.old_names import renamed_arguments
from peacestudy.core.problems import one_of
from peacestudy.core.spelling import twins_of
from peacestudy.errors import CodingError

BY = ("indicator", "pillar", "all")
USUAL = {"nominal": "identity", "ordinal": "ordinal", "interval": "quadratic", "ratio": "quadratic"}
SHOWN = {"gwet": "gwet", "conger": "kappa", "fleiss": "pi", "brennan_prediger": "brennan_prediger"}
COLUMNS = (
    "pillar",
    "indicator_id",
    "level",
    "n_units",
    "n_single",
    "n_coders",
    "n_values",
    "missing",
    "percent",
    "alpha",
    "alpha_std_error",
    "alpha_conf_low",
    "alpha_conf_high",
    "metric",
    "convention",
    "weights",
    *(
        f"{shown}{part}"
        for shown in SHOWN.values()
        for part in ("", "_std_error", "_conf_low", "_conf_high", "_name")
    ),
    "earned",
    "icc",
    "icc_conf_low",
    "icc_conf_high",
    "resamples",
    "note",
)
Rows = CodingSheet | pd.DataFrame | Sequence[CodingSheet]


@renamed_arguments(confidence="conf_level")
def agreement(
    sheet: Rows,
    codebook: Codebook | None = None,
    *,
    resamples: int = 0,
    seed: int | None = None,
    by: str = "indicator",
    weights: str | None = None,
    conf_level: float = 0.95,
) -> pd.DataFrame:
    """Agreement of the coders of a sheet, a row for every indicator.

    Parameters
    ----------
    sheet : CodingSheet, sequence of CodingSheet or DataFrame
        The codes. A DataFrame has the columns ``case_id, indicator_id, coder, code`` (and ``kind``;
        without it the coders are taken to be people). Of revisions the latest counts. Adjudicated
        codes are left out.
    codebook : Codebook, optional
        Level of measurement and codes of every indicator; None takes the codebook of the sheet.
    resamples : int
        Bootstrap resamples of units for alpha; 0 for none. The draws of an indicator do not depend
        on which other indicators there are.
    seed : int, optional
        Seed of the draws; required with resamples.
    by : {"indicator", "pillar", "all"}
        ``pillar`` and ``all`` pool the units of all indicators of a pillar, or of the codebook,
        that share one scale: a row a scale, because codes of different scales cannot be compared.
    weights : {"identity", "linear", "quadratic", "ordinal", "radical", "ratio"}, optional
        Weights of all coefficients but alpha and percent; None takes identity for nominal, Gwet's
        ordinal for ordinal, quadratic for interval and ratio levels.
    conf_level : float
        Confidence level of the intervals, between 0 and 1.

    Returns
    -------
    DataFrame
        A row an indicator (pooled: a scale), with the columns

        - ``pillar, indicator_id, level``;
        - ``n_units`` coded by two coders or more; ``n_single`` coded by one coder only, which do
          not enter observed agreement; ``n_coders``; ``n_values`` in the ``n_units``; ``missing``
          cells of these coders and units;
        - ``percent`` of pairs of coders that agree exactly;
        - ``alpha`` with ``alpha_std_error, alpha_conf_low, alpha_conf_high`` (bootstrap) and
          ``metric``; ``convention``, where alpha stands against Krippendorff's .667 and .8;
        - ``weights``; Gwet's AC (``gwet``), Cohen's or Conger's kappa (``kappa``), Scott's pi or
          Fleiss' kappa (``pi``) and ``brennan_prediger``, each with standard error, interval and
          name. Where codes are missing, chance agreement of ``gwet``, ``kappa`` and ``pi`` counts
          all ``n_units + n_single`` units, as Gwet (2014) does, and the note gives these
          coefficients of the ``n_units`` alone, as most programs compute them;
        - ``earned``, the word of Landis and Koch that ``gwet`` reaches with 95 % probability;
        - ``icc``, the intraclass correlation (absolute agreement, one coder; not for nominal), with
          its interval;
        - ``resamples`` and ``note``. Where a number is not defined it is missing and the note says
          why.

    Raises
    ------
    CodingError
        There is no codebook, ``by`` or ``weights`` is unknown, or resamples have no seed.

    Examples
    --------
    >>> sheet = ps.load_study("double_coding").sheet
    >>> ps.agreement(sheet)[["indicator_id", "n_units", "percent", "alpha"]].round(2)
         indicator_id  n_units  percent  alpha
    0         success      863     0.86   0.63
    1       relevance      861     0.93   0.64
    2   effectiveness      853     0.89   0.73
    3      efficiency      847     0.88   0.72
    4  sustainability      848     0.83   0.58
    """
    whole = as_sheet(sheet, codebook)
    if by not in BY:
        raise CodingError(one_of("by", by, BY))
    similar = similar_cases(whole.table[["case_id", "coder"]].dropna())
    rows = [
        _row(pillar, name, indicators, whole, similar, resamples, seed, weights, conf_level)
        for pillar, name, indicators in _groups(whole, by)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def as_sheet(sheet: Rows, codebook: Codebook | str | os.PathLike[str] | None) -> CodingSheet:
    """One CodingSheet from whatever holds codes of several coders."""
    if isinstance(codebook, str | os.PathLike):
        codebook = read_codebook(codebook)
    if isinstance(sheet, CodingSheet):
        if codebook is None:
            return sheet
        return CodingSheet(sheet.table, codebook, sheet.file, sheet.asked, sheet.path)
    if isinstance(sheet, pd.DataFrame):
        if codebook is None:
            raise CodingError("a plain table has no codebook. Give it: agreement(table, codebook).")
        return CodingSheet(_long(sheet), codebook, "table")
    sheets = list(sheet) if isinstance(sheet, (list, tuple)) else [sheet]
    return _one_sheet(sheets, codebook)


def _one_sheet(sheets: list[Any], codebook: Codebook | None) -> CodingSheet:
    """Several sheets as one, by one codebook."""
    for found in sheets:
        if not isinstance(found, CodingSheet):
            shown = repr(found) if isinstance(found, str) else f"a {type(found).__name__}"
            raise CodingError(
                f"found {shown}; give a CodingSheet, a list of them, or one table"
                f" {', '.join((*CELL, 'code'))}."
            )
    if not sheets and codebook is None:
        raise CodingError("no sheet was given.")
    versions = {f"{s.codebook.id} {s.codebook.version}": s.codebook for s in sheets}
    if codebook is None and len(versions) > 1:
        raise CodingError(
            f"the sheets are coded by {' and '.join(versions)}. Say which counts: agreement(sheets,"
            " codebook)."
        )
    book = codebook or sheets[0].codebook
    table = pd.concat([s.table for s in sheets], ignore_index=True)
    return CodingSheet(table.drop_duplicates(ignore_index=True), book, "sheets")


def _long(rows: pd.DataFrame) -> pd.DataFrame:
    """A plain table in the columns of a sheet: names as text, codes as whole numbers."""
    missing = [name for name in (*CELL, "code") if name not in rows.columns]
    if missing:
        raise CodingError(
            f"the table lacks {', '.join(missing)}; expected {', '.join((*CELL, 'code'))}, one row"
            " per code."
        )
    table = rows if "kind" in rows.columns else rows.assign(kind="human")
    table = table.reindex(columns=SHEET_SCHEMA.names)
    named = {}
    for name in CELL:
        cells = table[name]
        named[name] = cells.astype(object).where(cells.isna(), cells.astype(str))
    code = pd.to_numeric(table["code"], errors="coerce")
    bad = (code.isna() & table["code"].notna()) | (code.notna() & (code != code.round()))
    if bad.any():
        raise CodingError(
            f"'{table.loc[bad, 'code'].iloc[0]}' is not a code; codes are the whole numbers of the"
            " codebook."
        )
    return table.assign(**named, code=code.astype("Int64"))


def _groups(sheet: CodingSheet, by: str) -> Iterable[tuple[str, str, list[Indicator]]]:
    """Pillar, name and indicators of every row of the table."""
    book = sheet.codebook
    groups: dict[tuple[str, str], list[Indicator]] = {}
    for indicator_id in sheet.indicators:
        indicator = book.indicators[indicator_id]
        pillar = "all" if by == "all" else book.pillar_of(indicator_id).id
        name = indicator.id if by == "indicator" else indicator.scale
        groups.setdefault((pillar, name), []).append(indicator)
    return [(pillar, name, indicators) for (pillar, name), indicators in groups.items()]


def _row(
    pillar: str,
    name: str,
    indicators: list[Indicator],
    sheet: CodingSheet,
    similar: list[tuple[object, object]],
    resamples: int,
    seed: int | None,
    weights: str | None,
    conf_level: float,
) -> dict[str, object]:
    level = indicators[0].level
    wide = pd.concat([coders_of(sheet, i.id) for i in indicators], ignore_index=len(indicators) > 1)
    wide = wide.rename_axis(columns="coder")
    X = wide.to_numpy(dtype=float).T
    used = weights or USUAL[level]
    given = ~np.isnan(X)
    paired = given.sum(axis=0) >= 2
    coders = given[:, paired].any(axis=1)
    row: dict[str, object] = {
        "pillar": pillar,
        "indicator_id": name,
        "level": level,
        "n_units": int(paired.sum()),
        "n_single": int((given.sum(axis=0) == 1).sum()),
        "n_coders": int(coders.sum()),
        "n_values": int(given[:, paired].sum()),
        "missing": int((~given[coders][:, paired]).sum()),
        "metric": METRICS[level],
        "weights": used,
        "resamples": resamples,
    }
    notes = list(_about(sheet, wide, indicators, similar))
    if not paired.any():
        who = ", ".join(map(str, wide.columns))
        first = f"no unit was coded by two coders ({who}): agreement is unknown"
        return row | {"note": "; ".join([first, *notes])}
    place = name if name in sheet.codebook.indicators else f"{pillar}/{name}"
    a = alpha(wide, level, resamples=resamples, seed=_seed(seed, place), conf_level=conf_level)
    codes = sorted(c.value for c in indicators[0].codes)
    row |= {
        "alpha": a.alpha,
        "alpha_std_error": a.std_error,
        "alpha_conf_low": a.conf_low,
        "alpha_conf_high": a.conf_high,
        "convention": _convention(a.alpha),
        "percent": coefficient(wide, "percent", codes).estimate,
    }
    others = {}
    for which in SHOWN:
        others[which] = coefficient(wide, which, codes, used, conf_level)
    row |= _others(others)
    notes += _both_counts(others, int(paired.sum()), int(given.any(axis=0).sum()))
    notes += _undefined(others)
    if level != "nominal":
        columns, more = _correlation(wide.loc[:, coders], conf_level)
        row |= columns
        notes += more
    return row | {"note": "; ".join([*map(str, a.notes), *notes])}


def _seed(seed: int | None, place: str) -> int | None:
    """The seed of an indicator's draws, which do not depend on the other indicators."""
    if seed is None:
        return None
    sequence = np.random.SeedSequence([seed, zlib.crc32(place.encode())])
    return int(sequence.generate_state(1)[0])


def _convention(alpha: float) -> str:
    """The word of Krippendorff's convention for a value of alpha."""
    for low, word in SCALES["krippendorff"]:
        if alpha >= low:
            return word
    return ""


def _others(found: Mapping[str, Coefficient]) -> dict[str, object]:
    """The coefficients other than alpha, and the benchmark word for Gwet's."""
    row: dict[str, object] = {}
    for which, shown in SHOWN.items():
        c = found[which]
        row |= {
            shown: c.estimate,
            f"{shown}_std_error": c.std_error,
            f"{shown}_conf_low": c.conf_low,
            f"{shown}_conf_high": c.conf_high,
            f"{shown}_name": c.label,
        }
    row["earned"] = earned(found["gwet"].estimate, found["gwet"].std_error, "landis_koch")
    return row


def _both_counts(found: Mapping[str, Coefficient], paired: int, units: int) -> list[str]:
    """How many units observed and chance agreement are of, and the coefficients of the former
    alone, which others report.
    """
    if units == paired:
        return []
    shown = []
    for which in OF_ALL_UNITS:
        c = found[which]
        alone = "not defined" if np.isnan(c.estimate_paired) else f"{c.estimate_paired:.3f}"
        shown.append(f"{c.label} {alone}")
    who = "programs that drop units of one coder"
    if found["conger"].n_coders == 2:
        who = "psych, scikit-learn and SPSS"
    return [
        f"kappa, pi and AC take observed agreement from the {paired} unit(s) coded twice and chance"
        f" agreement from all {units} unit(s) with a code (Gwet 2014); from the {paired} alone, as"
        f" {who} take it: {', '.join(shown)}"
    ]


def _undefined(found: Mapping[str, Coefficient]) -> list[str]:
    """The reason for every coefficient other than alpha that has no value or no standard error."""
    empty = [c.label for c in found.values() if np.isnan(c.estimate)]
    out = []
    if empty:
        out.append(
            f"{' and '.join(empty)}: not defined, because all codes are the same, so that chance"
            " agreement is 1"
        )
    if any(np.isfinite(c.estimate) and np.isnan(c.std_error) for c in found.values()):
        out.append(
            "one unit has no spread: the coefficients have no standard error and no interval"
        )
    return out


def _correlation(wide: pd.DataFrame, conf_level: float) -> tuple[dict[str, object], list[str]]:
    """The intraclass correlation, and what a reader must know of it."""
    whole = int(wide.notna().all(axis=1).sum())
    if whole < 2:
        return {}, [
            f"icc: {whole} unit(s) were coded by all {wide.shape[1]} coders, and it needs two"
        ]
    found = icc(wide, conf_level)
    row: dict[str, object] = {
        "icc": found.single,
        "icc_conf_low": found.conf_low,
        "icc_conf_high": found.conf_high,
    }
    return row, [f"icc: {note}" if note.kind != "incomplete" else str(note) for note in found.notes]


def coders_of(sheet: CodingSheet, indicator_id: str) -> pd.DataFrame:
    """Codes of one indicator as ``CodingSheet.values`` has them, without adjudicated ones."""
    wide = sheet.values(indicator_id)
    return wide[[c for c in wide.columns if sheet.kinds[str(c)] != "adjudicated"]]


def _about(
    sheet: CodingSheet,
    wide: pd.DataFrame,
    indicators: list[Indicator],
    similar: list[tuple[object, object]],
) -> Iterable[str]:
    """Who coded, and what pooling does."""
    kinds = {sheet.kinds[str(c)] for c in wide.columns}
    if kinds == {"machine"}:
        yield (
            "the coders are machines: this is the stability of an automated reading, never"
            " inter-coder reliability"
        )
    elif len(kinds) > 1:
        yield (
            f"coders of several kinds ({', '.join(sorted(kinds))}): agreement between people is"
            " another number"
        )
    coders = wide.notna().sum(axis=1)
    single, several = int((coders == 1).sum()), int((coders > 1).sum())
    if single and len(wide.columns) > 1:
        yield f"{single} of {single + several} units were coded by one coder only"
    if similar:
        found = twins_of(similar)
        yield (
            f"{len(similar)} pair(s) of ids differ only by {found.how} and are treated as"
            f" different cases ({found.shown()})"
        )
    if len(indicators) > 1:
        yield (
            f"pooled over {len(indicators)} indicators of one scale: differences in code"
            " frequencies between them count as agreement beyond chance, so it may be higher than"
            " on every single one"
        )
