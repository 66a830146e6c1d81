"""The tables of a study from its stored results: codebook, cases,
descriptive by outcome, hypotheses, regression.
"""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from peacestudy.core.codebook import Codebook
from peacestudy.core.display import p_text
from peacestudy.tables.coder_tables import (
    agreement_table,
    by_rater_table,
    pairs_table,
    uncertainty_table,
    with_and_without_table,
)
from peacestudy.tables.politics_tables import contexts_table, moderated_table
from peacestudy.tables.regression import regression_from_tables
from peacestudy.tables.rival_tables import (
    accords_table,
    coverage_table,
    differences_table,
    effects_table,
    variants_table,
)
from peacestudy.tables.table import Table

ROLES = {
    "primary": "Declared primary models",
    "beside": "Models shown beside; they decide nothing",
    "check": "Checks added after the first fit; they decide nothing",
}


def all_tables(codebook: Codebook, results: Mapping[str, pd.DataFrame]) -> list[Table]:
    """Every table of a study: those whose results are there.

    Parameters
    ----------
    codebook : of the study.
    results : stored results by name.
    """
    own = results["notes"][results["notes"]["model"] == "study"].set_index("kind")["text"]
    common = tuple(own[kind] for kind in ("outcome", "sources", "context") if own[kind])
    tables = [
        *((cases_table(results["cases"]),) if "cases" in results else ()),
        *(
            (descriptive_table(results["descriptive"], results["consistency"]),)
            if "descriptive" in results
            else ()
        ),
        *(
            (hypotheses_table(results["hypotheses"], int(results["permutation"]["draws"][0])),)
            if "permutation" in results
            else ()
        ),
        *(
            (effects_table(results["hypotheses"], results["models"]),)
            if "permutation" not in results and "hypotheses" in results
            else ()
        ),
        *((agreement_table(results["agreement"]),) if "marks" in results else ()),
        *((pairs_table(results["pairs"]),) if "pairs" in results else ()),
        *((by_rater_table(results["by_rater"]),) if "by_rater" in results else ()),
        *((uncertainty_table(results["uncertainty"]),) if "uncertainty" in results else ()),
        *(
            (with_and_without_table(results["with_and_without"]),)
            if "with_and_without" in results
            else ()
        ),
        *(
            regression_table(results, role)
            for role in ROLES
            if "models" in results and (results["models"]["role"] == role).any()
        ),
        *((variants_table(results["variants"]),) if "variants" in results else ()),
        *(
            (moderated_table(results["moderated"], results["by_politics"]),)
            if "moderated" in results
            else ()
        ),
        *((contexts_table(results["contexts"]),) if "contexts" in results else ()),
        *((differences_table(results["differences"]),) if "differences" in results else ()),
        *((accords_table(results["accords"]),) if "accords" in results else ()),
        *((coverage_table(results["coverage"]),) if "published" in results else ()),
    ]
    declared = {
        "hypotheses",
        "effects",
        "variants",
        "domestic_politics",
        "contexts",
        *(f"regression_{role}" for role in ROLES),
    }
    return [
        *((codebook_table(codebook),) if codebook.indicators else ()),
        *(
            replace(
                t, notes=(*t.notes, *((own["declared"],) if t.name in declared else ()), *common)
            )
            for t in tables
        ),
    ]


def codebook_table(book: Codebook) -> Table:
    """Every indicator with its question, level, codes, source columns and reason;
    ``Codebook.to_markdown`` has the anchors.
    """
    t = book.table()
    body = t[
        ["pillar", "name", "question", "level", "codes", "columns", "dimension", "reason"]
    ].rename(columns={"columns": "PA-X columns"})
    body = body.assign(codes=body["codes"].str.replace(r"; ", ", "))
    notes = [f"{p.name}. {p.theory} Hypothesis: {p.hypothesis} ({p.source})." for p in book.entries]
    return Table(
        "codebook",
        f"Codebook: {book.title}, version {book.version}, {len(t)} indicators",
        body,
        tuple(notes),
    )


def cases_table(cases: pd.DataFrame) -> Table:
    """The cases of the primary sample."""
    peace = cases["lasting_peace"].astype(bool)
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
            "fighting next seen": [
                f"year {y:.0f}" if e else f"not in {y:.0f} years"
                for y, e in zip(cases["peace_years"], cases["event"].astype(bool), strict=True)
            ],
        }
    )
    caption = (
        f"Cases: {len(cases)} settlement attempts whose outcome windows do not overlap,"
        f" {int(peace.sum())} followed by lasting peace"
    )
    note = (
        "Agreements: first and last substantive one of the attempt. Texts and pages: what is"
        " scored. Fighting next seen: years after t0, to 2024."
    )
    return Table("cases", caption, body, (note,))


