"""What a formula is made of: columns with functions around them, and survival responses."""

from dataclasses import dataclass, replace

# what the integer says, from, to
CURVES = {"poly": ("degree", 1, 10), "bs": ("number of columns", 3, 30)}
SEVERAL = ("C", *CURVES)  # functions that make several columns, and stand outermost
LAG = "lag"
DISTANCE = ("distance", 1, 9999)  # the integer of a lag


@dataclass(frozen=True)
class Factor:
    """A column with the functions around it.

    Attributes
    ----------
    column : what is read.
    functions : around it, the innermost first.
    size : the number of columns of a curve, else None.
    lag : how many steps of time back the column is read; 0 in the row itself.

    Examples
    --------
    >>> Factor("gdp", ("log",), lag=2).label
    'log(lag(gdp, 2))'
    """

    column: str
    functions: tuple[str, ...] = ()
    size: int | None = None
    lag: int = 0

    @property
    def source(self) -> str:
        """What the functions are of: the column, or its lag."""
        if not self.lag:
            return self.column
        return f"{LAG}({self.column})" if self.lag == 1 else f"{LAG}({self.column}, {self.lag})"

    @property
    def label(self) -> str:
        """The name of its term, without backquotes."""
        text = self.source
        for f in self.functions:
            text = f"{f}({text}, {self.size})" if f in CURVES else f"{f}({text})"
        return text

    @property
    def numeric(self) -> tuple[str, ...]:
        """The functions of numbers: all but the outermost where that makes several columns."""
        return (
            self.functions[:-1]
            if self.functions[-1:] and self.functions[-1] in SEVERAL
            else self.functions
        )

    def within(self, steps: int) -> "Factor":
        """The factor with its innermost functions of numbers alone, so many of them."""
        return replace(self, functions=self.numeric[:steps], size=None)


@dataclass(frozen=True)
class Survival:
    """A survival response: ``Surv(time, event)`` or ``Surv(start, stop, event)``.

    Attributes
    ----------
    time : column of the time of the event or of censoring; the end
        of the interval where there is a start.
    event : column, 1 where the event was seen at that time, 0 where the row was censored.
    start : column of the time from which the row is at risk; None where that is 0 for all.
    """

    time: str
    event: str
    start: str | None = None

    @property
    def label(self) -> str:
        """As it is written, without backquotes."""
        return f"Surv({', '.join(self.columns)})"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns, in the order of writing."""
        return (
            (self.time, self.event) if self.start is None else (self.start, self.time, self.event)
        )
