"""The StudyFrame: the joined table of an analysis, with its unit, the
ledger of its rows and the notes it carries.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from peacestudy.core.clock import Clock, KnownFrom, last_days
from peacestudy.core.derived import Derived, derive
from peacestudy.core.display import html_table
from peacestudy.core.joined import Joined
from peacestudy.core.ledger import Entry, Ledger
from peacestudy.core.problems import Note, as_known, one_of
from peacestudy.errors import JoinError, printable


@dataclass(frozen=True, eq=False)
class StudyFrame:
    """A table of cases that records where its rows and columns come from.

    Attributes
    ----------
    data : DataFrame
        One row a case, index 0..n-1. The frame keeps its own copy.
    unit : str
        What a row is, such as ``settlement attempt``.
    key : str
        Column that identifies the case; no value is missing or repeated.
    ledger : Ledger
        What happened to every row so far; ``.table()`` has a row a step.
    notes : tuple of Note
        What a reader of any result must know.
    excluded : DataFrame
        The cases left out, columns ``case, step, reason``.
    joined : tuple of Joined
        The columns that each join added, and for each row the reason why it found nothing.
    origin : str
        Folder of the study that the frame comes from, for ``ps.trace``; empty where there is none.
    derived : tuple of Derived
        The columns that the user added with ``with_columns``, in order.
    clock : Clock or None
        When the treatment of each case is complete, and from when each column is known; see
        ``with_clock``.
    eligibility : tuple of str
        The columns by which ``keep`` decided, where they were named.

    Raises
    ------
    JoinError
        The key is absent, missing or repeated, or two columns have one name.

    Examples
    --------
    >>> import pandas as pd
    >>> cases = pd.DataFrame({"case_id": ["a", "b"], "x": [1, 2]})
    >>> frame = ps.StudyFrame(cases, unit="treaty", key="case_id")
    >>> smaller = frame.keep(frame.data["x"] > 1, "x above 1", "x is 1 or less")
    >>> smaller.ledger.table()[["rows_in", "rows_out", "left_out"]].values.tolist()
    [[2, 1, 1]]
    >>> smaller.excluded.values.tolist()
    [['a', 'x above 1', 'x is 1 or less']]
    """

    data: pd.DataFrame
    unit: str
    key: str
    ledger: Ledger = Ledger()
    notes: tuple[Note, ...] = ()
    excluded: pd.DataFrame | None = None
    joined: tuple[Joined, ...] = ()
    origin: str = ""
    derived: tuple[Derived, ...] = ()
    clock: Clock | None = None
    eligibility: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.clock is not None and not isinstance(self.clock, Clock):
            raise JoinError(
                f"clock is {self.clock!r}; make the frame first, then write"
                " frame.with_clock('signed')."
            )
        refuse_twice(self.data, "the table")
        if self.key not in self.data.columns:
            raise JoinError(one_of("key", self.key, [str(c) for c in self.data.columns]))
        ids = self.data[self.key]
        # ids that rise are different; the search for equal ones costs a second on five million rows
        if not (
            ids.dtype.kind in "iu" and bool((ids.to_numpy()[1:] > ids.to_numpy()[:-1]).all())
        ) and (ids.isna().any() or ids.duplicated().any()):
            twice = ", ".join(str(i) for i in ids[ids.duplicated()].dropna().unique()[:5])
            raise JoinError(
                f"the key {self.key!r} is missing in {int(ids.isna().sum())}"
                f" row(s){f' and appears twice for {twice}' if twice else ''}. Each row needs an"
                " id of its own."
            )
        # pandas copies on write, so a shallow copy is the frame's own and large panels are not
        # copied at every join
        object.__setattr__(self, "data", dense(self.data).reset_index(drop=True).copy(deep=False))
        if self.excluded is None:
            object.__setattr__(
                self, "excluded", pd.DataFrame(columns=["case", "step", "reason"], dtype=object)
            )

    def __len__(self) -> int:
        return len(self.data)

    def keep(
        self,
        mask: "pd.Series[bool]",
        step: str,
        reason: str,
        columns: str | Sequence[str] | None = None,
    ) -> "StudyFrame":
        """The rows where ``mask`` is true; the others go to ``excluded`` with
        the reason, and the ledger says how many.

        The mask is built from ``frame.data``: true, false or missing
        (also as 1, 0), and missing counts as false. ``columns`` names what the mask was built
        from, which a clock is compared with; a frame with a clock requires it.
        """
        columns = self._columns_of_step(step, columns)
        unknown = [c for c in columns if c not in self.data.columns]
        if unknown:
            known = [str(c) for c in self.data.columns]
            raise JoinError(one_of(f"a column of step {step!r}", unknown[0], known))
        if len(mask) != len(self.data):
            raise JoinError(
                f"the mask has {len(mask)} values for {len(self.data)} rows. Build it from"
                " frame.data."
            )
        if not mask.index.equals(self.data.index):
            raise JoinError(
                "the mask has other rows, or another order, than frame.data. Build it from"
                " frame.data."
            )
        try:
            keep = mask.astype("boolean").fillna(False).to_numpy(dtype=bool)
        except (TypeError, ValueError) as err:
            found = ", ".join(repr(v) for v in mask.dropna().unique()[:5])
            raise JoinError(
                f"the mask of step {step!r} holds {found}. It must hold true, false or missing."
            ) from err
        out = pd.DataFrame(
            {"case": self.data[self.key].to_numpy()[~keep], "step": step, "reason": reason}
        )
        entry = Entry(
            step,
            "keep",
            self.unit,
            len(self),
            int(keep.sum()),
            left_out=int((~keep).sum()),
            why=reason,
        )
        excluded = (
            pd.concat([self.excluded.astype(object), out.astype(object)], ignore_index=True)
            if self.excluded is not None
            else out
        )
        joined = tuple(j.rows(keep) for j in self.joined)
        return replace(
            self,
            data=self.data[keep],
            ledger=self.ledger + entry,
            excluded=excluded,
            joined=joined,
            eligibility=tuple(dict.fromkeys((*self.eligibility, *columns))),
        )

    def with_clock(self, column: str, known_from: Mapping[str, str] | None = None) -> "StudyFrame":
        """The frame with a clock: models refuse controls that are known only after it.

        Parameters
        ----------
        column : str
            The date or year at which the treatment of each case is complete. A year counts as its
            last day.
        known_from : mapping of str to str, optional
            From when columns are known: ``always``, a column of dates or years, or such a column
            and a distance (``year - 1``, ``year of signed - 1``, ``end_date + 365 days``). Columns
            of joins by date, of windows, of sums of events and by the year of an OutcomeTable need
            no entry; an entry replaces what the join says. Columns derived by a function from
            columns of their own row take their dates.

        Returns
        -------
        StudyFrame
            With ``clock``; rules that the frame had before stay.

        Raises
        ------
        JoinError
            A column is missing, a rule cannot be read, or a column holds no dates.

        Examples
        --------
        >>> import pandas as pd
        >>> cases = pd.DataFrame({"case_id": ["a"], "signed": ["1998-04-10"], "deaths": [9]})
        >>> frame = StudyFrame(cases, "accord", "case_id")
        >>> frame.with_clock("signed", {"deaths": "year of signed"}).clock.rules
        {'deaths': 'year of signed'}
        """
        columns = [str(c) for c in self.data.columns]
        column = as_known(column, columns)
        new = Clock(column, known_from or {})
        rules = {as_known(name, columns): text for name, text in new.rules.items()}
        last_days(self.data, column)
        for name, text in rules.items():
            if name not in columns:
                raise JoinError(one_of("a column of known_from", name, columns))
            KnownFrom.parse(text).days(self.data)
        before = self.clock.rules if self.clock is not None else {}
        clock = Clock(column, {**before, **rules})
        return replace(self, clock=clock)

    def _columns_of_step(self, step: str, columns: str | Sequence[str] | None) -> tuple[str, ...]:
        """The columns by which a step keeps rows, as a tuple."""
        if isinstance(columns, str):
            return (columns,)
        if columns is None:
            if self.clock is None:
                return ()
            raise JoinError(
                f"the frame has a clock, and step {step!r} does not name the columns that its mask"
                " was built from. Write them: columns=['x'], or columns=[] for none."
            )
        if not isinstance(columns, list | tuple) or not all(isinstance(c, str) for c in columns):
            raise JoinError(
                f"columns of step {step!r} is {columns!r}; name the columns in a list, as ['x']."
            )
        return tuple(columns)

    def with_columns(self, why: str = "", /, **columns: object) -> "StudyFrame":
        """The frame with further columns; its rows, ids and ledger stay, and the ledger and
        ``ps.trace`` say what was added.

        Parameters
        ----------
        why : the reason, for the ledger and the trace.
        columns : by name, one after the other:

            - a function of the data, as ``lambda data: data["deaths"] / data["population"]``;
            - a Series or a dict by id: each row gets the value of its id. A Series with positions
              as index is refused. Rows without a value are missing, and the ledger counts them;
            - a list or array with a value a row, or one value for all rows.

            A name that exists is replaced, and the ledger says so.

        Raises
        ------
        JoinError
            The column is the key, or the values do not fit the rows.

        Examples
        --------
        >>> import pandas as pd
        >>> frame = StudyFrame(
        ...     pd.DataFrame({"case_id": ["a", "b"], "x": [1, 2]}), "treaty", "case_id"
        ... )
        >>> more = frame.with_columns(
        ...     "for the figure", double=lambda data: 2 * data["x"], y={"b": 1.0, "a": 0.0}
        ... )
        >>> (
        ...     more.data["double"].tolist(),
        ...     more.data["y"].tolist(),
        ...     [e.step for e in more.ledger.entries],
        ... )
        ([2, 4], [0.0, 1.0], ['column double', 'column y'])
        """
        if not columns:
            raise JoinError(
                "with_columns was given no column. Write: frame.with_columns(name=lambda data:"
                ' data["x"]).'
            )
        if self.key in columns:
            raise JoinError(
                f"{self.key!r} is the key of the frame, and ids are not replaced. Give the column"
                " another name."
            )
        clock = self.clock
        if clock is not None:
            for name in columns:
                if name in clock.date_columns and name in self.data.columns:
                    raise JoinError(
                        f"the clock of the frame reads the dates of {name!r}, so the column cannot"
                        " be replaced. Give the new column another name."
                    )
            clock = clock.without(columns)
        data, ledger, derived = self.data, self.ledger, list(self.derived)
        for name, made in columns.items():
            values, how, entry = derive(data, self.key, self.unit, name, made, why)
            data = data.assign(**{name: values})
            ledger = ledger + entry
            derived.append(how)
        joined = tuple(j.without(columns) for j in self.joined)
        return replace(
            self, data=data, ledger=ledger, derived=tuple(derived), joined=joined, clock=clock
        )

    def derived_values(self) -> tuple[Derived, ...]:
        """What the user derived, each with its values by id, as a fit keeps it for ``ps.trace``."""
        data = self.data.set_index(self.key)
        return tuple(
            replace(d, values=data[d.name]) for d in self.derived if d.name in data.columns
        )

    def __repr__(self) -> str:
        return printable(
            f"<StudyFrame: {len(self)} rows, one a {self.unit}, {self.data.shape[1]} columns; see"
            " .data, .ledger, .excluded>"
        )

    def _repr_html_(self) -> str:
        head = f"{len(self)} rows, one a {self.unit}, {self.data.shape[1]} columns"
        return html_table(
            self.data.iloc[:, :12],
            head,
            [*self.notes, "frame.data is the complete table, frame.ledger its history."],
            rows=10,
        )


def dense(table: pd.DataFrame) -> pd.DataFrame:
    """The table with its sparse columns written out: the same
    values, in types that can also be missing.
    """
    sparse = [c for c, kind in table.dtypes.items() if isinstance(kind, pd.SparseDtype)]
    if not sparse:
        return table
    out = table.copy()
    for column in sparse:
        values: Any = out[column]
        out[column] = values.sparse.to_dense()
    return out


def refuse_twice(table: pd.DataFrame, what: str) -> None:
    """Refuse a table with two columns of one name: neither could be meant."""
    twice = table.columns[table.columns.duplicated()].unique()
    if len(twice):
        raise JoinError(
            f"{what} has the column(s) {', '.join(map(repr, twice))} more than once. Rename or drop"
            " one."
        )
