"""The names of a file's columns: what stands in its first row,
and a name for a first column without one.
"""

from peacestudy.core.problems import Note

ROW_ID = "row_id"


def name_ids(header: list[str]) -> tuple[list[str], list[Note]]:
    """Name the first column where it alone has no name: R writes row names so, and pandas an index.

    Returns
    -------
    header, notes
        As it was where the first column has a name, or where others lack one too.

    Examples
    --------
    >>> name_ids(["", "year"])[0], name_ids(["", "row_id"])[0], name_ids(["id", "year"])[0]
    (['row_id', 'year'], ['row_id_2', 'row_id'], ['id', 'year'])
    """
    if len(header) < 2 or header[0].strip() or not all(name.strip() for name in header[1:]):
        return header, []
    name, rest = free_name(ROW_ID, set(header)), header[1:]
    return [name, *rest], [ids_note(name)]


def free_name(name: str, taken: set[str]) -> str:
    """The name, or with the first number from 2 on that makes it one of no other column."""
    if name not in taken:
        return name
    return next(f"{name}_{n}" for n in range(2, len(taken) + 3) if f"{name}_{n}" not in taken)


def ids_note(name: str) -> Note:
    """What is said of a column of row names."""
    return Note(
        "row_ids",
        "The file gives its rows names without a name for their column (R's row names, a pandas"
        f" index); they are the column {name!r}. Use it as the id if it names the rows of the"
        " study, or leave it out.",
    )
