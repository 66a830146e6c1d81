"""Trouble is data: a Problem stops the work and says where; a Note
travels with a result and says how far to trust it.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

import pandas as pd

from peacestudy.errors import printable

LONGEST_SHOWN = 80  # characters of a value in a message
SEPARATORS = str.maketrans("", "", "_-. ")  # signs that join the words of a name


@dataclass(frozen=True)
class Problem:
    """One finding in a file: where it is, what was found, which rule it breaks and what to do.

    Attributes
    ----------
    file : str
        Name of the file as the reader knows it.
    line : int
        Line, counted from 1; 0 where the whole file is meant.
    column : str
        Name of the column; empty where the whole row is meant.
    value : str
        What was found. It is shortened to 60 characters when printed.
    rule : str
        What was expected.
    remedy : str
        What to do.

    Examples
    --------
    >>> print(
    ...     ps.Problem("cases.csv", 3, "year", "19x4", "expected an integer", "correct the value")
    ... )
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
        where = (
            self.file + (f":{self.line}" if self.line else "") + (f":{column}" if column else "")
        )
        return printable(f"{where}: {value!r}: {self.rule}; {self.remedy}")


def problem_table(problems: Sequence[Problem]) -> pd.DataFrame:
    """The problems as a tidy table, a row each, columns ``file,
    line, column, value, rule, remedy``.
    """
    columns = ["file", "line", "column", "value", "rule", "remedy"]
    return pd.DataFrame([asdict(p) for p in problems], columns=columns)


@dataclass(frozen=True)
class Note:
    """A warning about a result, shown wherever its numbers are shown.

    Attributes
    ----------
    kind : str
        Short word for programs, such as ``separation`` or ``few_clusters``.
    text : str
        One or two sentences for the reader.
    pooled : str or None
        What remains true of the note after pooling over imputed tables: None where all of it does,
        an empty text where nothing does.

    Examples
    --------
    >>> import pandas as pd
    >>> data = pd.DataFrame({"y": [0, 1, 0, 1, 1, 0], "x": [1, 2, 3, 4, 5, 6]})
    >>> fit = ps.fit(data, ps.ModelSpec("main", "y ~ x", "firth", vcov="classical"))
    >>> [note.kind for note in fit.notes]
    ['few_events', 'vcov']
    >>> print(ps.Note("few_events", "The model has 3 events for each term."))
    The model has 3 events for each term.
    """

    kind: str
    text: str
    pooled: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", printable(self.text))

    def __str__(self) -> str:
        return self.text


def composed(name: str) -> str:
    """A name as it is compared: letters with accents composed
    (NFC), every kind of space a plain one.

    Examples
    --------
    >>> composed("cafe\\u0301\\u00a0noir") == "caf\\u00e9 noir"
    True
    """
    if name.isascii():
        return name
    return "".join(
        " " if unicodedata.category(c) == "Zs" else c for c in unicodedata.normalize("NFC", name)
    )


def as_known(names: Any, known: Iterable[str]) -> Any:
    """Names as they are spelt in ``known``, where one there looks the same: in a list, among the
    keys of a mapping, or one name.

    Examples
    --------
    >>> as_known({"cafe\\u0301": 1}, ["caf\\u00e9", "x"]) == {"caf\\u00e9": 1}
    True
    """
    spelt: dict[str, str] = {}
    for name in known:
        spelt.setdefault(composed(str(name)), str(name))

    def one(name: Any) -> Any:
        return spelt.get(composed(name), name) if isinstance(name, str) else name

    if isinstance(names, Mapping):
        return {one(name): value for name, value in names.items()}
    if isinstance(names, list | tuple):
        return [one(name) for name in names]
    return one(names)


def _folded(name: str) -> str:
    """A name without case, accents, blanks, underscores, hyphens and dots."""
    letters = unicodedata.normalize("NFKD", composed(name).casefold())
    return "".join(c for c in letters if not unicodedata.combining(c)).translate(SEPARATORS)


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

    A word that differs only in case, accents, blanks, underscores, hyphens or dots comes first,
    then the closest spelling.

    Examples
    --------
    >>> nearest("firt", ["linear", "logit", "firth"])
    " Did you mean 'firth'?"
    >>> nearest("GDP per capita", ["gdp", "gdp_per_capita"])
    " Did you mean 'gdp_per_capita'?"
    """
    return _nearest(word, tuple(map(str, known)))


@lru_cache(4096)  # a wrong column repeats few words over thousands of rows
def _nearest(word: str, known: tuple[str, ...]) -> str:
    folded = _folded(word)
    found = [name for name in known if folded and _folded(name) == folded]
    if not found:
        found = get_close_matches(word, known, n=1, cutoff=0.6)
    if not found:
        lower = get_close_matches(folded, [_folded(name) for name in known], n=1, cutoff=0.6)
        found = [name for name in known if lower and _folded(name) == lower[0]]
    return f" Did you mean {' or '.join(map(repr, found[:3]))}?" if found else ""


def shortened(value: object) -> str:
    """A value as a message shows it, on one line: a long one by its type and beginning.

    Examples
    --------
    >>> shortened(["a", "b"]), shortened(list(range(100)))
    ("['a', 'b']", 'a list ([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13 ...)')
    """
    text = " ".join(repr(value).split())
    return text if len(text) <= LONGEST_SHOWN else f"a {type(value).__name__} ({text[:45]} ...)"


def one_of(what: str, word: object, known: Sequence[str]) -> str:
    """The sentence for a word outside a list: what it should be one of, and the nearest.

    Examples
    --------
    >>> one_of("engine", "probit", ["linear", "logit"])
    "engine is 'probit'; it must be one of linear, logit."
    """
    return (
        f"{what} is {shortened(word)}; it must be one of"
        f" {', '.join(known)}.{nearest(str(word), known)}"
    )
