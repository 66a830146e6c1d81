"""Promise and implementation: what an accord promises of each pillar, what of it is done by a year,
and the distance between.

Levels are those of the Peace Accords Matrix, 0 to 3 at the end of a year of the accord. A level
says where a provision stands, reversals counted: after a reversal it is lower than it was, and the
highest level ever reached is not read.

Source of the levels: Joshi, Quinn and Regan (2015), Journal of Peace Research 52(4): 551-562.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from peacestudy.core.schema import Field, Schema
from peacestudy.errors import SourceError
from peacestudy.outcomes.registry.pam import PROVISIONS

INTERMEDIATE, FULL = 2, 3  # the two highest levels
LEVELS = ["case_id", "year_k", "provision", "promised", "level", "reversed"]
IMPLEMENTATION_SCHEMA = Schema(
    (
        Field("case_id", required=True),
        Field(
            "year_k",
            "integer",
            required=True,
            minimum=0,
            maximum=10,
            description="year of the accord",
        ),
        Field(
            "pillar",
            required=True,
            description=(
                "a pillar or alternative of codebook.toml; breadth: all pillars; aggregate: all"
                " provisions"
            ),
        ),
        Field(
            "promised",
            "number",
            required=True,
            minimum=0,
            maximum=1,
            description="share of the provisions that the accord promises",
        ),
        Field("n_provisions", "integer", required=True, minimum=0, unit="provisions promised"),
        Field(
            "implemented",
            "number",
            minimum=0,
            maximum=1,
            description=(
                "mean level: level / 3, averaged over what is promised (breadth: mean of its"
                " pillars)"
            ),
        ),
        Field(
            "delivered",
            "number",
            minimum=0,
            maximum=1,
            description="level / 3, averaged over all provisions of the pillar, promised or not",
        ),
        Field("distance", "number", minimum=0, maximum=1, description="promised less delivered"),
        Field(
            "n_level_3",
            "integer",
            minimum=0,
            unit="provisions",
            description="promised provisions at level 3, fully implemented",
        ),
        Field(
            "n_level_2_or_3",
            "integer",
            minimum=0,
            unit="provisions",
            description="promised provisions at level 2 (intermediate) or 3",
        ),
        Field("n_reversed", "integer", minimum=0, unit="provisions reversed in the year"),
        Field("source", required=True),
        Field("reason", description="why the year has no figure; empty where it has"),
    ),
    key=("case_id", "year_k", "pillar"),
)


@dataclass(frozen=True)
class Share:
    """What is promised and done of a group of provisions in one year; see
    ``IMPLEMENTATION_SCHEMA``.
    """

    promised: float
    n_provisions: int
    implemented: float | None
    delivered: float | None
    n_level_3: int | None
    n_level_2_or_3: int | None
    n_reversed: int | None
    reason: str | None

    @classmethod
    def unknown(cls, promised: float, n_provisions: int, reason: str | None) -> "Share":
        """A share of which only the promise is known, and why."""
        return cls(promised, n_provisions, None, None, None, None, None, reason)

    @property
    def distance(self) -> float | None:
        """Promised less delivered."""
        return None if self.delivered is None else self.promised - self.delivered


def provision_levels(table: pd.DataFrame) -> pd.DataFrame:
    """Accord-years of the Peace Accords Matrix, a row a provision.

    Parameters
    ----------
    table : ``case_id, year_k`` and the columns of every provision.

    Returns
    -------
    DataFrame
        ``case_id, year_k, provision`` (the column of its promise), ``promised, level, reversed``.

    Raises
    ------
    SourceError
        A year of an accord stands twice, a promise changes with the
        years, or a level is given without a promise.
    """
    twice = table[table.duplicated(["case_id", "year_k"])]
    if len(twice):
        row = twice.iloc[0]
        raise SourceError(
            f"year {row['year_k']} of accord {row['case_id']} appears twice. Give each year of an"
            " accord once."
        )
    parts = [
        pd.DataFrame(
            {
                "case_id": table["case_id"],
                "year_k": table["year_k"].astype(int),
                "provision": name,
                "promised": table[p.promise].astype(int) == 1,
                "level": table[p.level].astype(int),
                "reversed": table[p.reversal].astype(int) > 0,
            }
        )
        for name, p in PROVISIONS.items()
    ]
    out = pd.concat(parts, ignore_index=True)[LEVELS]
    changing = out.groupby(["case_id", "provision"])["promised"].nunique()
    idle = out[~out["promised"] & (out["level"] > 0)]
    for what, found in (
        ("changes with the years", list(changing[changing > 1].index)),
        (
            "is 0 where a level is given",
            list(idle[["case_id", "provision"]].itertuples(index=False, name=None)),
        ),
    ):
        if found:
            case, name = found[0]
            raise SourceError(
                f"{name} of accord {case} {what}. Decide whether it is promised, for the whole"
                " accord."
            )
    return out.sort_values(["case_id", "year_k", "provision"], ignore_index=True)


def aggregate_score(promised: Sequence[int], levels: Sequence[int]) -> float:
    """The score that the Peace Accords Matrix gives an accord-year: 100 *
    sum of levels / (3 * provisions promised).

    Raises
    ------
    SourceError
        Nothing is promised.

    Examples
    --------
    >>> aggregate_score([1, 1, 0], [3, 0, 0])
    50.0
    """
    n = sum(promised)
    if n == 0:
        raise SourceError(
            "an accord that promises nothing has no score. Leave it out, or correct its promises."
        )
    return 100 * sum(levels) / (FULL * n)


def mean_levels(levels: pd.DataFrame, without: Sequence[str] = ()) -> dict[tuple[str, int], float]:
    """Mean level of what an accord promises, of every accord and year.

    Parameters
    ----------
    levels : rows of ``provision_levels``.
    without : provisions that are not read.

    Returns
    -------
    dict of (case_id, year_k) to float
        level / 3, averaged over the promised provisions that are read; an accord that promises none
        of them has no entry.

    Raises
    ------
    SourceError
        The levels lack a provision that is not to be read.
    """
    lost = sorted(set(without) - set(levels["provision"]))
    if lost:
        raise SourceError(f"the levels lack the provision(s) {', '.join(lost)} to be left out.")
    read = levels[levels["promised"] & ~levels["provision"].isin(list(without))]
    means = read.groupby(["case_id", "year_k"], as_index=False)["level"].mean()
    found = {}
    for case, year, mean in means.itertuples(index=False, name=None):
        found[str(case), int(year)] = float(mean) / FULL
    return found


def implementation(
    levels: pd.DataFrame,
    pillars: Mapping[str, Sequence[str]],
    breadth: Sequence[str],
    years: Sequence[int],
    source: str,
) -> pd.DataFrame:
    """Promised and implemented shares of every accord, year and pillar.

    Parameters
    ----------
    levels : rows of ``provision_levels``.
    pillars : pillar or alternative to its provisions.
    breadth : the pillars that breadth is made of.
    years : years of the accord for which a row is given, whether or
        not the source follows the accord to them.
    source : id of the source, written beside every value.

    Returns
    -------
    DataFrame
        The columns of ``IMPLEMENTATION_SCHEMA``. ``implemented`` of a pillar is missing, with the
        reason, where nothing of it is promised, and in years that the source does not have: missing
        is not zero.

    Raises
    ------
    SourceError
        A pillar names a provision that the levels lack.
    """
    known = set(levels["provision"])
    lost = sorted({p for names in pillars.values() for p in names} - known)
    if lost:
        raise SourceError(
            f"the levels lack the provision(s) {', '.join(lost)} that the codebook names."
        )
    groups = {**pillars, "aggregate": sorted(known)}
    rows = []
    for case, part in levels.groupby("case_id", sort=True):
        by = {int(str(k)): rows_k.set_index("provision") for k, rows_k in part.groupby("year_k")}
        first = next(iter(by.values()))
        last = max(by)
        for k in years:
            shares = {
                g: _share(first, by.get(k), names, _unseen(k, last)) for g, names in groups.items()
            }
            shares["breadth"] = _breadth([shares[p] for p in breadth])
            rows += [
                (
                    case,
                    k,
                    g,
                    s.promised,
                    s.n_provisions,
                    s.implemented,
                    s.delivered,
                    s.distance,
                    s.n_level_3,
                    s.n_level_2_or_3,
                    s.n_reversed,
                    f"{source} pam_caseid {case}",
                    s.reason,
                )
                for g, s in shares.items()
            ]
    table = pd.DataFrame(rows, columns=IMPLEMENTATION_SCHEMA.names, dtype=object)
    numbers = {f.name: "float64" for f in IMPLEMENTATION_SCHEMA.fields if f.type == "number"}
    counts = {f.name: "Int64" for f in IMPLEMENTATION_SCHEMA.fields if f.type == "integer"}
    return table.astype(numbers | counts).sort_values(
        ["case_id", "year_k", "pillar"], ignore_index=True
    )


def _unseen(k: int, last: int) -> str:
    return (
        f"the source follows this accord to year {last} only"
        if k > last
        else "the source begins with year 1 of this accord"
    )


def _share(
    first: pd.DataFrame, now: pd.DataFrame | None, names: Sequence[str], unseen: str
) -> Share:
    """A group of provisions in one year; ``first`` has the promises,
    ``now`` the year or None where it is not observed.
    """
    promised = first.loc[list(names), "promised"]
    n = int(promised.sum())
    share = n / len(promised)
    if n == 0:
        return Share.unknown(share, 0, "the accord promises nothing of it")
    if now is None:
        return Share.unknown(share, n, unseen)
    own = now.loc[promised.index[promised]]
    levels = own["level"]
    done = float(levels.sum()) / FULL
    return Share(
        share,
        n,
        done / n,
        done / len(promised),
        int((levels == FULL).sum()),
        int((levels >= INTERMEDIATE).sum()),
        int(own["reversed"].sum()),
        None,
    )


def _breadth(shares: Sequence[Share]) -> Share:
    """The pillars together: nothing is delivered of a pillar of which nothing is promised."""
    promised = sum(s.promised for s in shares) / len(shares)
    n = sum(s.n_provisions for s in shares)
    some = [s for s in shares if s.n_provisions]
    gaps = [s for s in some if s.implemented is None]
    if not some or gaps:
        return Share.unknown(promised, n, gaps[0].reason if gaps else shares[0].reason)
    done = [s.implemented for s in some if s.implemented is not None]
    delivered = [s.delivered for s in some if s.delivered is not None]
    return Share(
        promised,
        n,
        sum(done) / len(done),
        sum(delivered) / len(shares),
        sum(s.n_level_3 or 0 for s in some),
        sum(s.n_level_2_or_3 or 0 for s in some),
        sum(s.n_reversed or 0 for s in some),
        None,
    )
