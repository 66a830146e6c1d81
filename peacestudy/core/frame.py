"""The StudyFrame: the joined table of an analysis, with its unit, the ledger of its rows and the notes it carries."""

from dataclasses import dataclass, replace

import pandas as pd

from peacestudy.core.display import html_table
from peacestudy.core.joined import Joined
from peacestudy.core.ledger import Entry, Ledger
from peacestudy.core.problems import Note, one_of
from peacestudy.errors import JoinError, printable


@dataclass(frozen=True, eq=False)
class StudyFrame:
    """A table of cases that knows where its rows came from.

    Attributes
    ----------
    data : one row a case, index 0..n-1; the frame keeps its own copy.
    unit : what a row is, such as ``settlement attempt``.
    key : column that names the case.
    ledger : what happened to every row so far.
    notes : what a reader of any result must know.
    excluded : the cases left out, columns ``case, step, reason``.
    joined : what each join brought, and for each row why it found nothing.
    origin : the folder of the study it comes from, for ``ps.trace``; empty where there is none.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = StudyFrame(pd.DataFrame({"case_id": ["a", "b"], "x": [1, 2]}), "treaty", "case_id")
    >>> frame.keep(frame.data.x > 1, "x above 1", "x is 1 or less").ledger.table()[["rows_in", "rows_out", "left_out"]].values.tolist()
    [[2, 1, 1]]
    """

    data: pd.DataFrame
    unit: str
    key: str
    ledger: Ledger = Ledger()
    notes: tuple[Note, ...] = ()
    excluded: pd.DataFrame | None = None
    joined: tuple[Joined, ...] = ()
    origin: str = ""

    def __post_init__(self) -> None:
        refuse_twice(self.data, "the table")
        if self.key not in self.data.columns:
            raise JoinError(one_of("key", self.key, [str(c) for c in self.data.columns]))
        ids = self.data[self.key]
        # ids that rise are different; the search for equal ones costs a second on five million rows
        if not (ids.dtype.kind in "iu" and bool((ids.to_numpy()[1:] > ids.to_numpy()[:-1]).all())) and (
            ids.isna().any() or ids.duplicated().any()
        ):
            twice = ", ".join(str(i) for i in ids[ids.duplicated()].dropna().unique()[:5])
            raise JoinError(
                f"the key {self.key!r} is missing in {int(ids.isna().sum())} row(s)"
                f"{f' and stands twice for {twice}' if twice else ''}. Each row needs an id of its own."
            )
        # pandas copies on write, so a shallow copy is the frame's own and large panels are not copied at every join
        object.__setattr__(self, "data", dense(self.data).reset_index(drop=True).copy(deep=False))
        if self.excluded is None:
            object.__setattr__(self, "excluded", pd.DataFrame(columns=["case", "step", "reason"], dtype=object))

    def __len__(self) -> int:
        return len(self.data)

    def keep(self, mask: "pd.Series[bool]", step: str, reason: str) -> "StudyFrame":
        """The rows where ``mask`` is true; the others go to ``excluded`` with the reason, and the ledger says how many.

        The mask is built from ``frame.data``: true, false or missing (also as 1, 0), and missing counts as false.
        """
        if len(mask) != len(self.data):
            raise JoinError(f"the mask has {len(mask)} values for {len(self.data)} rows. Build it from frame.data.")
        if not mask.index.equals(self.data.index):
            raise JoinError("the mask has other rows, or another order, than frame.data. Build it from frame.data.")
        try:
            keep = mask.astype("boolean").fillna(False).to_numpy(dtype=bool)
        except (TypeError, ValueError) as err:
            found = ", ".join(repr(v) for v in mask.dropna().unique()[:5])
            raise JoinError(f"the mask of step {step!r} holds {found}. It must hold true, false or missing.") from err
        out = pd.DataFrame({"case": self.data[self.key].to_numpy()[~keep], "step": step, "reason": reason})
        entry = Entry(step, "keep", self.unit, len(self), int(keep.sum()), left_out=int((~keep).sum()), why=reason)
        excluded = (
            pd.concat([self.excluded.astype(object), out.astype(object)], ignore_index=True)
            if self.excluded is not None
            else out
        )
        joined = tuple(j.rows(keep) for j in self.joined)
        return replace(self, data=self.data[keep], ledger=self.ledger + entry, excluded=excluded, joined=joined)

    def __repr__(self) -> str:
        return printable(
            f"<StudyFrame: {len(self)} rows, one a {self.unit}, {self.data.shape[1]} columns; see .data, .ledger, .excluded>"
        )

    def _repr_html_(self) -> str:
        head = f"{len(self)} rows, one a {self.unit}, {self.data.shape[1]} columns"
        return html_table(
            self.data.iloc[:, :12],
            head,
            [*self.notes, "frame.data is the whole table, frame.ledger its history."],
            rows=10,
        )


def dense(table: pd.DataFrame) -> pd.DataFrame:
    """The table with its sparse columns written out: the same values, in types that can also be missing."""
    sparse = [c for c, kind in table.dtypes.items() if isinstance(kind, pd.SparseDtype)]
    return table.assign(**{str(c): table[c].sparse.to_dense() for c in sparse}) if sparse else table


def refuse_twice(table: pd.DataFrame, what: str) -> None:
    """Refuse a table with two columns of one name: neither could be meant."""
    twice = table.columns[table.columns.duplicated()].unique()
    if len(twice):
        raise JoinError(f"{what} has the column(s) {', '.join(map(repr, twice))} more than once. Rename or drop one.")
