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
    """Root of every error that peacestudy raises on purpose.

    Parameters
    ----------
    message : what went wrong, what was expected, what to do.
    problems : the single findings, each with file, line, column, value, rule and remedy.
    """

    def __init__(self, message: str, problems: Iterable[object] = ()) -> None:
        self.problems = tuple(problems)
        lines = [message, *(f"  {p}" for p in self.problems[:SHOWN])]
        if len(self.problems) > SHOWN:
            lines.append(f"  ... and {len(self.problems) - SHOWN} more; all are in err.problems")
        super().__init__(printable("\n".join(lines)))


class CodebookError(PeacestudyError):
    """The codebook contradicts itself or cannot be read."""


class CodingError(PeacestudyError):
    """A coding breaks a rule of its codebook, or cannot be scored."""


class SourceError(PeacestudyError):
    """A source file or a table of a study is missing, damaged, or not what it should be."""


class JoinError(PeacestudyError):
    """Two tables cannot be joined without losing, inventing or multiplying rows."""


class SpecError(PeacestudyError):
    """A specification, formula or study.toml asks for something that does not exist."""


class FitError(PeacestudyError):
    """The data cannot answer the specification: separation,
    collinearity, no variation, no convergence.
    """
