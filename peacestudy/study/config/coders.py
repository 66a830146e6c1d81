"""Adjudication of several coders' codes, and what their disagreement does to a finding."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Adjudication:
    """How codes of several coders become one: the rules of
    ``ps.adjudicate`` in the order in which they are tried.

    Attributes
    ----------
    senior : whose code stands, for the rule ``senior``.
    decisions : file in the study folder with decisions on single cells, for the rule ``decisions``.
    """

    rule: tuple[str, ...]
    senior: str = ""
    decisions: str = ""


@dataclass(frozen=True)
class Reliability:
    """The floor below which an indicator is flagged wherever its study's results are shown.

    Attributes
    ----------
    coefficient : column of ``ps.agreement`` that is held against the floor, such as ``alpha``.
    floor : the least value that is not flagged.
    resamples, seed : of the bootstrap intervals.
    """

    coefficient: str
    floor: float
    resamples: int
    seed: int


@dataclass(frozen=True)
class Uncertainty:
    """What disagreement among this study's coders does to the findings of another study.

    Attributes
    ----------
    study, specs : the other study, and which of its declared models.
    sample : the sample on which they are fitted.
    indicator : the indicator of that study that is coded here.
    coders : the coders whose codes are used; coders of that study may be among them.
    accuracy, prior_n : the author's prior of each coder's accuracy: its mean, and the number of
        cases that it counts as; 0 where accuracy is estimated from the codes (three coders at
        least).
    draws, seed : imputations of the true codes.
    gold : boolean column of this study's cases; where it is true of an agreement that counts, the
        indicator is known to be present, whatever the coders read. Empty where nothing is known.
    as_one : whether the coders count as one reading, because their errors may be the same.
    """

    id: str
    study: str
    specs: tuple[str, ...]
    sample: str
    indicator: str
    coders: tuple[str, ...]
    draws: int
    seed: int
    accuracy: float = 0.0
    prior_n: float = 0.0
    gold: str = ""
    as_one: bool = False
