"""What in the sources of peace_agreements needs a decision;
``decisions.tsv`` in the study's folder has it for each.
"""

import re

import pandas as pd

from peacestudy.core.countries import translate_many
from peacestudy.outcomes.attempts import is_substantive
from peacestudy.study.builders.attempt_cases import ACD, Attempts, Ground
from peacestudy.study.builders.case_years import not_seen
from peacestudy.study.builders.decisions import Finding
from peacestudy.study.builders.missions import THIRD, UN, mission_findings

_YEAR = re.compile(r"\b(19[89][0-9]|20[0-2][0-9])\b")


def findings(ground: Ground, attempts: Attempts, whole: pd.DataFrame) -> list[Finding]:
    """Everything that is found, in order of place.

    Parameters
    ----------
    attempts : the base's cases and their members.
    whole : the joined base table.
    """
    out = [
        *_unknown_conflicts(ground),
        *_dates(ground),
        *_governments(ground, attempts),
        *_other_states(ground, attempts),
        *_unseen(ground, whole),
        *mission_findings(ground.sources[UN], ground.sources[THIRD]),
    ]
    return sorted(out, key=lambda f: (f.problem, f.place))


def _unknown_conflicts(ground: Ground) -> list[Finding]:
    """Agreements whose conflict the conflict data do not have:
    nothing could be said of the peace after them.
    """
    pax = ground.pax[ground.pax["UcdpCon"].notna()]
    strange = pax[~pax["UcdpCon"].isin(list(ground.fighting))]
    return [
        Finding(f"AgtId {a}", "conflict not in UCDP/PRIO", f"UcdpCon {c}", ("leave out",))
        for a, c in zip(strange["AgtId"], strange["UcdpCon"], strict=True)
    ]


def _dates(ground: Ground) -> list[Finding]:
    """Substantive agreements whose title names years, and not that of their date."""
    own = ground.agreements[is_substantive(ground.agreements)]
    titles = ground.pax.set_index("AgtId")["Agt"]
    out = []
    for agreement, date in zip(own["agreement_id"], own["date"], strict=True):
        years = sorted(set(_YEAR.findall(titles[agreement])))
        if years and str(date.year) not in years:
            found = f"dated {date.date()}, the title names {', '.join(years)}"
            out.append(
                Finding(f"AgtId {agreement}", "title names another year", found, ("keep the date",))
            )
    return out


def _governments(ground: Ground, attempts: Attempts) -> list[Finding]:
    """Cases of conflicts over several governments, and cases whose state had ended by t0."""
    states = ground.acd.sort_values("year").groupby("conflict_id")["gwno_loc"].last()
    cases = attempts.cases
    still = translate_many(cases["country"], cases["t0"], "gw", "gw")
    out = []
    for case, conflict, country, several, reason in zip(
        cases["case_id"],
        cases["conflict_id"],
        cases["country"],
        cases["several_governments"],
        still["reason"],
        strict=True,
    ):
        if several:
            found = f"{ACD} has {states[conflict]}, the scored agreements name {country} first"
            out.append(
                Finding(
                    f"case {case}", "several governments", found, ("state named first, no context",)
                )
            )
        if not pd.isna(reason):
            out.append(
                Finding(
                    f"case {case}",
                    "the state has ended",
                    str(reason),
                    ("keep the code, no context",),
                )
            )
    return out


def _other_states(ground: Ground, attempts: Attempts) -> list[Finding]:
    """Conflicts over one government whose scored agreements name a state that is not its own."""
    cases = attempts.cases[~attempts.cases["several_governments"].astype(bool)]
    texts = attempts.scored.merge(
        cases[["case_id", "conflict_id", "country"]], on="case_id", validate="many_to_one"
    )
    texts = texts.merge(
        ground.pax[["AgtId", "Loc1GWNO", "Loc2GWNO"]],
        left_on="agreement_id",
        right_on="AgtId",
        validate="many_to_one",
    )
    out = []
    for (conflict, country), part in texts.groupby(["conflict_id", "country"]):
        named = pd.concat([part["Loc1GWNO"], part["Loc2GWNO"]]).dropna()
        count = named[named != country].value_counts().sort_index()
        if len(count):
            told = ", ".join(f"{state} in {n}" for state, n in count.items())
            found = f"{ACD} has {country}; of {len(part)} scored agreements PA-X names {told}"
            out.append(
                Finding(
                    f"conflict {conflict}",
                    "agreements name another state",
                    found,
                    ("state of the conflict",),
                )
            )
    return out


def _unseen(ground: Ground, whole: pd.DataFrame) -> list[Finding]:
    """Attempts without a year at risk."""
    return [
        Finding(
            f"case {case}",
            "no year after t0 is covered",
            f"t0 {t0}, {ACD} ends in {ground.rule.last_year}",
            ("no case-years",),
        )
        for case, t0 in not_seen(whole)[["case_id", "t0"]].itertuples(index=False, name=None)
    ]
