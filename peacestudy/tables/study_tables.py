"""The tables of a study from its stored results."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import pandas as pd

from peacestudy.core.codebook import Codebook
from peacestudy.core.display import p_text
from peacestudy.tables.alternative_tables import (
    accords_table,
    coverage_table,
    differences_table,
    effects_table,
    landmarks_table,
    ranges_table,
    variant_counts_table,
    variants_table,
    windows_table,
)
from peacestudy.tables.cells import interval, number
from peacestudy.tables.coder_tables import (
    agreement_table,
    by_rater_table,
    dropped_indicator_table,
    left_out_table,
    pairs_table,
    uncertainty_table,
)
from peacestudy.tables.politics_tables import contexts_table, interactions_table
from peacestudy.tables.regression_table import regression_from_tables
from peacestudy.tables.table import Table

Results = Mapping[str, pd.DataFrame]
ROLES = {
    "primary": "Declared primary models",
    "comparison": "Models reported for comparison",
    "check": "Robustness checks added after the first fit",
}
STUDY_NOTES = ("outcome", "sources", "context")
# tables of declared models, which also carry the note on the declaration
DECLARED = (
    "hypotheses",
    "effects",
    "landmarks",
    "ranges",
    "variants",
    "variant_counts",
    "windows",
    "domestic_politics",
    "contexts",
)


def all_tables(codebook: Codebook, results: Results) -> list[Table]:
    """Every table of a study whose results are given.

    Parameters
    ----------
    codebook : Codebook
        The codebook of the study.
    results : mapping of str to DataFrame
        Results by name, as ``Results.table`` gives them or as they were stored; ``notes`` is
        required.

    Returns
    -------
    list of Table
        The tables in the order of the report.

    Raises
    ------
    KeyError
        ``notes``, or another result that a table needs, is not given.

    Examples
    --------
    >>> study = ps.load_study("double_coding")
    >>> results = ps.study.Results(study)
    >>> stored = {name: results.table(name) for name in ("notes", "terms", "models")}
    >>> [table.name for table in ps.tables.all_tables(study.codebook, stored)]
    ['codebook', 'regression_primary', 'regression_comparison']
    """
    rows = results["notes"]
    of_study = rows[rows["model"] == "study"].set_index("kind")["text"]
    tables = [codebook_table(codebook)] if codebook.indicators else []
    for table in _result_tables(results):
        declared = table.name in DECLARED or table.name.startswith("regression_")
        declaration = (of_study["declared"],) if declared else ()
        texts = [of_study[kind] for kind in STUDY_NOTES]
        if f"sources_{table.name}" in of_study:
            texts[STUDY_NOTES.index("sources")] = of_study[f"sources_{table.name}"]
        common = (text for text in texts if text)
        tables.append(replace(table, notes=(*table.notes, *declaration, *common)))
    return tables


def _result_tables(results: Results) -> list[Table]:
    """The tables in order, each of the results that it needs."""
    tables: list[Table] = []
    for result, make in FIRST.items():
        if result in results:
            tables.append(make(results))
    if "hypotheses" in results and "permutation" not in results:
        tables.append(effects_table(results["hypotheses"], results["models"]))
    if "ratings" in results:  # of a study with several coders
        tables.append(agreement_table(results["agreement"]))
    for result, make in CODERS.items():
        if result in results:
            tables.append(make(results))
    if "models" in results:
        used = set(results["models"]["role"])
        tables += [regression_table(results, role) for role in ROLES if role in used]
    for result, make in LAST.items():
        if result in results:
            tables.append(make(results))
    if "published" in results:
        tables.append(coverage_table(results["coverage"]))
    return tables


FIRST: Mapping[str, Callable[[Results], Table]] = {
    "cases": lambda r: cases_table(r["cases"]),
    "descriptive": lambda r: descriptive_table(r["descriptive"], r["consistency"]),
    "permutation": lambda r: hypotheses_table(
        r["hypotheses"], int(r["permutation"]["draws"].iloc[0])
    ),
}
CODERS: Mapping[str, Callable[[Results], Table]] = {
    "pairs": lambda r: pairs_table(r["pairs"]),
    "by_rater": lambda r: by_rater_table(r["by_rater"]),
    "left_out": lambda r: left_out_table(r["left_out"]),
    "uncertainty": lambda r: uncertainty_table(r["uncertainty"], r["uncertainty_notes"]),
    "dropped_indicator": lambda r: dropped_indicator_table(r["dropped_indicator"]),
}
LAST: Mapping[str, Callable[[Results], Table]] = {
    "ranges": lambda r: ranges_table(r["ranges"]),
    "variants": lambda r: variants_table(r["variants"]),
    "variant_counts": lambda r: variant_counts_table(r["variant_counts"]),
    "windows": lambda r: windows_table(r["windows"]),
    "interactions": lambda r: interactions_table(r["interactions"], r["effects_by_moderator"]),
    "contexts": lambda r: contexts_table(r["contexts"]),
    "differences": lambda r: differences_table(r["differences"]),
    "accords": lambda r: accords_table(r["accords"]),
    "landmarks": lambda r: landmarks_table(r["landmarks"]),
}


def codebook_table(book: Codebook) -> Table:
    """Every indicator with its question, level, codes, source columns and reason;
    ``Codebook.to_markdown`` has the anchors.
    """
    indicators = book.table()
    shown = ["pillar", "name", "question", "level", "codes", "columns", "dimension", "reason"]
    body = indicators[shown].rename(columns={"columns": "PA-X columns"})
    body = body.assign(codes=body["codes"].str.replace("; ", ", "))
    notes = [f"{p.name}. {p.theory} Hypothesis: {p.hypothesis} ({p.source})." for p in book.entries]
    caption = f"Codebook: {book.title}, version {book.version}, {len(indicators)} indicators"
    return Table("codebook", caption, body, tuple(notes))


def cases_table(cases: pd.DataFrame) -> Table:
    """The cases of the primary sample."""
    peace = cases["lasting_peace"].astype(bool)
    years = cases["peace_years"].map("{:.0f}".format)
    next_fighting = ("year " + years).where(
        cases["event"].astype(bool), "not in " + years + " years"
    )
    body = pd.DataFrame(
        {
            "case": cases["label"],
            "id": cases["case_id"],
            "first agreement": cases["first_date"],
            "last agreement": cases["last_date"],
            "texts": cases["n_scored"],
            "pages": cases["pages"],
            "breadth": cases["breadth"].map("{:.2f}".format),
            "lasting peace": peace.map({True: "yes", False: "no"}),
            "next fighting": next_fighting,
        }
    )
    caption = (
        f"Cases: {len(cases)} settlement attempts whose outcome windows do not overlap,"
        f" {int(peace.sum())} followed by lasting peace"
    )
    note = (
        "Agreements: first and last substantive one of the attempt; texts and pages: as scored."
        " Next fighting: years after t0, to 2024."
    )
    return Table("cases", caption, body, (note,))


def descriptive_table(d: pd.DataFrame, consistency: pd.DataFrame) -> Table:
    """Scores and controls by outcome, with internal consistency of the pillars."""
    by_pillar = consistency.set_index("pillar")
    body = pd.DataFrame({"variable": d["variable"], "N": d["n"], "missing": d["missing"]})
    for column in ("mean", "sd", "min", "max"):
        body[column] = d[column].map(number)
    body["mean, lasting peace"] = d["mean_peace"].map(number)
    body["mean, no lasting peace"] = d["mean_no_peace"].map(number)
    body["difference"] = d["difference"].map(number)
    body["alpha"] = d["variable"].map(by_pillar["alpha"]).map(number)
    body["omega"] = d["variable"].map(by_pillar["omega"]).map(number)
    gaps = by_pillar["note"].dropna()
    note = (
        "Alpha (Cronbach) and omega (McDonald, one factor, maximum likelihood) describe internal"
        " consistency; pillars are formative, so that a low value is not a fault. Differences are"
        " not adjusted."
    )
    caption = f"Scores, controls and context by outcome, N = {int(d['n'].max())}"
    notes = [f"{pillar}: {text}." for pillar, text in gaps.items() if text]
    return Table("descriptive", caption, body, (note, *notes))


def hypotheses_table(h: pd.DataFrame, draws: int) -> Table:
    """Every hypothesis with its odds ratio, tests and the smallest detectable effect."""
    in_family = h["family"].notna()
    body = pd.DataFrame(
        {
            "hypothesis": h["id"],
            "claim": h["text"],
            "odds ratio per sd [95 %]": interval(h, "odds_ratio", "conf_low", "conf_high"),
            "p": h["p_value"].map(p_text),
            "p, Holm": h["p_adjusted"].map(p_text).where(in_family, ""),
            "p, Benjamini-Hochberg": h["p_comparison"].map(p_text).where(in_family, ""),
            "decision": h["decision"],
            "check: p, profile, Holm": h["p_profile"].map(p_text),
            "check: p, permutation": h["p_permutation"].map(p_text),
            "smallest detectable odds ratio (80 % power)": h["detectable"].map(number),
        }
    )
    test = (
        "Two-sided at .05; H1 to H7 by Holm over the seven. A null that is not rejected is"
        " inconclusive: odds ratios nearer to 1 than the last column (or their inverses) would be"
        " missed in more than one sample in five at the first step of Holm's procedure."
    )
    checks = (
        "The checks were added after the first fit and treat cases as independent; no hypothesis"
        " is decided by them. Profile: penalised likelihood ratio."
    )
    permutation = (
        f"Permutation: the outcome permuted {draws:,} times within strata of fighting at the"
        " agreement; H1 to H7 against the largest |z| of the seven (Westfall and Young 1993). The"
        " null is that the outcome is unrelated to every regressor, controls included."
    )
    joint = h[h["odds_ratio"].isna()]
    wald = [
        f"{row.id}: Wald chi-squared({row.df:.0f}) = {row.statistic:.2f}."
        for row in joint.itertuples()
    ]
    caption = "Hypotheses: results, and smallest detectable effects"
    return Table("hypotheses", caption, body, (test, checks, permutation, *wald))


def regression_table(results: Results, role: str) -> Table:
    """Every declared model of one role: ``primary``, ``comparison`` or ``check``."""
    models = results["models"]
    models = models[models["role"] == role]
    of_role = results["terms"]["model"].isin(models["model"])
    notes: dict[str, list[str]] = {}
    for row in results["notes"].itertuples():
        if row.model in set(models["model"]):
            notes.setdefault(str(row.text), []).append(str(row.model))
    engines = ", ".join(sorted(models["engine"].unique()))
    table = regression_from_tables(
        results["terms"][of_role],
        models,
        notes,
        f"{ROLES[role]}: {engines}",
        f"regression_{role}",
    )
    formulas = tuple(f"{m}: {f}" for m, f in zip(models["model"], models["formula"], strict=True))
    return replace(table, notes=(*table.notes, *formulas))
