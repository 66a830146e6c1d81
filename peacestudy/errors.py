"""The errors of peacestudy: one root, a leaf for each stage of the road from source to finding.

An error says where, what was found, what was expected and what to do. Problems in data are
collected and raised once; they are carried as ``err.problems`` (see
``peacestudy.core.problems.Problem``).
"""

import re
from collections.abc import Iterable

# what moves the cursor, changes colours or the order of letters; a line feed stays
_CONTROL = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029"
    "\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
SHOWN = 20  # problems printed in the message; all of them are in .problems


def printable(text: str) -> str:
    r"""A text that is safe to print: characters that a terminal would
    act on are written as Python writes them.

    Examples
    --------
    >>> printable("a\x1b[31mb")
    'a\\x1b[31mb'
    """
    if text.isascii() and text.isprintable():
        return text
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


class PeacestudyError(Exception):
    """The root of every error that peacestudy raises on purpose.

    Parameters
    ----------
    message : str
        What happened, what was expected and what to do.
    problems : iterable of Problem, optional
        The single findings, each with file, line, column, value, rule and remedy. The message lists
        the first 20.

    Attributes
    ----------
    problems : tuple of Problem
        All findings, empty where the message says everything.

    Examples
    --------
    >>> try:
    ...     ps.load_study("peace_agreement")
    ... except ps.PeacestudyError as err:
    ...     print(type(err).__name__, str(err).split(".")[0])
    SourceError there is no study 'peace_agreement' and no folder of that name
    """

    def __init__(self, message: str, problems: Iterable[object] = ()) -> None:
        self.problems = tuple(problems)
        lines = [message, *(f"  {p}" for p in self.problems[:SHOWN])]
        if len(self.problems) > SHOWN:
            lines.append(f"  ... and {len(self.problems) - SHOWN} more; all are in err.problems")
        super().__init__(printable("\n".join(lines)))


class CodebookError(PeacestudyError):
    """The codebook contradicts itself or cannot be read.

    Examples
    --------
    >>> book = ps.load_study("double_coding").codebook
    >>> try:
    ...     book.pillar_of("terrors")
    ... except ps.CodebookError as err:
    ...     print(str(err).split(";")[0])
    indicator is 'terrors'
    """


class CodingError(PeacestudyError):
    """A coding breaks a rule of its codebook, or cannot be scored.

    Examples
    --------
    >>> try:
    ...     ps.alpha([[1, 2], [None, None]], "nominal")
    ... except ps.CodingError as err:
    ...     print(err)
    no unit has values of two coders (2 coder(s), 2 units). Let two coders code the same
    units.
    """


class SourceError(PeacestudyError):
    """A source file or a table of a study is missing, damaged or not as expected.

    Examples
    --------
    >>> try:
    ...     ps.outcomes.read_file("cases.doc")
    ... except ps.SourceError as err:
    ...     print(err)
    cases.doc ends in '.doc'; files that are read end in .csv, .xlsx, .dta, .parquet, .sav,
    .rds, .rda, .rdata, .tsv. Save it as one of these.
    """


class JoinError(PeacestudyError):
    """Two tables cannot be joined without losing, inventing or multiplying rows.

    Examples
    --------
    >>> import pandas as pd
    >>> cases = pd.DataFrame({"case_id": ["a", "b"], "state": [2, 20]})
    >>> peace = pd.DataFrame({"state": [2, 2], "peace": [1, 0]})
    >>> try:
    ...     ps.join(cases, peace, on="state", name="peace")
    ... except ps.JoinError as err:
    ...     print(str(err).split(".")[0])
    peace has several rows for 1 state, which would multiply cases
    """


class SpecError(PeacestudyError):
    """A specification, a formula or a study.toml asks for something that does not exist.

    Examples
    --------
    >>> try:
    ...     ps.ModelSpec("main", "y ~ x", "logitt", vcov="hc1")
    ... except ps.SpecError as err:
    ...     print(err)
    engine is 'logitt'; it must be one of linear, logit, firth, cox, discrete_time, ordered,
    poisson, negative_binomial, ridge, mixed_logit, mixed_linear. Did you mean 'logit'?
    """


class FitError(PeacestudyError):
    """The model cannot be estimated from the data.

    Reasons are separation, collinearity, an outcome without variation, or estimation that does not
    converge.

    Examples
    --------
    >>> import pandas as pd
    >>> data = pd.DataFrame({"y": [0, 0, 0, 1, 1, 1], "x": [1, 2, 3, 4, 5, 6]})
    >>> try:
    ...     ps.fit(data, ps.ModelSpec("main", "y ~ x", "logit", vcov="classical"))
    ... except ps.FitError as err:
    ...     print(err)
    main: the outcome is completely separated by x: it is predicted without error in 6 of 6
    rows (0, 1, 2, 3, 4 and 1 more), so a logit's coefficients tend to infinity. Use engine
    'firth', whose estimates are finite, or drop the term.
    """
