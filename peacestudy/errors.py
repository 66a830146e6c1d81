"""The errors of peacestudy: one root, a leaf for each stage of the road from source to finding.

An error says where, what was found, what was expected and what to do. Problems in data are collected and raised
once; they are carried as ``err.problems`` (see ``peacestudy.core.problems.Problem``).
"""

from collections.abc import Iterable

SHOWN = 20  # problems printed in the message; all of them are in .problems


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
        super().__init__("\n".join(lines))


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
    """The data cannot answer the specification: separation, collinearity, no variation, no convergence."""
