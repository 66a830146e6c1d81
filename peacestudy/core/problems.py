"""Trouble is data: a Problem stops the work and says where; a Note travels with a result and says how far to trust it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from functools import lru_cache

import pandas as pd

from peacestudy.errors import printable


@dataclass(frozen=True)
class Problem:
    """One finding in a file: where it is, what stands there, which rule it breaks, what to do.

    Attributes
    ----------
    file : name of the file as the reader knows it.
    line : 1-based line, 0 where the whole file is meant.
    column : column name, or '' where the whole row is meant.
    value : what was found, as text, shortened when shown.
    rule : what was expected.
    remedy : what to do.

    Examples
    --------
    >>> print(Problem("cases.csv", 3, "year", "19x4", "expected an integer", "correct the value"))
    cases.csv:3:year: '19x4': expected an integer; correct the value
    """

    file: str
    line: int
    column: str
    value: str
    rule: str
    remedy: str

    def __str__(self) -> str:
        value = self.value if len(self.value) <= 60 else self.value[:57] + "..."
        column = self.column if len(self.column) <= 60 else self.column[:57] + "..."
        where = self.file + (f":{self.line}" if self.line else "") + (f":{column}" if column else "")
        return printable(f"{where}: {value!r}: {self.rule}; {self.remedy}")


def problem_table(problems: Sequence[Problem]) -> pd.DataFrame:
    """The problems as a tidy table, a row each, columns ``file, line, column, value, rule, remedy``."""
    columns = ["file", "line", "column", "value", "rule", "remedy"]
    return pd.DataFrame([asdict(p) for p in problems], columns=columns)


@dataclass(frozen=True)
class Note:
    """Trouble that still yields numbers, told wherever the numbers are shown.

    Attributes
    ----------
    kind : short machine-readable word, such as ``separation`` or ``few_clusters``.
    text : one or two sentences for the reader.
    """

    kind: str
    text: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", printable(self.text))

    def __str__(self) -> str:
        return self.text


def repeated(names: Iterable[str]) -> list[str]:
    """The names that stand more than once, each once, in the order of their first place.

    Examples
    --------
    >>> repeated(["year", "id", "year", "x", "id"])
    ['year', 'id']
    """
    return [name for name, times in Counter(names).items() if times > 1]


def reason_of(err: BaseException) -> str:
    """What an error of a library says in its first line, or its kind where it says nothing.

    Examples
    --------
    >>> reason_of(ValueError("cut off\\nat byte 3")), reason_of(MemoryError())
    ('cut off', 'MemoryError')
    """
    return (str(err).strip().splitlines() or [type(err).__name__])[0]


def nearest(word: str, known: Sequence[str]) -> str:
    """A sentence that names the known word nearest to an unknown one, or nothing.

    Examples
    --------
    >>> nearest("firt", ["linear", "logit", "firth"])
    " Did you mean 'firth'?"
    """
    return _nearest(word, tuple(known))


@lru_cache(4096)  # a wrong column repeats few words over thousands of rows
def _nearest(word: str, known: tuple[str, ...]) -> str:
    found = get_close_matches(word, known, n=1, cutoff=0.6)
    return f" Did you mean {found[0]!r}?" if found else ""


def one_of(what: str, word: object, known: Sequence[str]) -> str:
    """The sentence for a word outside a list: what it should be one of, and the nearest.

    Examples
    --------
    >>> one_of("engine", "probit", ["linear", "logit"])
    "engine is 'probit'; it must be one of linear, logit."
    """
    return f"{what} is {word!r}; it must be one of {', '.join(known)}.{nearest(str(word), known)}"
