"""What the study signing_dyads says of one agreement: place, parties,
text, and the flags that warn of its outcome.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from peacestudy.core.countries import country_name
from peacestudy.outcomes.dyads import Dyad, newcomers, others_fighting, rival
from peacestudy.outcomes.peace import PeaceRule
from peacestudy.study.builders.decisions import Finding
from peacestudy.study.builders.signing_links import (
    NOT,
    SEVERAL_CONFLICTS,
    SEVERAL_COUNTRIES,
    STRANGE_DYAD,
    Agreement,
    Decided,
    Link,
    chosen,
    conflicts_of,
    several_chosen,
)

SILENT, SAME, OTHERS = "silent, others new", "same party", "other parties"
SHOWN = 3  # parties named in a label


def facts(
    a: Agreement, links: Sequence[Link], decided: Decided, known: Mapping[int, Dyad]
) -> dict[str, Any]:
    """The row of an agreement without its flags.

    Parameters
    ----------
    a : the agreement.
    links : its texts.
    decided : decisions on the data problems.
    known : dyads by id.

    Raises
    ------
    SourceError
        A decision takes a conflict or state that the agreement does not have.
    """
    country = _taken(a, a.states, SEVERAL_COUNTRIES, decided)
    dropped = (a.place, STRANGE_DYAD) in decided
    dyads = tuple(sorted(d for d in a.dyads if not (dropped and d not in known)))
    several = len(a.states) > 1
    name = country_name(country, a.day, "gw")
    parties = label_parties([known[d] for d in dyads])
    return {
        "case_id": str(a.paid),
        "label": f"{parties if several else f'{name}: {parties}'} {a.day}",
        "t0": a.day.year,
        "date": a.day,
        "conflict_id": _taken(a, a.conflicts, SEVERAL_CONFLICTS, decided),
        "conflicts": a.conflicts,
        "country": country,
        "country_name": name,
        "several_governments": several,
        "dyads": dyads,
        "linked_by": links[0].by if links else NOT,
        "linked": bool(links),
        "same_year": all(found.text.day.year == a.day.year for found in links) if links else None,
        "texts": " ".join(str(found.text.id) for found in links),
    }


def _taken(a: Agreement, among: tuple[int, ...], problem: str, decided: Decided) -> int:
    return chosen(decided[a.place, problem], a.place, among) if len(among) > 1 else among[0]


def label_parties(dyads: Sequence[Dyad]) -> str:
    """The parties of a label: three at most, then how many more."""
    names = list(dict.fromkeys(rival(d) for d in dyads))
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def successor_findings(
    agreements: Iterable[Agreement],
    links: Sequence[Link],
    rule: PeaceRule,
    known: Mapping[int, Dyad],
) -> list[Finding]:
    """Signing dyads that fell silent while others, new since t0, fought on:
    each is to be decided, same party or others.
    """
    found: dict[int, set[int]] = {}
    for a in agreements:
        signed = [d for d in a.dyads if d in known]
        new = newcomers(signed, conflicts_of(a, links), a.day.year, observed(a, rule), known)
        for dyad, others in new.items():
            found.setdefault(dyad, set()).update(d.id for d in others)
    return [
        Finding(f"dyad {dyad}", SILENT, " ".join(map(str, sorted(others))), (SAME, OTHERS))
        for dyad, others in sorted(found.items())
    ]


def successors(silent: Iterable[Finding], decided: Decided) -> dict[int, set[int]]:
    """Dyads that are a signing dyad under another name or in a merger,
    as decided: from the signing dyad to them.

    Raises
    ------
    SourceError
        A decision takes a dyad that was not found.
    """
    out = {}
    for f in silent:
        choice = decided[f.place, f.problem]
        if choice.decision == SAME:
            found = [int(n) for n in f.found.split()]
            out[int(f.place.removeprefix("dyad "))] = set(several_chosen(choice, f.place, found))
    return out


def observed(a: Agreement, rule: PeaceRule) -> range:
    """The years of the window that the source covers."""
    return range(a.day.year + 1, min(a.day.year + rule.horizon, rule.last_year) + 1)


def flags(
    dyads: Iterable[int],
    a: Agreement,
    links: Sequence[Link],
    rule: PeaceRule,
    heirs: Mapping[int, set[int]],
    known: Mapping[int, Dyad],
) -> dict[str, Any]:
    """Whether peace may be a change of name, and who fought on without having signed.

    Parameters
    ----------
    dyads : those that signed.
    a, links : the agreement and its texts.
    rule : the window.
    heirs : of ``successors``.
    known : dyads by id.
    """
    own, window = tuple(dyads), observed(a, rule)
    new = newcomers(own, conflicts_of(a, links), a.day.year, window, known)
    same = {d.id for dyad, others in new.items() for d in others if d.id in heirs.get(dyad, ())}
    ids = sorted({d.id for others in new.values() for d in others})
    others = others_fighting(own, a.conflicts, window, known)
    return {
        "merged_or_renamed": bool(ids),
        "new_dyads": " ".join(map(str, ids)) or None,
        "successors": " ".join(map(str, sorted(same))) or None,
        "conflict_went_on": bool(others),
        "went_on_with": ", ".join(rival(d) for d in others) or None,
    }
