"""The line at which every value of a TOML text stands: the standard
library's reader gives values without places.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

# keys, and numbers of the elements of a list: ("specs", 0, "formula")
Place = tuple[str | int, ...]
_TOKEN = re.compile(
    r'''(?P<text>"""(?:\\.|[^\\])*?"{3,5}|\'{3}.*?\'{3,5}|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\')'''
    r"|(?P<comment>\#[^\n]*)|(?P<end>\n)|(?P<mark>[\[\]{}=,.])|(?P<bare>[^\s\[\]{}=,.\"'#]+)",
    re.DOTALL,
)


@lru_cache(8)
def positions(text: str) -> dict[Place, int]:
    """The 1-based line of every table, key and list element of a TOML text, by its place.

    Parameters
    ----------
    text : TOML that ``tomllib`` reads.

    Examples
    --------
    >>> positions('a = 1\\n[[x]]\\nid = "k"\\nb = [{c = 2},\\n {c = 3}]')[("x", 0, "b", 1, "c")]
    5
    """
    return _Scanner(text).lines


def line_of(text: str, *place: str | int) -> int:
    """The line of a value in a TOML text, or of the nearest table
    around it that stands there; 0 if none does.

    Examples
    --------
    >>> line_of("[a]\\nb = 1", "a", "b"), line_of("[a]\\nb = 1", "a", "c"), line_of("", "a")
    (2, 1, 0)
    """
    lines = positions(text)
    return next((lines[place[:n]] for n in range(len(place), 0, -1) if place[:n] in lines), 0)


class _Scanner:
    def __init__(self, text: str) -> None:
        self.tokens: Iterator[tuple[str, str, int]] = self._tokens(text)
        self.lines: dict[Place, int] = {}
        # tables of a list so far, by the path of the list
        self.elements: Counter[Place] = Counter()
        self.advance()
        table: Place = ()
        while self.word or self.kind:
            if self.kind == "end":
                self.advance()
            elif self.word == "[":
                table = self.header()
            else:
                self.pair(table)

    @staticmethod
    def _tokens(text: str) -> Iterator[tuple[str, str, int]]:
        line, last = 1, 0
        for found in _TOKEN.finditer(text):
            line += text.count("\n", last, found.start())
            last = found.start()
            if found.lastgroup != "comment":
                yield str(found.lastgroup), found[0], line

    def advance(self) -> None:
        self.kind, self.word, self.line = next(self.tokens, ("", "", 0))

    def names(self) -> list[str]:
        """A key, which may be dotted or quoted."""
        out = []
        while self.kind in ("text", "bare") or self.word == ".":
            if self.word != ".":
                out.append(
                    str(tomllib.loads(f"name = {self.word}")["name"])
                    if self.kind == "text"
                    else self.word
                )
            self.advance()
        return out

    def header(self) -> Place:
        """The table that [a.b] opens, or the next of the list that [[a.b]] continues."""
        line, brackets = self.line, 0
        while self.word == "[":
            brackets += 1
            self.advance()
        *parents, name = self.names()
        path: Place = ()
        for parent in parents:
            path = (*path, parent)
            self.lines.setdefault(path, line)
            path = (*path, self.elements[path] - 1) if path in self.elements else path
        path = (*path, name)
        if brackets == 2:
            self.elements[path] += 1
            self.lines.setdefault(path, line)
            path = (*path, self.elements[path] - 1)
        self.lines[path] = line
        while self.word == "]":
            self.advance()
        return path

    def pair(self, table: Place) -> None:
        """A key with its value."""
        line, path = self.line, table
        for name in self.names():
            path = (*path, name)
            self.lines.setdefault(path, line)
        self.advance()  # past =
        self.value(path)

    def value(self, path: Place) -> None:
        if self.word == "[":
            self.between("]", path, numbered=True)
        elif self.word == "{":
            self.between("}", path, numbered=False)
        else:
            while self.kind in ("text", "bare") or self.word == ".":
                self.advance()

    def between(self, close: str, path: Place, numbered: bool) -> None:
        """The elements of a list, or the pairs of an inline table."""
        self.advance()
        count = 0
        while self.word != close:
            if self.kind == "end" or self.word == ",":
                self.advance()
            elif numbered:
                self.lines[*path, count] = self.line
                self.value((*path, count))
                count += 1
            else:
                self.pair(path)
        self.advance()
