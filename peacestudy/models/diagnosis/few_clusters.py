"""Few clusters, or clusters of which few count: what uncorrected cluster-robust intervals are then worth, and what to write instead.

Sources: Cameron and Miller (2015), Journal of Human Resources 50(2), VI ("few" begins anywhere under 20 to under 50 clusters that are
alike); MacKinnon and Webb (2017), Journal of Applied Econometrics 32(2) (50 clusters of unlike sizes may be few); Carter, Schnepel and
Steigerwald (2017), Review of Economics and Statistics 99(4) (effective number of clusters); MacKinnon, Nielsen and Webb (2023), Journal of
Econometrics 232(2), 7 (that number with errors independent within clusters, which exists beside cluster dummies too).
"""

import numpy as np

from peacestudy.core.problems import Note
from peacestudy.models.formulas.design import Design
from peacestudy.models.formulas.factors import Factor
from peacestudy.models.spec import ModelSpec

FEW = 50  # clusters below which cluster-robust tests may reject too often, the upper end of Cameron and Miller's range
FEW_EFFECTIVE = 20.0  # the same of clusters' worth in clusters that are alike, its lower end
NAMED = 3  # terms named in a note
TWO = (
    " With two, the scores of one are the opposite of the other's: every standard error rests on a single comparison, and may be "
    "near zero by chance."
)
# nominal 95 % intervals of a slope with 8, 20 and 50 clusters, per cent of 2,000 data sets a cell (tests/references/coverage/intervals.csv)
COVERAGE = {
    "linear": ("90 to 93", "89 to 94", "94 to 95"), "logit": ("85 to 89", "89 to 94", "93 to 95"),
    "firth": ("86 to 90", "89 to 94", "92 to 95"), "cox": ("85 to 87", "88 to 91", "91 to 93"),
}  # fmt: skip
JACKKNIFE = {
    "logit": ("90 to 94", "92 to 95"),
    "firth": ("90 to 94", "92 to 95"),
}  # with 8 and 20, of 500 (jackknife.csv there)
REMEDY = {
    "linear": "Write vcov 'cr2' (94 to 96 %), 'jackknife' (93 to 96 %), or the option bootstrap (wild: 93 to 97 %).",
    "logit": "Write the option bootstrap (score: 92 to 94 %), or vcov 'jackknife' ({} % with 8, {} % with 20).".format(
        *JACKKNIFE["logit"]
    ),
    "firth": "Write vcov 'jackknife' ({} % with 8, {} % with 20).".format(*JACKKNIFE["firth"]),
}
TWO_WAYS = "With two columns there is no correction: set beside it the model with the column of fewer clusters alone. For that: "
WEIGHTED = {
    "linear": "Write vcov 'jackknife' (93 to 96 % without weights); cr2 and the bootstrap take none.",
    "logit": "Write vcov 'jackknife' ({} % with 8, {} % with 20, without weights); the bootstrap takes none.".format(
        *JACKKNIFE["logit"]
    ),
}
OTHERS = "This engine has no correction: set a linear model with vcov 'cr2', or a firth with 'jackknife', beside it."


def few_cluster_notes(spec: ModelSpec, design: Design) -> list[Note]:
    """Notes on clusters that are few, or worth few: of each cluster column what they are, and what that does to the intervals.

    They are of vcov ``cluster``, and of ``jackknife`` where its reference is z; ``cr2`` and the jackknife of ``linear`` hold with few.
    """
    if spec.vcov != "cluster" and (spec.vcov != "jackknife" or spec.engine == "linear"):
        return []
    found = [
        said
        for groups, name in zip(design.clusters, spec.cluster_columns, strict=True)
        if (said := _few(design, groups, name))
    ]
    told = [Note("few_clusters", text) for text in found]
    return [*told, Note("few_clusters_advice", _advice(spec))] if found else []


def _few(design: Design, groups: np.ndarray, name: str) -> str:
    """What the clusters of a column are worth, for terms other than their own dummies; nothing where they are enough."""
    size, worth = np.bincount(groups), effective_clusters(design, groups)
    dummy = (Factor(name, ("C",)),)
    own = [t for t, parts in design.made_of.items() if parts == dummy]  # a dummy of a cluster always rests on it alone
    low = sorted((value, term) for term, value in worth.items() if value < FEW_EFFECTIVE and term not in own)
    if len(size) >= FEW and not low:
        return ""
    said = f"{len(size)} clusters of {name}, the largest with {size.max() / size.sum():.0%} of the rows"
    if low:
        more = f" and {len(low) - NAMED} more terms" if len(low) > NAMED else ""
        said += f", worth fewer that are alike for {', '.join(f'{term} ({value:.1f})' for value, term in low[:NAMED])}{more}"
    return f"{said}.{TWO if len(size) == 2 else ''}"


def _advice(spec: ModelSpec) -> str:
    few = (
        f"Under {FEW} clusters are few (Cameron and Miller 2015), and so are more that for a term are worth under {FEW_EFFECTIVE:.0f} "
        "alike (Carter, Schnepel and Steigerwald 2017)"
    )
    if "bootstrap" in dict(spec.options):
        return f"{few}: p and intervals are the bootstrap's, which is made for that; joint tests and contrasts reject too often."
    if spec.vcov == "jackknife":
        eight, twenty = JACKKNIFE[spec.engine]
        return f"{few}: with z for the jackknife's statistic simulated 95 % intervals covered in {eight} % with 8 clusters, {twenty} % with 20."
    known = spec.engine in COVERAGE
    eight, twenty, fifty = COVERAGE[spec.engine if known else "logit"]
    whose = f"of {spec.engine}" if known else f"of logit ({spec.engine} was not tried)"
    remedy = (WEIGHTED if "weights" in dict(spec.options) else REMEDY).get(spec.engine)
    if remedy and len(spec.cluster_columns) > 1:
        remedy = TWO_WAYS + remedy[0].lower() + remedy[1:]
    return (
        f"{few}; tests then reject too often. Simulated 95 % intervals {whose} covered in {eight} % with 8 clusters, {twenty} % with 20, {fifty} % "
        f"with 50. {remedy or OTHERS}"
    )


def effective_clusters(design: Design, groups: np.ndarray) -> dict[str, float]:
    """How many clusters that are alike the clusters are worth, for every term but the constant and the baseline.

    With a the row of (X'X)^-1 of a term, a cluster g adds c_g = |X_g a|^2 to its variance where errors are independent and alike; the number is
    (sum of c)^2 / sum of c^2 = G / (1 + the squared coefficient of variation of c). It is read from rows and terms alone, as for least
    squares, and knows neither weights nor outcome.
    """
    slopes = [j for j, name in enumerate(design.names) if name != "Intercept" and name not in design.baseline]
    X = design.X / np.sqrt((design.X**2).mean(axis=0))
    if "Intercept" not in design.names and not design.baseline:
        X = np.column_stack([X, np.ones(len(X))])  # a baseline hazard or cut points stand for it
    parts = (X @ np.linalg.pinv(X.T @ X)[:, slopes]) ** 2
    c = np.zeros((int(groups.max()) + 1, len(slopes)))
    np.add.at(c, groups, parts)
    number = c.sum(axis=0) ** 2 / (c**2).sum(axis=0)
    return {design.names[j]: float(v) for j, v in zip(slopes, number, strict=True)}
