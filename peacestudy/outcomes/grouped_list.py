"""Lists of members by group, as some bodies publish their country lists in JSON: objects within
objects, arrays at the ends.
"""

import json
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from peacestudy.core.problems import Problem, repeated
from peacestudy.core.schema import Schema, typed
from peacestudy.core.tables import read_text
from peacestudy.errors import SourceError

COLUMNS = 2


def read_grouped_list(path: Path, schema: Schema) -> pd.DataFrame:
    """Read a JSON file of groups as a table with a row a member.

    Parameters
    ----------
    path : the file: objects whose names are groups, arrays of text at the ends.
    schema : two fields, the group (names of the objects that hold the member, outermost first, with
        ``/`` between) and the member.

    Returns
    -------
    DataFrame
        Members in the order of the file, in the types of the schema.

    Raises
    ------
    SourceError
        The text is not JSON, names a group twice, holds anything but
        groups and members, or breaks the schema.

    Examples
    --------
    >>> import tempfile
    >>> from peacestudy.core.schema import Field
    >>> path = Path(tempfile.mkdtemp()) / "list.json"
    >>> path.write_text('{"A": {"first": ["NAM", "FRA"]}, "B": ["PER"]}')
    46
    >>> print(
    ...     read_grouped_list(path, Schema((Field("group"), Field("country")))).to_string(
    ...         index=False
    ...     )
    ... )
      group country
    A/first     NAM
    A/first     FRA
          B     PER
    """
    if len(schema.fields) != COLUMNS:
        raise SourceError(
            f"a list of groups has a group and a member; the schema has {', '.join(schema.names)}."
            " Give it two fields."
        )
    text = read_text(path)
    try:
        found = json.loads(text, object_pairs_hook=_once)
        rows = list(_members(found, ()))
    except json.JSONDecodeError as err:
        remedy = "the file is damaged or cut off: download it again"
        raise SourceError(
            f"{path} is not JSON.", [Problem(path.name, err.lineno, "", "", err.msg, remedy)]
        ) from err
    except RecursionError as err:
        raise SourceError(
            f"{path} holds objects within objects without end. Expected groups with members."
        ) from err
    except ValueError as err:
        raise SourceError(f"{path} is not a list of groups: {err}.") from err
    table, problems = typed(
        pd.DataFrame(rows, columns=schema.names, dtype=object),
        _lines(text, [m for _, m in rows]),
        schema,
        path.name,
    )
    if problems:
        raise SourceError(f"{path} does not keep its schema: {len(problems)} problem(s).", problems)
    return table


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object as a dict; the reader of Python would keep the
    last of two equal names without a word.
    """
    names = [name for name, _ in pairs]
    if twice := repeated(names):
        raise ValueError(f"it names {', '.join(twice)} twice in one place; give each group once")
    return dict(pairs)


def _members(part: Any, groups: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if isinstance(part, dict):
        for name, inner in part.items():
            yield from _members(inner, (*groups, _nfc(name)))
    elif isinstance(part, list) and groups and all(isinstance(m, str) for m in part):
        yield from (("/".join(groups), _nfc(m)) for m in part)
    else:
        place = "/".join(groups) or "the top"
        raise ValueError(
            f"at {place} stands {str(part)[:40]}; expected groups, and arrays of text as their"
            " members"
        )


def _nfc(text: str) -> str:
    """Letters may be written as escapes, which the reader of text does
    not see; half of a pair of them is no letter.
    """
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError(f"{text!r} holds a character that is not a letter; download it again")
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _lines(text: str, members: list[str]) -> list[int]:
    """The line of each member, found in order; that of the member before where its letters are
    written otherwise (escapes).
    """
    lines, at = [], 0
    for member in members:
        at = max(at, text.find(json.dumps(member, ensure_ascii=False), at) + 1)
        lines.append(text.count("\n", 0, at) + 1)
    return lines
