"""From codes to scores: the share of a pillar, its depth, its weakest
link, or the latent trait that its codes measure.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from peacestudy.coding.coding import Coding
from peacestudy.coding.scoring.counted_scores import counted, scaled
from peacestudy.coding.scoring.traits import GROUPS, ITEMS, Part, by_component, by_graded_response
from peacestudy.core.codebook import DIMENSIONS, SCORES, Codebook, Indicator
from peacestudy.core.display import html_table
from peacestudy.core.problems import Note, one_of
from peacestudy.errors import CodingError

FITTED = ("first_component", "graded_response")  # rules that estimate something from the cases


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores with what was estimated to get them.

    Attributes
    ----------
    table : as ``score`` returns it.
    rule : the rule from codes to scores.
    items : a row a score and indicator: ``score, indicator_id, quantity, value, std_error,
        thresholds``. ``quantity`` is loading (correlation with the component) or discrimination
        (logistic metric, with thresholds on the trait). Empty for rules that estimate nothing.
    groups : a row a score: ``score, indicators, used, cases, explained, log_likelihood,
        reliability, coefficient``. Reliability is Armor's theta of a component; of a trait the
        variance of the scores / (that variance + the mean squared standard error). For rules that
        estimate nothing ``internal_consistency`` has alpha and omega.
    notes : what was left out, what could not be scored, how far to trust the rest.
    """

    table: pd.DataFrame
    rule: str
    items: pd.DataFrame
    groups: pd.DataFrame
    notes: tuple[Note, ...]

    def _repr_html_(self) -> str:
        return html_table(
            self.table, f"{len(self.table)} cases scored by {self.rule}", self.notes, rows=10
        )


def score(coding: Coding, rule: str | None = None) -> pd.DataFrame:
    """Score every case on every pillar and every coded alternative explanation.

    Parameters
    ----------
    coding : Coding
        One code a cell.
    rule : str, optional
        None takes the rule that the codebook declares. Codes count as they are, whatever the
        indicator's direction, except that a direction sets the sign of a fitted score.

        - ``share`` of the indicators that are present (any code above 0);
        - ``depth``, the mean of code / highest code;
        - ``weighted``, that mean by the indicators' declared weights;
        - ``weakest``, the smallest code / highest code of the pillar;
        - ``first_component`` of the standardised codes, over the cases that have all of them; mean
          0, standard deviation 1, so not in [0, 1], and constant indicators are left out;
        - ``graded_response``, the expected trait of a graded response model (two codes: the
          two-parameter logistic model) given a case's codes, on a scale where the trait has mean 0
          and standard deviation 1 among the cases. Missing codes are taken as missing at random.

    Returns
    -------
    DataFrame
        ``case_id``, a column a pillar or coded alternative, in [0, 1] unless said above, and
        ``breadth``, the mean of the pillars that are coded (for ``weakest``: the smallest of them;
        for fitted rules a mean of standings among the cases). Then ``dimension_political``,
        ``_economic``, ``_social`` and ``_environmental``: the indicators of all pillars, not of the
        alternatives, by their dimension and the same rule, for the dimensions that the codebook
        has; and ``weakest_dimension``, the smallest of these. ``graded_response`` adds
        ``<score>_std_error``, the posterior standard deviation, for pillars, alternatives and
        dimensions; breadth has none, because its pillars are fitted separately.

        A score is missing where fewer of its indicators have codes than the codebook's ``answered``
        requires, at 1 where any has none: missing is not zero. ``weakest`` and ``first_component``
        are missing where any code is. A pillar without indicators is missing for all cases. Where
        there are notes (see ``peacestudy.coding.scoring.score_with_diagnostics``),
        ``table.attrs["notes"]`` has their texts.

    Raises
    ------
    CodingError
        An unknown rule; a weighted one where a weight is missing; codes without order under a rule
        that needs one.

    Examples
    --------
    >>> study = ps.load_study("double_coding")
    >>> sheet = ps.CodingSheet(study.sheet.table.head(200), study.codebook)
    >>> coding = ps.adjudicate(sheet, "consensus")
    >>> uncoded = [name for name in study.codebook.indicators if name not in sheet.indicators]
    >>> scores = ps.score(ps.coding.drop_indicators(coding, uncoded), "share")
    >>> scores["resources"].round(2).value_counts(dropna=False).to_dict()
    {nan: 9, 1.0: 8, 0.8: 3}
    """
    return score_with_diagnostics(coding, rule).table


