"""Which PA-X texts are an agreement of UCDP's: by UCDP's id where
PA-X has it, else by conflict and date.

What is wrong in the sources is found here and decided in ``decisions.tsv``; see ``findings``.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from peacestudy.core.problems import one_of
from peacestudy.errors import SourceError
from peacestudy.study.builders.decisions import NAME, Decision, Finding

BY_ID, BY_DATE, NOT = "ucdp id", "conflict and date", "not linked"
OUT, ONE, TAKE = "take the id out", "link one", "take"
UNKNOWN, APART, ELSEWHERE = "agreement id unknown to UCDP", "dates apart", "conflicts differ"
SEVERAL_TEXTS, NEAR_TEXTS = "several texts", "several texts by conflict and date"
SEVERAL_CONFLICTS, SEVERAL_COUNTRIES = "several conflicts", "several countries"
STRANGE_DYAD, DROP = "dyad unknown to UCDP Dyadic", "leave the dyads out"
Decided = Mapping[tuple[str, str], Decision]


@dataclass(frozen=True)
class Agreement:
    """An agreement of the UCDP Peace Agreement Dataset: its id, day, and
    the conflicts, states and dyads it binds.
    """

    paid: int
    day: dt.date
    conflicts: tuple[int, ...]
    states: tuple[int, ...]
    dyads: tuple[int, ...]
    over: tuple[int, ...]  # 1 territory, 2 government, 3 both
    kind: int  # 1 full, 2 partial, 3 peace process

    @property
    def place(self) -> str:
        """As decisions name it."""
        return f"paid {self.paid}"


@dataclass(frozen=True)
class Text:
    """A text of PA-X: its id, day, stage, process, the conflict
    and the UCDP agreement that PA-X names.
    """

    id: int
    day: dt.date
    stage: str
    process: int
    conflict: int | None
    paid: int | None

    @property
    def place(self) -> str:
        """As decisions name it."""
        return f"AgtId {self.id}"


@dataclass(frozen=True)
class Material:
    """What is linked.

    Attributes
    ----------
    agreements : UCDP's.
    texts : PA-X's.
    dyads : ids that UCDP Dyadic knows.
    link_days : days between UCDP's day and PA-X's within which a text may be the same agreement.
    """

    agreements: tuple[Agreement, ...]
    texts: tuple[Text, ...]
    dyads: frozenset[int]
    link_days: int


@dataclass(frozen=True)
class Link:
    """A text that is an agreement, and how that is known."""

    paid: int
    text: Text
    by: str


def read_agreements(table: pd.DataFrame) -> tuple[Agreement, ...]:
    """The agreements in the rows of UCDP's data set, by id."""
    columns = ["paid", "pa_date", "conflict_id", "gwno", "dyad_id", "incompatibility", "pa_type"]
    rows = table.sort_values("paid")[columns].itertuples(index=False, name=None)
    return tuple(
        Agreement(
            int(paid),
            day.date(),
            _numbers(conflicts),
            _numbers(states),
            _numbers(dyads),
            _numbers(over),
            int(kind),
        )
        for paid, day, conflicts, states, dyads, over, kind in rows
    )


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(t) for t in text.split(","))


def read_texts(table: pd.DataFrame) -> tuple[Text, ...]:
    """The texts in the rows of PA-X, by id."""
    columns = ["AgtId", "Dat", "Stage", "PP", "UcdpCon", "UcdpAgr"]
    rows = table.sort_values("AgtId")[columns].itertuples(index=False, name=None)
    return tuple(
        Text(
            int(i),
            day.date(),
            stage,
            int(process),
            None if pd.isna(con) else int(con),
            None if pd.isna(paid) else int(paid),
        )
        for i, day, stage, process, con, paid in rows
    )


def findings(material: Material, decisions: Decided) -> list[Finding]:
    """Every data problem, to be decided.

    Parameters
    ----------
    material : what is linked.
    decisions : as they stand in the file; read only for texts whose id is taken out or that are
        passed over, for these may then be linked by conflict and date.
    """
    out = [*_of_ids(material), *_of_agreements(material)]
    for paid, texts in _with_id(material, decisions).items():
        if len(texts) > 1:
            out.append(Finding(f"paid {paid}", SEVERAL_TEXTS, _said(texts), ("link all", ONE)))
    near = _near(material, _by_id(material, decisions))
    times = Counter(t.id for texts in near.values() for t in texts)
    for paid, texts in near.items():
        if len(texts) > 1 or any(times[t.id] > 1 for t in texts):
            out.append(Finding(f"paid {paid}", NEAR_TEXTS, _said(texts), (ONE, "link none")))
    return out


def _said(texts: Iterable[Text]) -> str:
    return "AgtId " + " ".join(str(t.id) for t in texts)


