"""Study A and the study of signing dyads in comparison."""

import pandas as pd

from peacestudy.study.results.results import Results

STUDY_A = "peace_agreements"
HYPOTHESES = [f"H{i}" for i in range(8)]


def comparison(found: Results) -> pd.DataFrame:
    """H0 to H7 of study A and of this study.

    Returns
    -------
    DataFrame
        The columns of ``hypotheses`` and ``study, n, n_events, n_clusters``.
    """
    parts = []
    for results in (found.other(STUDY_A), found):
        table = results.table("hypotheses")
        single = table["id"].isin(HYPOTHESES) & table["odds_ratio"].notna()
        table = table[single].assign(study=results.study.config.id)
        models = results.table("models").set_index("model")
        for column in ("n", "n_events", "n_clusters"):
            table[column] = table["model"].map(models[column])
        parts.append(table)
    return pd.concat(parts, ignore_index=True)


def differences(found: Results) -> pd.DataFrame:
    """Cases of this study whose outcome differs from that of the attempt of study A that includes
    them, and the reason.
    """
    cases = found.study.cases
    return cases[cases["differs_from_a"].notna()].sort_values("label", ignore_index=True)