def score_with_diagnostics(coding: Coding, rule: str | None = None) -> Scores:
    """The scores of ``score`` with loadings or discriminations, their reliability, and notes."""
    book = coding.codebook
    rule = book.score if rule is None else rule
    if rule not in SCORES:
        raise CodingError(one_of("rule", rule, SCORES))
    _check(book, rule)
    if not isinstance(coding, Coding):
        raise CodingError(
            "a score needs a Coding, one code a cell, and this is a"
            f" {type(coding).__name__}. Adjudicate the codes of several coders with ps.adjudicate;"
            " the sheet of one coder becomes a Coding by .coding()."
        )
    codes = coding.codes()
    groups = _groups(book)
    if rule in FITTED:
        parts = _fitted(codes, groups, rule, book)
    else:
        parts = _counted(codes, groups, rule, book)
    notes = [note for part in parts.values() for note in part.notes]
    for pillar in book.entries:
        if not pillar.indicators and not pillar.measured_by:
            text = f"{pillar.id} has no scores: none of its indicators is left."
            notes.append(Note("no_indicators", text))
    scores = {name: part.scores for name, part in parts.items()}
    table = _table(scores, book, rule, codes.index)
    for name, part in parts.items():
        if part.std_error is not None:
            table[f"{name}_std_error"] = part.std_error
    table = table.reset_index()
    if notes:
        table.attrs["notes"] = [note.text for note in notes]
    item_rows = [row for part in parts.values() for row in part.items]
    group_rows = [part.group for part in parts.values()]
    items = pd.DataFrame(item_rows, columns=list(ITEMS))
    summary = pd.DataFrame(group_rows, columns=list(GROUPS))
    return Scores(table, rule, items, summary, tuple(notes))


def _groups(book: Codebook) -> dict[str, tuple[Indicator, ...]]:
    """The indicators of every score: pillars, rivals, and dimensions over all pillars."""
    groups = {pillar.id: pillar.indicators for pillar in book.entries if pillar.indicators}
    of_pillars = [i for pillar in book.pillars for i in pillar.indicators]
    for dimension in DIMENSIONS:
        indicators = tuple(i for i in of_pillars if i.dimension == dimension)
        if indicators:
            groups[f"dimension_{dimension}"] = indicators
    return groups


def _table(
    found: dict[str, "pd.Series[float]"], book: Codebook, rule: str, cases: pd.Index
) -> pd.DataFrame:
    missing = pd.Series(np.nan, index=cases)
    columns = {}
    for pillar in book.entries:
        if pillar.indicators or not pillar.measured_by:
            columns[pillar.id] = found.get(pillar.id, missing)
    out = pd.DataFrame(columns, index=cases)
    pillars = out[[p.id for p in book.pillars if p.id in out.columns]]
    if rule == "weakest":
        out["breadth"] = pillars.min(axis=1, skipna=False)
    else:
        out["breadth"] = pillars.mean(axis=1, skipna=False)
    of_dimensions = {name: s for name, s in found.items() if name.startswith("dimension_")}
    dimensions = pd.DataFrame(of_dimensions, index=cases)
    dimensions["weakest_dimension"] = dimensions.min(axis=1, skipna=False)
    return out.join(dimensions)


def _counted(
    codes: pd.DataFrame, groups: dict[str, tuple[Indicator, ...]], rule: str, book: Codebook
) -> dict[str, Part]:
    values = scaled(codes, book, rule)
    out = {}
    for name, own in groups.items():
        found = counted(values, own, rule, book.answered)
        row = (name, len(own), len(own), int(found.notna().sum()), np.nan, np.nan, np.nan, "")
        out[name] = Part(found, None, (), row, ())
    return out


def _fitted(
    codes: pd.DataFrame, groups: dict[str, tuple[Indicator, ...]], rule: str, book: Codebook
) -> dict[str, Part]:
    values = codes.astype("Float64").astype(float)
    if rule == "first_component":
        return {name: by_component(name, values, own) for name, own in groups.items()}
    return {
        name: by_graded_response(name, values, own, book.answered) for name, own in groups.items()
    }


def _check(book: Codebook, rule: str) -> None:
    indicators = book.indicators.values()
    bare = [i.id for i in indicators if i.weight is None]
    if rule == "weighted" and bare:
        raise CodingError(
            f"the rule is weighted, and {len(bare)} indicator(s) have no weight:"
            f" {', '.join(bare[:5])}. Declare them in codebook {book.id}."
        )
    loose = [i.id for i in indicators if i.level == "nominal" and len(i.codes) > 2]
    if rule in ("weighted", *FITTED) and loose:
        raise CodingError(
            f"{rule} reads codes as ordered, and those of {', '.join(loose[:5])} have no order."
            " Split them with one indicator a code."
        )