def descriptive_table(d: pd.DataFrame, consistency: pd.DataFrame) -> Table:
    """Scores and controls by outcome, with internal consistency of the pillars."""
    alpha, omega = (consistency.set_index("pillar")[c] for c in ("alpha", "omega"))
    body = pd.DataFrame(
        {
            "variable": d["variable"],
            "N": d["n"],
            "missing": d["missing"],
            **{c: d[c].map(_number) for c in ("mean", "sd", "min", "max")},
            "mean, lasting peace": d["mean_peace"].map(_number),
            "mean, no lasting peace": d["mean_none"].map(_number),
            "difference": d["difference"].map(_number),
            "alpha": d["variable"].map(alpha).map(_number),
            "omega": d["variable"].map(omega).map(_number),
        }
    )
    gaps = [
        f"{p}: {n}."
        for p, n in zip(consistency["pillar"], consistency["note"].fillna(""), strict=True)
        if n
    ]
    note = (
        "Alpha (Cronbach) and omega (McDonald, one factor, maximum likelihood) describe how a"
        " pillar's indicators go together; a pillar is made of its indicators, so a low value is no"
        " fault. Differences hold nothing constant."
    )
    return Table(
        "descriptive",
        f"Scores, controls and context by outcome, N = {int(d['n'].max())}",
        body,
        (note, *gaps),
    )


def hypotheses_table(h: pd.DataFrame, draws: int) -> Table:
    """Every hypothesis with its odds ratio, tests and the smallest
    effect this N could have found.
    """
    ratio = [
        ("" if pd.isna(o) else f"{o:.2f} [{a:.2f}, {b:.2f}]")
        for o, a, b in zip(h["odds_ratio"], h["conf_low"], h["conf_high"], strict=True)
    ]
    family = h["family"].notna()
    body = pd.DataFrame(
        {
            "hypothesis": h["id"],
            "claim": h["text"],
            "odds ratio per sd [95 %]": ratio,
            "p": h["p_value"].map(p_text),
            "p, Holm": h["p_decide"].map(p_text).where(family, ""),
            "p, Benjamini-Hochberg": h["p_beside"].map(p_text).where(family, ""),
            "decision": h["decision"],
            "check: p, profile, Holm": h["p_profile"].map(p_text),
            "check: p, permutation": h["p_permutation"].map(p_text),
            "least odds ratio found with 80 % power, alone": h["detectable"].map(_number),
            "by Holm, first step": h["detectable_family"].map(_number),
        }
    )
    checks = (
        "The checks were added after the first fit and decide nothing. Profile: penalised"
        " likelihood ratio, which does not rest on standard errors. Permutation: the outcome dealt"
        f" anew {draws:,} times among attempts with, and among those without, fighting in t0; H1 to"
        " H7 against the largest |z| of the seven (Westfall and Young 1993); the null is that the"
        " outcome has to do with no term, controls included. Both take cases as independent."
    )
    joint = h[h["odds_ratio"].isna()]
    notes = [
        f"{i}: Wald chi-squared({df:.0f}) = {s:.2f}."
        for i, df, s in zip(joint["id"], joint["df"], joint["statistic"], strict=True)
    ]
    note = (
        "Two-sided at .05; H1 to H7 by Holm over the seven. A null that is not rejected is no proof"
        " of no effect: odds ratios nearer to 1 than the last columns (or their inverses) would be"
        " missed more often than one time in five, and an estimate just beyond is likely too large."
    )
    return Table(
        "hypotheses",
        "Hypotheses: what was found, and what could have been",
        body,
        (note, checks, *notes),
    )


def regression_table(results: Mapping[str, pd.DataFrame], role: str) -> Table:
    """Every declared model of one role: ``primary``, ``beside`` or ``check``."""
    models = results["models"]
    models = models[models["role"] == role]
    names = set(models["model"])
    notes: dict[str, list[str]] = {}
    for model, text in zip(results["notes"]["model"], results["notes"]["text"], strict=True):
        if model in names:
            notes.setdefault(text, []).append(model)
    terms = results["terms"]
    table = regression_from_tables(
        terms[terms["model"].isin(names)],
        models,
        notes,
        f"{ROLES[role]}: {', '.join(sorted(models['engine'].unique()))}",
        f"regression_{role}",
    )
    formulas = tuple(f"{m}: {f}" for m, f in zip(models["model"], models["formula"], strict=True))
    return Table(table.name, table.caption, table.body, (*table.notes, *formulas))


def _number(value: float) -> str:
    if pd.isna(value):
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.2f}"