def _of_ids(material: Material) -> list[Finding]:
    """Ids of agreements in PA-X that UCDP does not know, or knows with another date or conflict."""
    known = {a.paid: a for a in material.agreements}
    out = []
    for t in material.texts:
        if t.paid is None:
            continue
        own = known.get(t.paid)
        if own is None:
            out.append(Finding(t.place, UNKNOWN, f"UcdpAgr {t.paid}", (OUT,)))
            continue
        if t.day.year != own.day.year or abs((t.day - own.day).days) > material.link_days:
            out.append(Finding(t.place, APART, f"{t.day}, {own.place} {own.day}", ("keep", OUT)))
        if t.conflict not in own.conflicts:
            here = "blank" if t.conflict is None else t.conflict
            there = " ".join(map(str, own.conflicts))
            out.append(
                Finding(
                    t.place,
                    ELSEWHERE,
                    f"UcdpCon {here}, {own.place} conflict {there}",
                    ("keep", OUT),
                )
            )
    return out


def _of_agreements(material: Material) -> list[Finding]:
    """Agreements of several conflicts or states, and signing dyads
    that UCDP Dyadic does not know.
    """
    out = []
    for a in material.agreements:
        for name, own in ((SEVERAL_CONFLICTS, a.conflicts), (SEVERAL_COUNTRIES, a.states)):
            if len(own) > 1:
                out.append(Finding(a.place, name, " ".join(map(str, own)), (TAKE,)))
        if strange := [str(d) for d in a.dyads if d not in material.dyads]:
            out.append(Finding(a.place, STRANGE_DYAD, " ".join(strange), (DROP,)))
    return out


def _with_id(material: Material, decided: Decided) -> dict[int, list[Text]]:
    """Texts whose id counts: UCDP knows it and no decision takes it out."""
    known = {a.paid for a in material.agreements}
    out_of_it = {place for (place, _), d in decided.items() if d.decision == OUT}
    out: dict[int, list[Text]] = {}
    for t in material.texts:
        if t.paid in known and t.paid is not None and t.place not in out_of_it:
            out.setdefault(t.paid, []).append(t)
    return dict(sorted(out.items()))


def _by_id(material: Material, decided: Decided) -> dict[int, list[Text]]:
    """Texts that are linked by id; of several with one id, those that were chosen."""
    own = _with_id(material, decided)
    for paid, texts in own.items():
        choice = decided.get((f"paid {paid}", SEVERAL_TEXTS))
        if len(texts) > 1 and choice is not None and choice.decision == ONE:
            one = chosen(choice, f"paid {paid}", [t.id for t in texts])
            own[paid] = [t for t in texts if t.id == one]
    return own


def _near(material: Material, linked: Mapping[int, list[Text]]) -> dict[int, list[Text]]:
    """Agreements without a text by id, to the free texts of their conflict about their day, nearest
    first; none where none is near.
    """
    taken = {t.id for texts in linked.values() for t in texts}
    free = [t for t in material.texts if t.id not in taken and t.stage != "Oth"]
    out = {}
    for a in material.agreements:
        if a.paid not in linked:
            near = [
                t
                for t in free
                if t.conflict in a.conflicts and abs((t.day - a.day).days) <= material.link_days
            ]
            out[a.paid] = sorted(near, key=lambda t: (abs((t.day - a.day).days), t.id))
    return {paid: texts for paid, texts in out.items() if texts}


def several_chosen(choice: Decision, place: str, among: Iterable[int]) -> tuple[int, ...]:
    """The numbers, parted by blanks, that a decision takes, all
    of them found; errors as in ``chosen``.
    """
    known = tuple(among)
    one_by_one = [Decision(choice.decision, value, choice.why) for value in choice.value.split(" ")]
    return tuple(chosen(each, place, known) for each in one_by_one)


def chosen(choice: Decision, place: str, among: Iterable[int]) -> int:
    """The number that a decision takes, one of those that were found.

    Raises
    ------
    SourceError
        It is no number, or none of them.
    """
    known = [str(n) for n in among]
    if choice.value not in known:
        raise SourceError(
            f"{NAME}: {one_of(f'the value of {choice.decision!r} on {place}', choice.value, known)}"
        )
    return int(choice.value)


def conflicts_of(a: Agreement, links: Iterable[Link]) -> tuple[int, ...]:
    """The conflicts of an agreement: UCDP's, and those under which PA-X files its texts."""
    theirs = [
        found.text.conflict
        for found in links
        if found.paid == a.paid and found.text.conflict is not None
    ]
    return tuple(sorted({*a.conflicts, *theirs}))


def link(material: Material, decided: Decided) -> tuple[Link, ...]:
    """The texts of every agreement, by agreement and text; an
    agreement without a link has no text in PA-X.

    Raises
    ------
    SourceError
        A decision takes what was not found.
    """
    own = _by_id(material, decided)
    out = [Link(paid, t, BY_ID) for paid, texts in own.items() for t in texts]
    for paid, texts in _near(material, own).items():
        choice = decided.get((f"paid {paid}", NEAR_TEXTS))
        if choice is None:
            out += [Link(paid, t, BY_DATE) for t in texts]
        elif choice.decision == ONE:
            one = chosen(choice, f"paid {paid}", [t.id for t in texts])
            out += [Link(paid, t, BY_DATE) for t in texts if t.id == one]
    return tuple(sorted(out, key=lambda found: (found.paid, found.text.id)))
